"""The table declared / graph / compiled, as text and as HTML."""

from __future__ import annotations

from html import escape

from .._data.views import ModelViews, ViewRow
from .paint import clean, painter

_COLUMNS = ("declared", "graph", "compiled")
_MAX_ROWS = 200


def views_as_text(views: ModelViews, *, colour: bool = False) -> str:
    """Return the table as aligned text; ``!`` marks a row whose views differ, ``*`` the view that does.

    Args:
        views: The views.
        colour: Whether to use ANSI colours; they never have a meaning of their own.
    """
    paint = painter(colour)
    rows = [*views.rows[:_MAX_ROWS], *views.arguments]
    cells = [[_cell(row, column) for column in _COLUMNS] for row in rows]
    widths = [max([len(name), *(len(line[i]) for line in cells)]) for i, name in enumerate(_COLUMNS)]
    lines = [clean(f"`{views.name}`: {_verdict(views)}")]
    lines.append("      " + "  ".join(f"{name:{widths[i]}}" for i, name in enumerate(_COLUMNS)).rstrip())
    for row, line in zip(rows, cells, strict=True):
        index = "" if row.index is None else str(row.index)
        text = f"{'!' if row.differs else ' '} {index:>3} " + "  ".join(
            f"{text:{widths[i]}}" for i, text in enumerate(line)
        )
        codes = f"  {' '.join(row.codes)}" if row.codes else ""
        lines.append(paint("-" if row.differs else "dim", clean(text + codes).rstrip()))
    if len(views.rows) > _MAX_ROWS:
        lines.append(f"      ... {len(views.rows) - _MAX_ROWS} more layers")
    lines += [clean(f"note: {note}") for note in views.notes]
    return "\n".join(lines)


def _cell(row: ViewRow, column: str) -> str:
    text = clean(getattr(row, column))
    return f"*{text}" if column in row.differs else text


def _verdict(views: ModelViews) -> str:
    traced = ", ".join(views.traced) or "nothing"
    state = "the views agree" if views.agree else "the views differ where marked"
    return f"{state}; traced: {traced}"


def views_as_html(views: ModelViews) -> str:
    """Return the table as HTML with inline styles only, safe under a sanitizer."""
    head = "".join(
        f'<th style="{_CELL};text-align:left" scope="col">{name}</th>' for name in ("", *_COLUMNS, "")
    )
    rows = [*views.rows[:_MAX_ROWS], *views.arguments]
    body = "".join(_html_row(row) for row in rows)
    notes = "".join(f"<div>note: {_e(note)}</div>" for note in views.notes)
    return (
        f'<div role="region" aria-label="views of {_e(views.name)}">'
        f"<div><b>{_e(views.name)}</b>: {_e(_verdict(views))}</div>"
        f'<table style="border-collapse:collapse;font-size:12px;{_MONO}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{notes}</div>"
    )


_MONO = "font-family:Menlo,Consolas,'DejaVu Sans Mono',monospace"
_CELL = "padding:2px 10px 2px 0;white-space:pre;vertical-align:top;text-align:left"


def _e(text: str) -> str:
    return escape(clean(text), quote=True)


def _html_row(row: ViewRow) -> str:
    cells = "".join(_html_cell(getattr(row, column), column in row.differs) for column in _COLUMNS)
    index = "" if row.index is None else str(row.index)
    mark = "! " if row.differs else ""
    return (
        f'<tr><td style="{_CELL}">{mark}{index}</td>{cells}'
        f'<td style="{_CELL}">{_e(" ".join(row.codes))}</td></tr>'
    )


def _html_cell(text: str, differs: bool) -> str:
    style = f"{_CELL};border-bottom:2px solid #b7501f;font-weight:600" if differs else _CELL
    return f'<td style="{style}">{"* " if differs else ""}{_e(text)}</td>'
