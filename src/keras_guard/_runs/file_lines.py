"""The lines of a notebook's file at which the lines of its cells are."""

from __future__ import annotations

import json
import json.decoder
import json.scanner
from bisect import bisect_right
from collections.abc import Callable
from typing import Any


class _Text(str):
    """A string with the offset in the file at which it begins."""

    offset: int


class _Decoder(json.JSONDecoder):
    """Decodes JSON to strings that know where they begin."""

    scan_once: Callable[[str, int], tuple[Any, int]]

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = _located
        # The scanner that is written in C does not call ``parse_string``.
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _located(text: str, end: int, strict: bool = True) -> tuple[_Text, int]:
    found, after = json.decoder.scanstring(text, end, strict)  # type: ignore[attr-defined]
    value = _Text(found)
    value.offset = end
    return value, after


def cell_lines(text: str) -> list[list[int]]:
    """Return, for each cell of a notebook, the line of the file of each line of the cell.

    Args:
        text: The notebook as JSON text.
    """
    starts = [0, *(i + 1 for i, character in enumerate(text) if character == "\n")]
    found = []
    for cell in _Decoder().decode(text).get("cells", ()):
        source = cell.get("source", ())
        lines: list[int] = []
        parts: list[_Text] = [source] if isinstance(source, _Text) else list(source)
        for part in parts:
            at = bisect_right(starts, part.offset)
            lines += [at] * (part.rstrip("\n").count("\n") + 1)
        found.append(lines)
    return found
