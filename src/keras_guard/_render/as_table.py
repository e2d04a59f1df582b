"""Tables of what a command lists, as HTML; the text of the command says the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .paint import MONO, as_code, escaped

_CELL = "padding:2px 12px 2px 0;vertical-align:top;text-align:left"
#: A cell of so few characters stays on one line, and words up to a length stay whole: a narrow window takes the room
#: from the long cells.
_ONE_LINE, _WHOLE_WORD = 16, 24


def table_as_html(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with inline styles only, safe under a sanitizer; text of cells between backticks is code."""
    head = "".join(f'<th scope="col" style="{cell_style(name)}">{escaped(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    caption = f"<div><b>{as_code(title, MONO)}</b></div>"
    if not rows:
        return caption
    return (
        f'<div role="region" aria-label="{escaped(title)}" style="max-width:100%;overflow-x:auto">{caption}'
        f'<table style="border-collapse:collapse;font-size:13px"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def lines_as_html(lines: Iterable[str]) -> str:
    """Return lines below a table; text between backticks is code."""
    return "".join(f"<div>{as_code(line, MONO)}</div>" for line in lines)


def _cell(text: str) -> str:
    return f'<td style="{cell_style(text)}">{as_code(text, MONO)}</td>'


def cell_style(text: str) -> str:
    """Return the inline style of a cell, which says where its text may be wrapped."""
    longest = max(map(len, text.split()), default=0)
    if len(text) <= _ONE_LINE:
        return f"{_CELL};white-space:nowrap"
    return f"{_CELL};white-space:normal;overflow-wrap:{'normal' if longest <= _WHOLE_WORD else 'anywhere'}"
