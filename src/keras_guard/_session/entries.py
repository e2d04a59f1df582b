"""The life of entries: events to rules, findings to the ledger, pending to open to resolved."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial

from .._adapter.keras_types import is_model
from .._adapter.membership import graph_layers
from .._adapter.model_use import Use
from .._claims.place_claim import PlaceClaim
from .._data.diagnostic import State
from .._data.edits import Edit
from .._data.place import Place
from .._data.types import Model
from .._instrument.names import functions_applying, names_walked
from .._ledger import Entry, Ledger
from .adoption import Adoption
from .containment import Containment
from .desk import Desk
from .entry_states import EntryStates
from .shell_interface import CellText, ShellInterface
from .stale_uses import StaleUses
from .waiting import Waiting
from .withdrawn import WithdrawnEdits

_END = 10**9
#: What a function reads that builds a model again: it applies the new layer when it is called, not before.
_BUILDING = frozenset({"Input", "Sequential", "Model", "Functional", "clone_model"})


class Entries:
    """The entries of one session, and what may end them.

    Every entry and every rule is asked by itself: a fault in one is counted and touches no other.

    Args:
        shell: The shell.
        desk: What claims and rules ask.
        ledger: All findings.
        containment: Counts faults.

    Attributes:
        adoption: Takes up what rules find.
        waiting: Shows what waited for the code ahead.
        uses: Opens and counts what uses run stale.
    """

    def __init__(self, shell: ShellInterface, desk: Desk, ledger: Ledger, containment: Containment) -> None:
        self._shell = shell
        self._desk = desk
        self._ledger = ledger
        self._states = EntryStates(shell, desk, ledger, containment)
        self.waiting = Waiting(shell, desk, ledger, self._states)
        self.adoption = Adoption(shell, desk, ledger, self._states, self.waiting, containment)
        self.uses = StaleUses(shell, desk, ledger, self._states)

    def used(self, use: Use) -> None:
        """A model is about to be used: open what that use runs stale."""
        lines = [frame.line for frame in self._shell.frames() if frame.function is None]
        self.note_names_used(lines[-1] - 1 if lines else _END)
        self.uses.used(use)

    def settle(self) -> None:
        """Resolve every entry whose divergence is gone. What ran stale until now is counted before."""
        self.uses.count_calls()
        for entry in self._ledger.watched():
            ended = self._states.ask(entry, partial(self._reason_of_end, entry), None)
            if ended is not None and entry.claims():
                self._states.move(entry, State.RESOLVED, self._states.in_cell(ended))
            elif entry.is_behind and entry.shown:
                self._states.show(entry)

    def _reason_of_end(self, entry: Entry) -> str | None:
        """Say why an entry's divergence is gone; ``None`` while it is there."""
        claims = entry.claims()
        if all(claim.needs_model for claim in claims) and not any(
            self._desk.is_reachable(model) for model in entry.models()
        ):
            heir = self._model_at(entry.diagnostic.model)
            if heir is None or not self._passes_to(entry, heir):
                return "the model is gone" if heir is None else f"`{entry.diagnostic.model}` was built again"
        if entry.holds(self._desk):
            return None
        place = entry.place
        if any(claim.is_used for claim in claims):
            return f"`{place}` is used for something else now"
        if place is not None and not any(claim.is_stated(self._desk) for claim in claims):
            return f"`{place}` holds something else now"
        return entry.finding.wording.cured

    def _model_at(self, name: str) -> Model | None:
        """Return the model that has the name of one that is gone, or ``None``."""
        with contextlib.suppress(ValueError):
            found = Place.parse(name).read(self._desk.namespace)
            return found if is_model(found) else None
        return None

    def _passes_to(self, entry: Entry, heir: Model) -> bool:
        """Whether an entry is true of the model that was built again by hand."""
        name, wording = entry.diagnostic.model, entry.finding.wording
        if not entry.passes_to(heir) or not entry.holds(self._desk):
            return False
        note = self._states.in_cell(f"`{name}` was built again, but not with every edit of this line")
        entry.reword(replace(wording, notes=(*wording.notes, note)))
        if entry.shown:
            self._states.show(entry)
        return True

    def end_withdrawn(self) -> None:
        """Resolve what an earlier run of the cell that ends did, and this run has not done again."""
        cell, watched = self._shell.cell, self._ledger.watched()
        if cell is None or not watched:
            return
        edits = WithdrawnEdits(self._shell, cell)
        for entry in watched:
            if self._states.ask(entry, partial(edits.withdraws, entry.finding.span), False):
                self._states.move(
                    entry, State.RESOLVED, self._states.in_cell("the cell was run again without the edit")
                )

    def note_names_used(self, last: int = _END) -> None:
        """Tell the claims about names which of them the running cell used for themselves, up to a line."""
        cell = self._shell.cell
        if cell is None:
            return
        used: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        for entry in self._ledger.live():
            self._states.ask(entry, partial(self._note_names_used, entry, cell, last, used), None)

    def _note_names_used(
        self,
        entry: Entry,
        cell: CellText,
        last: int,
        used: dict[int, tuple[frozenset[str], frozenset[str]]],
    ) -> None:
        if entry.state is not State.PENDING:
            return
        span = entry.finding.span
        self._note_functions(entry, cell, last)
        is_here = span.execution_count == cell.number and span.end_line is not None
        first = span.end_line - cell.offset + 1 if is_here and span.end_line is not None else 1
        if first not in used:
            names = self._desk.names_used(cell.source, first, last)
            used[first] = names, names_walked(cell.source, first, last)
        for claim in entry.claims():
            claim.note_names(*used[first])

    def _note_functions(self, entry: Entry, cell: CellText, last: int) -> None:
        """Tell claims about names of the functions that the running cell defines to apply the new object."""
        for claim in entry.claims():
            if not isinstance(claim, PlaceClaim) or claim.applied_name is None:
                continue
            name, then = claim.applied_name, claim.names_then
            stale = {known for model in claim.models() for known in self._desk.names_of(model)}
            claim.is_used |= any(
                reads.isdisjoint(stale | _BUILDING) and function not in then
                for function, reads in functions_applying(cell.source, name, last).items()
            )

    def edits_of(self, model: Model) -> tuple[Edit, ...]:
        """Return the edits that live findings hold of a model or of what its graph runs, oldest first."""
        inside = {id(model), *(id(layer) for layer in graph_layers(model))}
        return tuple(
            edit
            for entry in self._ledger.live()
            for edit in self._states.edits(entry)
            if id(getattr(edit, "old", entry.finding.model)) in inside
        )
