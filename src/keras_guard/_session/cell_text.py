"""A cell's text and the frames that run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CellText:
    """A cell as the guard needs it.

    Attributes:
        number: Execution count the user sees.
        source: Its Python text, with the same lines as the user's text.
        cell_id: The front end's id.
        offset: Lines above the Python text (1 under a cell magic).
        file: For a watched module, the file it was read from.
    """

    number: int | None
    source: str
    cell_id: str | None = None
    offset: int = 0
    file: str | None = None


@dataclass(frozen=True, eq=False)
class CellFrame:
    """A frame that runs code of a cell.

    Attributes:
        cell: The cell.
        line: 1-based line in the cell's Python text.
        function: Name of the function, or ``None`` at the top level.
        frame: The frame itself; never kept.
    """

    cell: CellText
    line: int
    function: str | None
    frame: Any
