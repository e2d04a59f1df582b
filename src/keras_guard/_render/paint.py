"""What every text renderer needs: colours, lines that fit, and names that cannot move the cursor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from .._data.diagnostic import Span

_COLOURS = {
    "title": "1;33",
    "open": "1;31",
    "resolved": "2",
    "-": "31",
    "+": "32",
    "caret": "1;33",
    "dim": "2",
}
#: Yellow cannot be read on white; dimmed text hardly.
_ON_LIGHT = {"title": "1;34", "caret": "1;34", "resolved": "90", "dim": "90"}
#: The letters of code in HTML, and their size in a card.
FONT = "Menlo,Consolas,'DejaVu Sans Mono',monospace"
MONO = f"font-family:{FONT};font-size:12px"
#: A line is never wrapped to less than this.
_NARROWEST = 24


def clean(text: str) -> str:
    """Make control characters of user-given names visible, so that no name can move the cursor."""
    return "".join(c if c.isprintable() or c in "\t" else repr(c)[1:-1] for c in text)


def escaped(text: str) -> str:
    """Return a text for HTML, attributes included, with its control characters made visible."""
    return escape(clean(text), quote=True)


def as_code(text: str, style: str = "") -> str:
    """Return a text as HTML; what is between backticks is code, with an inline style if one is given."""
    parts = escaped(text).split("`")
    if len(parts) % 2 == 0:  # a stray backtick in a name: no code at all rather than the wrong part
        return escaped(text)
    start = f'<code style="{style}">' if style else "<code>"
    return "".join(f"{start}{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def marked(span: Span) -> tuple[int, int]:
    """Return where the marked part of a span's first line begins and ends, as indices of that line."""
    start = (span.column or 1) - 1
    end = (span.end_column or start + 2) - 1 if span.end_line == span.line else len(span.text[0].rstrip())
    return start, max(start + 1, end)


@dataclass(frozen=True)
class Look:
    """How text is shown.

    Attributes:
        colour: Whether ANSI colours are used; they never have a meaning of their own.
        light: Whether the background is light.
        width: How many columns there are; lines are not wrapped for ``None``.
    """

    colour: bool = False
    light: bool = False
    width: int | None = None


@dataclass(frozen=True)
class Line:
    """A line before it is fitted into the width.

    Attributes:
        text: The text.
        kind: The kind of its colour.
        gutter: What is in front of it, and in front of each line it is wrapped to.
        indent: How far the lines after the first are moved to the right.
    """

    text: str
    kind: str = ""
    gutter: str = ""
    indent: int = 0


def laid_out(lines: Iterable[Line], look: Look) -> list[str]:
    """Return lines that fit, coloured."""
    return [
        clean(line.gutter) + _painted(part, line.kind, look)
        for line in lines
        for part in _fitted(line, look.width)
    ]


def _painted(text: str, kind: str, look: Look) -> str:
    code = (_ON_LIGHT.get(kind) if look.light else None) or _COLOURS.get(kind)
    return f"\x1b[{code}m{text}\x1b[0m" if look.colour and code and text else text


def _fitted(line: Line, width: int | None) -> list[str]:
    text = clean(line.text)
    if width is None or len(line.gutter) + len(text) <= width:
        return [text]
    room = max(_NARROWEST, width - len(line.gutter))
    indent = min(line.indent, room // 2)
    lead = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        text.lstrip(),
        room,
        initial_indent=lead,
        subsequent_indent=" " * indent,
        replace_whitespace=False,
        break_on_hyphens=False,
    )
