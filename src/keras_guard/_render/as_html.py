"""A diagnostic as HTML: works trusted and untrusted, light and dark, without scripts or style sheets.

Colours are given twice, fixed first and by JupyterLab's or VS Code's variable second: a
reopened notebook keeps only the fixed ones, so these must read on white and on black alike.
"""

from __future__ import annotations

from html import escape

from .._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from .as_text import clean

_ACCENT = {State.PENDING: "#8a6d00", State.OPEN: "#b7501f", State.RESOLVED: "#6e7781"}
_VARIABLE = {
    State.PENDING: "--jp-warn-color1",
    State.OPEN: "--jp-error-color1",
    State.RESOLVED: "--jp-ui-font-color3",
}
_MONO = "font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12px"


def render_html(diagnostic: Diagnostic) -> str:
    """Return the card as HTML. Everything that comes from the user's code is escaped."""
    accent, variable = _ACCENT[diagnostic.state], _VARIABLE[diagnostic.state]
    body = _RENDERERS[diagnostic.state](diagnostic)
    return (
        f'<div role="status" class="keras-guard keras-guard-{diagnostic.state.value}" '
        f'style="border-left:4px solid {accent};border-left:4px solid var({variable},{accent});'
        f'padding:4px 10px;margin:2px 0;line-height:1.45">{body}</div>'
    )


def _resolved(diagnostic: Diagnostic) -> str:
    return (
        f'<span style="color:#6e7781;color:var(--jp-ui-font-color2,#6e7781)"><b>keras_guard</b> resolved '
        f"<code>{_e(diagnostic.code)}</code> {_code(diagnostic.message)} &mdash; {_code(diagnostic.resolution or '')}"
        "</span>"
    )


def _pending(diagnostic: Diagnostic) -> str:
    return (
        f"<div><b>keras_guard</b> pending <code>{_e(diagnostic.code)}</code> {_code(diagnostic.message)} "
        f"({_e(diagnostic.span.label())})</div>"
        f'<div style="opacity:.85">{_code(_first_upper(diagnostic.help))}</div>'
    )


def _open(diagnostic: Diagnostic) -> str:
    parts = [
        f"<div><b>keras_guard warning</b> <code>{_e(diagnostic.code)}</code> <b>{_code(diagnostic.message)}</b></div>",
        f'<div style="opacity:.8">{_e(diagnostic.span.label())}</div>',
        _excerpt(diagnostic.span, diagnostic.label),
        _diff(diagnostic.diff),
    ]
    if diagnostic.help:
        parts.append(f"<div><b>Do this:</b> {_code(diagnostic.help)}</div>")
    if diagnostic.notes:
        items = "".join(f"<li>{_code(note)}</li>" for note in diagnostic.notes)
        parts.append(
            f'<details><summary>Why</summary><ul style="margin:2px 0 2px 18px">{items}'
            f"<li>more: <code>%keras_guard explain {_e(diagnostic.code)}</code></li></ul></details>"
        )
    return "".join(parts)


def _excerpt(span: Span, label: str) -> str:
    if not span.known or not span.text:
        return f"<div>{_code(label)}</div>" if label else ""
    first = span.line or 1
    rows = []
    for number, text in list(enumerate(span.text, first))[:6]:
        rows.append(f"{number:>3} | {_marked(span, text, number == first)}")
    extra = f"\n    | <b>^</b> {_e(label)}" if label else ""
    code = rows[0] + extra + "".join("\n" + row for row in rows[1:])
    return f'<pre style="{_MONO};margin:4px 0;padding:0;background:transparent;white-space:pre-wrap">{code}</pre>'


def _marked(span: Span, text: str, first: bool) -> str:
    if not first:
        return _e(text)
    start = (span.column or 1) - 1
    end = (span.end_column or 0) - 1 if span.end_line == span.line else len(text.rstrip())
    if not 0 <= start < end <= len(text):
        return _e(text)
    return f"{_e(text[:start])}<u><b>{_e(text[start:end])}</b></u>{_e(text[end:])}"


def _diff(rows: tuple[DiffRow, ...]) -> str:
    if not rows:
        return ""
    body = "".join(_diff_row(row) for row in rows)
    return (
        f'<table style="{_MONO};border-collapse:collapse;margin:4px 0">'
        '<thead><tr><th style="text-align:left" colspan="2">graph (&minus;) / edit (+)</th>'
        '<th style="text-align:left">output shape</th><th style="text-align:right">parameters</th></tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


_ROW_COLOURS = {
    "-": "color:#b3261e;color:var(--jp-error-color1,#b3261e)",
    "+": "color:#1a7f37;color:var(--jp-success-color1,#1a7f37)",
    " ": "",
}
_MARKS = {"-": "&minus;", "+": "+", " ": "&nbsp;"}


def _diff_row(row: DiffRow) -> str:
    layer: LayerFacts = row.layer
    shape = "" if layer.shape is None else str(layer.shape)
    params = "not built" if layer.params is None else f"{layer.params:,}"
    colour = _ROW_COLOURS.get(row.mark, "")
    cell = 'style="padding:0 10px 0 0;text-align:{};{}"'
    return (
        f"<tr><td {cell.format('left', colour)}>{_MARKS.get(row.mark, '')}</td>"
        f"<td {cell.format('left', colour)}>{_e(layer.title())}</td>"
        f"<td {cell.format('left', colour)}>{_e(shape)}</td><td {cell.format('right', colour)}>{_e(params)}</td></tr>"
    )


def _e(text: str) -> str:
    return escape(clean(text), quote=True)


def _code(text: str) -> str:
    """Escape a text and set what stands in backticks as code."""
    parts = _e(text).split("`")
    if len(parts) % 2 == 0:  # a stray backtick in a name: no code at all rather than the wrong part
        return _e(text)
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


_RENDERERS = {State.PENDING: _pending, State.OPEN: _open, State.RESOLVED: _resolved}
