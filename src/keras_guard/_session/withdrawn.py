"""Edits that were withdrawn: their cell was run again without them."""

from __future__ import annotations

from .._data.diagnostic import Span
from .._instrument.names import code_lines
from .cell_text import CellText
from .shell_interface import ShellInterface

#: A cell without an identity is known by its text; fewer lines than these may be alike by chance.
_FEWEST_LINES = 2


class WithdrawnEdits:
    """Knows whether the running cell is an earlier one that is run again without an edit.

    Args:
        shell: The shell.
        cell: The running cell.
    """

    def __init__(self, shell: ShellInterface, cell: CellText) -> None:
        self._shell = shell
        self._cell = cell
        self._code = code_lines(cell.source)

    def withdraws(self, span: Span) -> bool:
        """Whether an edit was in this cell when it was run before, and is not in it now."""
        if span.execution_count == self._cell.number or span.file is not None:
            return False
        edit = code_lines("\n".join(span.text))
        # An edit that ran again without effect, such as setting the same value, is still there.
        if self._code.issuperset(edit):
            return False
        if self._cell.cell_id is not None or span.cell_id is not None:
            return self._cell.cell_id == span.cell_id
        return self._repeats(span, edit)

    def _repeats(self, span: Span, edit: frozenset[str]) -> bool:
        """Whether the cell has all lines of the edit's cell but those of the edit, and at most as many others in their place.

        In a terminal a cell has no identity. A block that is recalled from the history and run without a line is the
        same cell; a line that is typed again is not.
        """
        earlier = self._shell.text_of(span.execution_count)
        if earlier is None:
            return False
        rest = code_lines(earlier.source) - edit
        new = self._code - rest
        return len(rest) >= _FEWEST_LINES and rest <= self._code and len(new) <= len(edit)
