"""The table declared / graph / compiled, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator

from .._data.views import ModelViews, ViewRow
from .as_table import cell_style
from .paint import FONT, Line, Look, clean, escaped, laid_out

_COLUMNS = ("declared", "graph", "compiled")
_MAX_ROWS = 200
#: A model of so many layers is shown whole; of a larger one, the rows that differ and so many around each.
_WHOLE = 12
_AROUND = 2


def views_as_text(views: ModelViews, *, look: Look | None = None, every: bool = False) -> str:
    """Return the table as aligned text; ``!`` marks a row whose views differ, ``*`` the view that does.

    Where the columns do not fit beside each other, graph and compiled functions are below the declared layer.
    Only the layers around the ones that differ are shown, or ``every`` one.
    """
    look = look or Look()
    lines = [Line(f"`{views.name}`: {_verdict(views)}", indent=2)]
    chosen = list(_chosen(views, every))
    rows = [row for row in chosen if isinstance(row, ViewRow)]
    cells = {id(row): [_cell(row, column) for column in _COLUMNS] for row in rows}
    widths = [max([len(name), *(len(c[i]) for c in cells.values())]) for i, name in enumerate(_COLUMNS)]
    codes = max([len(" ".join(row.codes)) for row in rows], default=0)
    fits = look.width is None or 6 + sum(widths) + 4 + 2 + codes <= look.width
    if fits:
        lines.append(Line("      " + "  ".join(f"{n:{widths[i]}}" for i, n in enumerate(_COLUMNS)).rstrip()))
    for row in chosen:
        if isinstance(row, int):
            lines.append(Line(f"      {_gap(row)}", "dim"))
        else:
            lines += _beside(row, cells[id(row)], widths) if fits else _below(row, cells[id(row)])
    lines += [Line(f"note: {note}", indent=6) for note in views.notes]
    return "\n".join(laid_out(lines, look))


def _gap(left_out: int) -> str:
    return f"... {left_out} layer{'s' * (left_out != 1)} alike"


def _head(row: ViewRow) -> str:
    return f"{'!' if row.differs else ' '} {'' if row.index is None else row.index:>3} "


def _beside(row: ViewRow, cells: list[str], widths: list[int]) -> list[Line]:
    text = _head(row) + "  ".join(f"{text:{widths[i]}}" for i, text in enumerate(cells))
    codes = f"  {' '.join(row.codes)}" if row.codes else ""
    return [Line((text + codes).rstrip(), "-" if row.differs else "dim")]


def _below(row: ViewRow, cells: list[str]) -> list[Line]:
    kind = "-" if row.differs else "dim"
    codes = f"  {' '.join(row.codes)}" if row.codes else ""
    lines = [Line(f"{_head(row)}{cells[0]}{codes}", kind, indent=8)]
    for name, text in zip(_COLUMNS[1:], cells[1:], strict=True):
        if text not in ("-", ""):
            lines.append(Line(f"        {name:<8}  {text}", kind, indent=18))
    return lines


def _chosen(views: ModelViews, every: bool) -> Iterator[ViewRow | int]:
    """Yield the rows to show, and how many are left out between them."""
    rows = views.rows[:_MAX_ROWS] if every else views.rows
    differ = [i for i, row in enumerate(rows) if row.differs]
    whole = every or len(rows) <= _WHOLE
    near = {i for at in differ for i in range(at - _AROUND, at + _AROUND + 1)}
    left_out = 0
    for index, row in enumerate(rows):
        if whole or index in near:
            if left_out:
                yield left_out
                left_out = 0
            yield row
        else:
            left_out += 1
    left_out += len(views.rows) - len(rows)
    if left_out:
        yield left_out
    yield from views.arguments


def _cell(row: ViewRow, column: str) -> str:
    text = clean(getattr(row, column))
    return f"*{text}" if column in row.differs else text


def _verdict(views: ModelViews) -> str:
    traced = ", ".join(views.traced) or "nothing"
    state = "the views agree" if views.agree else "the views differ where marked"
    return f"{state}; traced: {traced}"


def views_as_html(views: ModelViews, *, every: bool = False) -> str:
    """Return the table as HTML with inline styles only, safe under a sanitizer; of :func:`views_as_text`'s rows."""
    head = "".join(f'<th style="{cell_style(name)}" scope="col">{name}</th>' for name in ("", *_COLUMNS, ""))
    body = "".join(map(_html_row, _chosen(views, every)))
    notes = "".join(f"<div>note: {escaped(note)}</div>" for note in views.notes)
    return (
        f'<div role="region" aria-label="views of {escaped(views.name)}" style="max-width:100%;overflow-x:auto">'
        f"<div><b>{escaped(views.name)}</b>: {escaped(_verdict(views))}</div>"
        f'<table style="border-collapse:collapse;font-size:12px;font-family:{FONT}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{notes}</div>"
    )


def _html_row(row: ViewRow | int) -> str:
    if isinstance(row, int):
        return f'<tr><td></td><td style="{cell_style(_gap(row))}" colspan="4">{_gap(row)}</td></tr>'
    cells = "".join(_html_cell(getattr(row, column), column in row.differs) for column in _COLUMNS)
    index = "" if row.index is None else str(row.index)
    first, codes = f"{'! ' if row.differs else ''}{index}", " ".join(row.codes)
    return (
        f'<tr><td style="{cell_style(first)}">{first}</td>{cells}'
        f'<td style="{cell_style(codes)}">{escaped(codes)}</td></tr>'
    )


def _html_cell(text: str, differs: bool) -> str:
    style = cell_style(text) + (";border-bottom:2px solid #b7501f;font-weight:600" if differs else "")
    return f'<td style="{style}">{"* " if differs else ""}{escaped(text)}</td>'
