"""A diagnostic as HTML, for trusted and untrusted notebooks, light and dark, without scripts or style sheets.

The accent's colour is given twice: first a fixed one, then the variable of JupyterLab or VS Code. A reopened notebook
keeps only the fixed one. Texts keep the front end's own colour, at most tinted by a variable, because no fixed colour
is readable on both white and black.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from .._data.picture import Picture
from .as_svg import picture_as_html
from .changed_part import changed_part
from .paint import MONO, as_code, escaped, marked

_ACCENT = {State.PENDING: "#8a6d00", State.OPEN: "#b7501f", State.RESOLVED: "#6e7781"}
_VARIABLE = {
    State.PENDING: "--jp-warn-color1",
    State.OPEN: "--jp-error-color1",
    State.RESOLVED: "--jp-ui-font-color3",
}


def render_html(diagnostic: Diagnostic) -> str:
    """Return the card as HTML. Everything that comes from the user's code is escaped."""
    accent, variable = _ACCENT[diagnostic.state], _VARIABLE[diagnostic.state]
    body = _RENDERERS[diagnostic.state](diagnostic)
    return (
        f'<div role="status" class="keras-guard keras-guard-{diagnostic.state.value}" '
        f'style="border-left:4px solid {accent};border-left:4px solid var({variable},{accent});'
        f'padding:4px 10px;margin:2px 0;line-height:1.45">{body}</div>'
    )


_QUIET = "opacity:.8"


def _resolved(diagnostic: Diagnostic) -> str:
    return (
        f'<span style="{_QUIET}"><b>keras_guard</b> resolved <code>{escaped(diagnostic.code)}</code> '
        f"{as_code(diagnostic.message)} &mdash; {as_code(diagnostic.resolution or '')}</span>"
        f"{_happened(diagnostic)}"
    )


def _pending(diagnostic: Diagnostic) -> str:
    return (
        f"<div><b>keras_guard</b> pending <code>{escaped(diagnostic.code)}</code> {as_code(diagnostic.message)} "
        f"({escaped(diagnostic.span.label())})</div>"
        f'<div style="{_QUIET}">{as_code(_first_upper(diagnostic.help))}</div>'
        f"{_happened(diagnostic)}"
    )


def _open(diagnostic: Diagnostic) -> str:
    changed = [changed_part(picture) for picture in diagnostic.pictures]
    span, code = diagnostic.span, escaped(diagnostic.code)
    where = f'<span style="{_QUIET}">{escaped(span.label())}</span>' if span.known else ""
    parts = [
        f"<div><b>keras_guard</b> warning <code>{code}</code> {where}</div>",
        f'<div style="font-size:1.08em;margin:2px 0 4px"><b>{as_code(_first_upper(diagnostic.message))}</b></div>',
        _excerpt(span, diagnostic.label),
        _images(changed) or _diff(diagnostic.diff),
        _happened(diagnostic),
    ]
    if diagnostic.help:
        parts.append(f'<div style="margin-top:4px"><b>Do this:</b> {as_code(diagnostic.help)}</div>')
    if diagnostic.notes:
        items = "".join(f"<li>{as_code(note)}</li>" for note in diagnostic.notes)
        parts.append(
            f'<details style="margin-top:2px"><summary>Why</summary><ul style="margin:2px 0 2px 18px">{items}'
            f"<li>more: <code>%keras_guard explain {code}</code></li></ul></details>"
        )
    around = [p for p, part in zip(diagnostic.pictures, changed, strict=True) if part != p]
    if around:
        images = _images(around)
        parts.append(
            f'<details style="margin-top:2px"><summary>Layers around the edit</summary>{images}</details>'
        )
    return "".join(parts)


def _images(pictures: Sequence[Picture]) -> str:
    return "".join(f"<div>{picture_as_html(picture)}</div>" for picture in pictures)


def _happened(diagnostic: Diagnostic) -> str:
    """Return which uses ran the stale view; outside the folded reasons, because results may depend on it."""
    return f"<div>{as_code(diagnostic.happened)}</div>" if diagnostic.happened else ""


def _excerpt(span: Span, label: str) -> str:
    if not span.known or not span.text:
        return f"<div>{as_code(label)}</div>" if label else ""
    first = span.line or 1
    rows = []
    for number, text in list(enumerate(span.text, first))[:6]:
        rows.append(f"{number:>3} | {_with_mark(span, text) if number == first else escaped(text)}")
    code = "\n".join(rows) + ("\n..." if len(span.text) > len(rows) else "")
    pre = (
        f'<pre style="{MONO};margin:4px 0 2px;padding:0;background:transparent;overflow-x:auto">{code}</pre>'
    )
    # Below the code, not beside it: a label as long as a sentence would wrap into the code's columns.
    return pre + (f'<div style="margin:0 0 4px 3em">{as_code(_first_upper(label))}</div>' if label else "")


def _with_mark(span: Span, text: str) -> str:
    start, end = marked(span)
    return f"{escaped(text[:start])}<u><b>{escaped(text[start:end])}</b></u>{escaped(text[end:])}"


def _diff(rows: tuple[DiffRow, ...]) -> str:
    if not rows:
        return ""
    body = "".join(_diff_row(row) for row in rows)
    heads = "".join(
        f'<th style="{_CELL};text-align:{side};{_QUIET};font-weight:normal">{words}</th>'
        for words, side in (
            ("", "left"),
            ("layer", "left"),
            ("output shape", "left"),
            ("parameters", "right"),
        )
    )
    return (
        f'<table style="{MONO};border-collapse:collapse;margin:4px 0">'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    )


_CELL = "padding:1px 16px 1px 0"
#: A theme's red and green are meant for areas; mixed with the text's colour they are readable on its background.
_MIX = "color:color-mix(in srgb,var({}) 65%,currentColor)"
_ROW_COLOURS = {
    "-": _MIX.format("--jp-error-color1,var(--vscode-charts-red,currentColor)"),
    "+": _MIX.format("--jp-success-color1,var(--vscode-charts-green,currentColor)"),
}
_MARKS = {"-": "&minus;", "+": "+", " ": "&nbsp;"}
_WORDS = {"-": "in the graph", "+": "your edit"}


def _diff_row(row: DiffRow) -> str:
    layer: LayerFacts = row.layer
    shape = "" if layer.shape is None else str(layer.shape)
    params = "not built" if layer.params is None else f"{layer.params:,}"
    style = f"{_CELL};{_ROW_COLOURS.get(row.mark, '')}"
    word = f" {_WORDS[row.mark]}" if row.mark in _WORDS else ""
    cells = [
        ("left", f"{_MARKS.get(row.mark, '')}{word}"),
        ("left", escaped(layer.title())),
        ("left", escaped(shape)),
        ("right", escaped(params)),
    ]
    return "<tr>" + "".join(f'<td style="{style};text-align:{side}">{c}</td>' for side, c in cells) + "</tr>"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


_RENDERERS = {State.PENDING: _pending, State.OPEN: _open, State.RESOLVED: _resolved}
