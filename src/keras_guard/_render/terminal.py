"""How text is shown in the terminal that the program has."""

from __future__ import annotations

import os
import shutil
import sys

from .paint import Look

#: The colours of a light background, as some terminals give them in ``COLORFGBG``.
_LIGHT = frozenset({"7", "15"})


def look_of_terminal(coloured: bool, theme: str = "") -> Look:
    """Return the look of the terminal; text that goes to a file is not wrapped.

    Args:
        coloured: Whether it shows colours.
        theme: IPython's theme of colours; one for a light background has ``light`` in its name.
    """
    light = "light" in theme.lower()
    if not theme or theme.lower() == "neutral":
        light = os.environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT
    return Look(coloured, light, _columns())


def _columns() -> int | None:
    if os.environ.get("COLUMNS", "").isdecimal() or getattr(sys.stdout, "isatty", lambda: False)():
        return shutil.get_terminal_size().columns
    return None
