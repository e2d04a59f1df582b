"""Uses of a model: what those that run its stale view open, how often they ran, and what those do that see an edit."""

from __future__ import annotations

from functools import partial

from .._adapter.model_use import Use
from .._adapter.trace_facts import TraceFacts
from .._adapter.traces import OWN, Call
from .._data.diagnostic import State
from .._data.types import Model
from .._ledger import Entry, Ledger
from .desk import Desk
from .entry_states import EntryStates
from .running_entries import RunningEntry
from .shell_interface import ShellInterface


class StaleUses:
    """Opens what a use runs stale, and counts the use when it has ended.

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
        #: What calls of models and functions ran stale; a call is over when the next use begins, or the cell ends.
        self._called: list[tuple[Entry, str]] = []
        #: Cards whose count is not shown yet.
        self._counted: list[Entry] = []

    def used(self, use: Use) -> None:
        """A model is about to be used: open what that use runs stale."""
        self.count_calls()
        for entry in self._ledger.watched():
            self._states.ask(entry, partial(self._used, entry, use), None)

    def traced(self, model: Model, call: Call, facts: TraceFacts) -> None:
        """A trace was made: note it. What it read has its new value there."""
        self._desk.traces.of(model).record(call, facts)
        use = Use(model, call.method, call.kind, made=facts)
        for entry in self._ledger.live():
            self._states.ask(entry, partial(self._note_seen, entry, use), None)

    def _note_seen(self, entry: Entry, use: Use) -> None:
        """Resolve a pending card whose edit a use has seen; a stale use opens it again."""
        claim = entry.seen_by(use, self._desk) if entry.state is State.PENDING else None
        if claim is None:
            return
        entry.used = True
        if entry.shown:
            self._states.rest(entry, claim.seen_as)

    def _used(self, entry: Entry, use: Use) -> None:
        claim, concerns = entry.finding.claim, entry.concerned_by(use)
        if not concerns or not entry.opened_by(use, self._desk):
            entry.used = entry.used or (concerns and claim is not None and claim.quiet_after_use)
            self._note_seen(entry, use)
            return
        claim = entry.finding.claim
        was_open = entry.state is State.OPEN
        raises = not was_open and self._shell.options_in_force().strict
        is_own = use.kind == OWN
        runs = (use.runs or is_own) and not raises
        counts = runs and claim is not None and use.again == claim.opens_with_trace
        if counts and not self._desk.running.note_stale(use.model, entry):
            self._called.append((entry, use.method if is_own else "call"))
        if not was_open:
            self._states.open(entry)

    def use_ended(self, running: RunningEntry) -> None:
        """An entry method has ended: count what it ran stale, and resolve what was said of this run only."""
        model, method = running.model(), running.call.method
        ended = self._states.in_cell(f"`{method}` has ended")
        for entry in running.stale:
            self._count(entry, method)
        for entry in self._ledger.live():
            claim = entry.finding.claim
            if claim is not None and claim.ends_with_use and claim.model is model:
                entry.stale_uses[method] += 1
                self._states.ask(entry, partial(self._states.move, entry, State.RESOLVED, ended), None)

    def count_calls(self) -> None:
        """Count the calls that are over."""
        called, self._called = self._called, []
        for entry, method in called:
            self._count(entry, method)

    def _count(self, entry: Entry, method: str) -> None:
        """Count a stale use. The first one is shown at once, those of a loop when the cell ends."""
        is_first = not entry.stale_uses
        entry.stale_uses[method] += 1
        if is_first:
            self._states.show_again(entry)
        elif not any(entry is other for other in self._counted):
            self._counted.append(entry)

    def show_counts(self) -> None:
        """The cell has ended: show how often what is stale ran."""
        self.count_calls()
        counted, self._counted = self._counted, []
        for entry in counted:
            self._states.show_again(entry)
