"""What every text renderer needs: colours, lines that fit, and names that cannot move the cursor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

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
#: A line is never wrapped to less than this.
_NARROWEST = 24


def clean(text: str) -> str:
    """Make control characters of user-given names visible, so that no name can move the cursor."""
    return "".join(c if c.isprintable() or c in "\t" else repr(c)[1:-1] for c in text)


def escaped(text: str) -> str:
    """Return a text for HTML, attributes included, with its control characters made visible."""
    return escape(clean(text), quote=True)


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


class Painter:
    """Colours a text, or returns it unchanged."""

    def __init__(self, look: Look) -> None:
        self._on = look.colour
        self._codes = {**_COLOURS, **(_ON_LIGHT if look.light else {})}

    def __call__(self, kind: str, text: str) -> str:
        code = self._codes.get(kind)
        return f"\x1b[{code}m{text}\x1b[0m" if self._on and code and text else text


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
    """Return lines that fit, coloured.

    Args:
        lines: The lines.
        look: How they are shown.
    """
    paint = Painter(look)
    return [
        clean(line.gutter) + paint(line.kind, part) for line in lines for part in _fitted(line, look.width)
    ]


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
