"""What every text renderer needs: optional colours, and names that cannot move the cursor."""

from __future__ import annotations

_COLOURS = {
    "title": "1;33",
    "open": "1;31",
    "resolved": "2",
    "-": "31",
    "+": "32",
    "caret": "1;33",
    "dim": "2",
}


def clean(text: str) -> str:
    """Make control characters of user-given names visible, so that no name can move the cursor."""
    return "".join(c if c.isprintable() or c in "\t" else repr(c)[1:-1] for c in text)


class Painter:
    """Colours a text, or returns it unchanged."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, kind: str, text: str) -> str:
        code = _COLOURS.get(kind)
        return f"\x1b[{code}m{text}\x1b[0m" if self._on and code else text


def painter(on: bool) -> Painter:
    """Return a painter that colours, or one that returns texts unchanged."""
    return Painter(on)
