"""Entries that wait for code further down in the cell before they are shown."""

from __future__ import annotations

from functools import partial

from .._instrument.code_ahead import Ahead, code_ahead
from .._ledger import Entry, Ledger
from .containment import Intended
from .desk import Desk
from .entry_states import EntryStates
from .shell_interface import ShellInterface


class Waiting:
    """Shows what waited for the rest of the cell, or for a statement of it.

    Args:
        shell: The shell.
        desk: What claims ask.
        ledger: All findings.
        states: Opens and shows entries.
    """

    def __init__(self, shell: ShellInterface, desk: Desk, ledger: Ledger, states: EntryStates) -> None:
        self._shell = shell
        self._desk = desk
        self._ledger = ledger
        self._states = states

    def show_all_waiting(self) -> Intended | None:
        """Show what waited for the rest of the cell; returns the first error of strict mode, after all is shown."""
        meant = None
        for entry in self._ledger.live():
            if not entry.shown:
                try:
                    self._states.ask(entry, partial(self._show_waiting, entry), None)
                except Intended as error:
                    meant = meant or error
        return meant

    def recheck_waiting(self, line: int) -> None:
        """Show what waited for the statement at a line of the running cell, and for nothing behind it."""
        waiting = [entry for entry in self._ledger.live() if not entry.shown]
        cell = self._shell.cell
        if not waiting or cell is None:
            return
        # Where a class or a function ends is still inside it: what follows the statement follows its first line.
        ahead = code_ahead(cell.source, line - cell.offset)
        for entry in waiting:
            self.show_unless_waits(entry, ahead)

    def show_unless_waits(self, entry: Entry, ahead: Ahead) -> None:
        """Show an entry, unless the code ahead may bring the views together."""
        if not self._states.ask(entry, lambda: entry.waits(ahead, self._desk), True):
            self._states.ask(entry, lambda: self._show_waiting(entry), None)

    def _show_waiting(self, entry: Entry) -> None:
        claim = entry.finding.claim
        if claim is None:
            return
        if claim.certain:
            self._states.open(entry)
        elif claim.shows_pending and not entry.used:
            self._states.show(entry)
