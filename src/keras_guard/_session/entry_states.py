"""The states of entries: pending, open, resolved; each change of state is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from .._data.diagnostic import Diagnostic, State
from .._data.edits import Edit
from .._data.meant import Meant
from .._ledger import Entry, Ledger
from .containment import Containment, Intended
from .desk import Desk
from .shell_interface import ShellInterface

T = TypeVar("T")
_FAILED = "the guard failed to check it; `%keras_guard status` says more"


class KerasGuardError(RuntimeError, Meant):
    """Raised in the cell, in strict mode, before a stale model is used.

    Attributes:
        diagnostic: The diagnostic that opened.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(
            f"[{diagnostic.code}] {diagnostic.message} ({diagnostic.span.label()}). {diagnostic.help}"
        )
        self.diagnostic = diagnostic


class EntryStates:
    """Brings entries from state to state, and has the shell show them.

    Args:
        shell: The shell.
        desk: What claims ask.
        ledger: All findings.
        containment: Counts faults.
    """

    def __init__(self, shell: ShellInterface, desk: Desk, ledger: Ledger, containment: Containment) -> None:
        self._shell = shell
        self._desk = desk
        self._ledger = ledger
        self._containment = containment

    def ask(self, entry: Entry, question: Callable[[], T], otherwise: T) -> T:
        """Return what one entry answers. One that raises is counted and dropped; the others go on."""
        try:
            return question()
        except (KeyboardInterrupt, Intended):
            raise
        except BaseException as error:
            self._containment.note(error)
            self.move(entry, State.RESOLVED, _FAILED)
            return otherwise

    def move(self, entry: Entry, state: State, resolution: str | None = None) -> None:
        """Bring an entry to a state, and show it."""
        cell, rests = self._shell.cell, not entry.live
        if rests and state is State.RESOLVED:
            resolution = entry.diagnostic.resolution  # the card says it already
        self._ledger.move(entry, state, cell.number if cell else None, resolution)
        if state is not State.RESOLVED or (entry.shown and not rests):
            self.show(entry)

    def rest(self, entry: Entry, what: str) -> None:
        """Resolve the card of an entry whose edit was seen, until a stale view runs."""
        cell = self._shell.cell
        self._ledger.rest(entry, cell.number if cell else None, self.in_cell(what))
        self.show(entry)

    def open(self, entry: Entry) -> None:
        """Bring an entry to open and show it; raises in strict mode."""
        self.move(entry, State.OPEN)
        if self._shell.options_in_force().strict:
            raise Intended(KerasGuardError(entry.diagnostic))

    def in_cell(self, what: str) -> str:
        """Say in which cell something happened."""
        cell = self._shell.cell
        return f"{what} (Cell In[{cell.number}])" if cell is not None and cell.number is not None else what

    def show(self, entry: Entry) -> None:
        """Show the card of an entry, or update it."""
        if not self._shell.is_seen:
            return  # a silent request
        entry.diagnostic = replace(entry.diagnostic, happened=entry.happened)
        if entry.state is State.OPEN and not entry.diagnostic.pictures:
            pictures = self._shell.pictures(entry.finding.model, self.edits(entry))
            entry.diagnostic = replace(entry.diagnostic, pictures=pictures)
        self._shell.show(entry.diagnostic, update=entry.shown)
        cell = self._shell.cell
        self._ledger.note_shown(entry, cell.number if cell else None)

    def show_again(self, entry: Entry) -> None:
        """Update the card of an entry that is shown."""
        if entry.live and entry.shown:
            self.ask(entry, partial(self.show, entry), None)

    def edits(self, entry: Entry) -> tuple[Edit, ...]:
        """Return the edits that a rebuild has to make for an entry."""
        nothing: tuple[Edit, ...] = ()
        return self.ask(entry, lambda: entry.edits(self._desk), nothing)
