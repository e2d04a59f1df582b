"""Names that hold a copy that Keras returned, and its edits that nothing gives back to Keras."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from .._adapter.copies import is_unchanged_copy
from .._adapter.marks import Mark, is_marked, is_unknown, mark_of
from .._data.diagnostic import Span
from .._data.events import CopyEdited, HeldCopy
from .._data.missing import MISSING
from .._data.types import Namespace
from .._instrument.copy_uses import binds, lost_edit, reads
from .._instrument.runtime import Site
from .cell_text import CellFrame, CellText
from .shell_interface import ShellInterface
from .snapshots import weak
from .spans import span_of_frame

_numbers = itertools.count(1)
_END = float("inf")


@dataclass
class _Held:
    """A name and the copy it holds; the copy is not kept alive.

    Attributes:
        copy: What rules are told.
        owner: Returns the object it was read from.
        source: How it was read.
        identity: The ``id`` of the copy.
        cell: The number of the cell that bound it.
        line: The line that did.
        before: What the copy was before the edit.
        told: Whether an edit of it was told.
    """

    copy: HeldCopy
    owner: Callable[[], Any]
    source: str
    identity: int
    cell: int | None
    line: int
    before: Mark = MISSING
    told: bool = False


class HeldCopies:
    """The names that hold a copy, of the cells' top level.

    A copy is read when code names it other than to edit it or to ask for its shape, after an edit also when it prints
    it. Then it is forgotten: the edit has a purpose, and what reads it may give it back to Keras.

    Args:
        namespace: The user's names.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._held: dict[str, _Held] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def note(self, site: Site, owner: object, cell: CellText | None) -> None:
        """Names were bound to a copy, or to parts of one.

        Args:
            site: The binding.
            owner: The object the copy was read from.
            cell: The cell.
        """
        if cell is None:
            return
        line = site.line - cell.offset
        for name in site.names:
            value = self._namespace.get(name)
            copy = HeldCopy(name, site.chain, next(_numbers), type(value) is list)
            held = _Held(copy, weak(owner), site.attribute, id(value), cell.number, line)
            self._held[name] = held
            if lost_edit(cell.source, name, line, _END) is not None:
                held.before = mark_of(value)

    def edited_in_loop(self, site: Site, owner: object, cell: CellText, span: Span) -> Iterator[CopyEdited]:
        """Yield that a turn of a loop has edited a copy that it read, and that nothing in the cell reads afterwards.

        All turns are one edit: it ends when another cell reads the name, which holds the copy of the last turn.
        """
        name, line = site.chain, site.line - cell.offset
        known, value = self._held.get(name), self._namespace.get(name)
        if known is None or (known.cell, known.line, known.source) != (cell.number, line, site.attribute):
            copy = HeldCopy(name, "", next(_numbers), type(value) is list)
            self._held[name] = known = _Held(
                copy, weak(owner), site.attribute, id(value), cell.number, line, told=True
            )
        known.identity = id(value)
        if not is_unchanged_copy(owner, value):
            yield CopyEdited(owner, site.attribute, span, known.copy)

    def read_cell(self, cell: CellText) -> None:
        """A cell is about to run: forget what it reads, and look at what it edits."""
        for name, held in list(self._held.items()):
            edits = lost_edit(cell.source, name, 0, _END) is not None
            read = reads(cell.source, name, computed=not edits, shown=held.told)
            if read or binds(cell.source, name) or held.owner() is None:
                del self._held[name]
            elif edits:
                held.before = mark_of(self._namespace.get(name))

    def edits(self, shell: ShellInterface) -> Iterator[CopyEdited]:
        """Yield each edit that the running cell has made; each is told once."""
        cell = shell.cell
        if cell is None or not self._held:
            return
        before = next((f.line for f in shell.frames() if f.function is None and f.cell is cell), _END)
        for name, held in list(self._held.items()):
            owner, value = held.owner(), self._namespace.get(name)
            if held.before is MISSING or owner is None or id(value) != held.identity:
                continue
            line = lost_edit(cell.source, name, held.line if held.cell == cell.number else 0, before)
            if line is None or not _changed(held.before, value) or self._is_read_in_function(name):
                continue
            held.before, held.told = MISSING, True
            span = span_of_frame(shell, CellFrame(cell, line, None, None))
            yield CopyEdited(owner, held.source, span, held.copy)

    def is_lost(self, copy: HeldCopy) -> bool:
        """Whether the name still holds the copy, and nothing has read it."""
        held = self._held.get(copy.name)
        return (
            held is not None
            and held.copy.number == copy.number
            and id(self._namespace.get(copy.name)) == held.identity
        )

    def _is_read_in_function(self, name: str) -> bool:
        """Whether a function of the user's reads the name, and may be called from anywhere."""
        return any(
            type(value) is FunctionType and name in value.__code__.co_names
            for value in list(self._namespace.values())
        )


def _changed(before: Mark, value: object) -> bool:
    return is_unknown(before) or not is_marked(before, value)
