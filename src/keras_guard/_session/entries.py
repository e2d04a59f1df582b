"""The life of entries: events to rules, findings to the ledger, pending to open to resolved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from .._adapter.keras_types import is_keras_2, is_model
from .._adapter.membership import graph_layers
from .._adapter.model_use import Use
from .._claims.place_claim import PlaceClaim
from .._claims.trace_claim import TraceClaim
from .._data.diagnostic import Diagnostic, Span, State
from .._data.edits import Edit
from .._data.events import ClassRedefined, Event, Rebound
from .._data.meant import Meant
from .._data.place import Place
from .._data.types import Model
from .._instrument.code_ahead import Ahead, code_ahead
from .._ledger import Entry, Finding, Ledger
from .._rules import RULES
from .containment import Containment, Intended
from .desk import Desk
from .running_entries import RunningEntry
from .shell_face import CellText, ShellFace
from .snapshots import weak
from .spans import code_ahead_of, span_of_frame
from .withdrawn import WithdrawnEdits

T = TypeVar("T")
_END = 10**9
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


class Entries:
    """Brings the entries of one session from state to state, and has the shell show them.

    Every entry and every rule is asked by itself: a fault in one is counted and touches no other.

    Args:
        shell: The shell.
        desk: What claims and rules ask.
        ledger: All findings.
        containment: Counts faults.
    """

    def __init__(self, shell: ShellFace, desk: Desk, ledger: Ledger, containment: Containment) -> None:
        self._shell = shell
        self._desk = desk
        self._ledger = ledger
        self._containment = containment
        #: What calls of models ran stale; a call is over when the next use begins, or the cell ends.
        self._called: list[Entry] = []
        #: Cards whose count is not shown yet.
        self._counted: list[Entry] = []

    # From events to entries

    def publish(self, event: Event) -> None:
        """Let every rule judge an event."""
        for rule in RULES.values():
            self._adopt_all(rule.judge(event, self._desk), event)

    def audit(self, model: Model) -> list[Entry]:
        """Let every rule look at a model as it is now; returns what is wrong with it."""
        for rule in RULES.values():
            self._adopt_all(rule.audit(model, self._desk))
        return self._desk.entries_of(model)

    def _adopt_all(self, findings: Iterator[Finding], event: Event | None = None) -> None:
        def adopt() -> None:
            for finding in findings:
                self._adopt(finding, event)

        self._containment.try_to(adopt)

    def _adopt(self, finding: Finding, event: Event | None) -> None:
        """Take a finding up: open it, show it as pending, or wait for the code ahead."""
        if not _is_said_of(finding) or self._is_ignored(finding) or not finding.holds(self._desk):
            return
        late = isinstance(finding.claim, TraceClaim) and finding.claim.at_use
        if (late or not finding.span.known) and self._is_said_elsewhere(finding):
            return
        if isinstance(finding.claim, PlaceClaim) and self._is_said_of_another_place(finding):
            return
        notes = (*finding.wording.notes, *self._call_site(finding.span))
        finding.wording = replace(finding.wording, notes=notes)
        cell = self._shell.cell
        self._end_earlier_binding(finding)
        entry, news = self._ledger.add(finding, cell.number if cell else None)
        if isinstance(event, (Rebound, ClassRedefined)):
            entry.place, entry.first = event.where, weak(event.old)
        if not news:
            return
        if entry.state is State.OPEN:
            self._show(entry)
        else:
            self._show_unless_waits(entry, code_ahead_of(list(self._shell.frames())))

    def _is_said_elsewhere(self, finding: Finding) -> bool:
        """Whether the same is claimed of the same objects already, with the line that did it."""
        identity = finding.claim.identity if finding.claim is not None else ()
        return bool(identity) and any(
            claim.identity == identity for entry in self._ledger.live() for claim in entry.claims()
        )

    def _is_said_of_another_place(self, finding: Finding) -> bool:
        """Whether the same objects were bound at another place before: two names of one layer are one edit."""
        identity = finding.claim.identity if finding.claim is not None else ()
        return any(
            claim.identity == identity
            for entry in self._ledger.live()
            if entry.finding.key != finding.key and entry.finding.code == finding.code
            for claim in entry.claims()
            if isinstance(claim, PlaceClaim)
        )

    def _end_earlier_binding(self, finding: Finding) -> None:
        """Resolve what was said of an earlier binding of the same place: now the later line counts."""
        known = self._ledger.find(finding.key)
        if known is None or known.place is None:
            return
        before, after = known.finding.span, finding.span
        if (before.execution_count, before.line) != (after.execution_count, after.line):
            self._move(known, State.RESOLVED, self._in_cell(f"`{known.place}` was bound once more"))

    def first_at(self, place: Place) -> Any:
        """Return what a place held before it was bound without effect, which the model still runs, or ``None``.

        When the place is bound once more, that is what it is compared with: no model knows what it held in between.
        """
        for entry in self._ledger.live():
            if entry.place == place and (first := entry.first()) is not None:
                return first
        return None

    def _is_ignored(self, finding: Finding) -> bool:
        """Whether the user asked not to hear of a finding."""
        options = self._shell.options_in_force()
        if not options.enabled:
            return True
        words = {finding.code, finding.rule, *finding.models, finding.model_name}
        return bool(words & options.ignored) or self._shell.ignores_line(finding.span.text, finding.code)

    def _call_site(self, span: Span) -> tuple[str, ...]:
        """Name the top-level line from which an edit inside a function was reached."""
        if span.function is None:
            return ()
        outer = [frame for frame in self._shell.frames() if frame.function is None]
        if not outer:
            return ()
        return (f"reached from {span_of_frame(self._shell, outer[-1]).label()}",)

    # From state to state

    def _ask(self, entry: Entry, question: Callable[[], T], otherwise: T) -> T:
        """Return what one entry answers. One that raises is counted and dropped; the others go on."""
        try:
            return question()
        except (KeyboardInterrupt, Intended):
            raise
        except BaseException as error:
            self._containment.note(error)
            self._move(entry, State.RESOLVED, _FAILED)
            return otherwise

    def settle(self) -> None:
        """Resolve every entry whose divergence is gone."""
        for entry in self._ledger.live():
            ended = self._ask(entry, partial(self._reason_of_end, entry), None)
            if ended is not None and entry.live:
                self._move(entry, State.RESOLVED, self._in_cell(ended))
            elif entry.is_behind and entry.shown:
                self._show(entry)

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
        if any(isinstance(claim, PlaceClaim) and claim.is_used for claim in claims):
            return f"`{place}` is used for something else now"
        if place is not None and not any(claim.is_stated(self._desk) for claim in claims):
            return f"`{place}` holds something else now"
        return entry.finding.wording.cured

    def _model_at(self, name: str) -> Any:
        """Return the model that has the name of one that is gone, or ``None``."""
        with contextlib.suppress(ValueError):
            found = Place.parse(name).read(self._desk.namespace)
            return found if is_model(found) else None
        return None

    def _passes_to(self, entry: Entry, heir: Any) -> bool:
        """Whether an entry is true of the model that was built again by hand."""
        name, wording = entry.diagnostic.model, entry.finding.wording
        if not entry.passes_to(heir) or not entry.holds(self._desk):
            return False
        note = self._in_cell(f"`{name}` was built again, but not with every edit of this line")
        entry.reword(replace(wording, notes=(*wording.notes, note)))
        if entry.shown:
            self._show(entry)
        return True

    def end_withdrawn(self) -> None:
        """Resolve what an earlier run of the cell that ends did, and this run has not done again."""
        cell = self._shell.cell
        if cell is None:
            return
        edits = WithdrawnEdits(self._shell, cell)
        for entry in self._ledger.live():
            if self._ask(entry, partial(edits.withdraws, entry.finding.span), False):
                self._move(entry, State.RESOLVED, self._in_cell("the cell was run again without the edit"))

    def note_names_used(self, last: int = _END) -> None:
        """Tell the claims about names which of them the running cell used for themselves, up to a line."""
        cell = self._shell.cell
        if cell is None:
            return
        used: dict[int, frozenset[str]] = {}
        for entry in self._ledger.live():
            self._ask(entry, partial(self._note_names_used, entry, cell, last, used), None)

    def _note_names_used(
        self, entry: Entry, cell: CellText, last: int, used: dict[int, frozenset[str]]
    ) -> None:
        claims = [c for c in entry.claims() if isinstance(c, PlaceClaim) and c.name is not None]
        if entry.state is not State.PENDING or not claims:
            return
        span = entry.finding.span
        is_here = span.execution_count == cell.number and span.end_line is not None
        first = span.end_line - cell.offset + 1 if is_here and span.end_line is not None else 1
        if first not in used:
            used[first] = self._desk.names_used(cell.source, first, last)
        for claim in claims:
            if claim.name in used[first]:
                claim.is_used = True

    def used(self, use: Use) -> None:
        """A model is about to be used: open what that use runs stale."""
        self._count_calls()
        lines = [frame.line for frame in self._shell.frames() if frame.function is None]
        self.note_names_used(lines[-1] - 1 if lines else _END)
        for entry in self._ledger.live():
            self._ask(entry, partial(self._used, entry, use), None)

    def _used(self, entry: Entry, use: Use) -> None:
        if not entry.concerned_by(use):
            return
        if not entry.opened_by(use, self._desk):
            entry.used = True
            return
        claim = entry.finding.claim
        raises = entry.state is State.PENDING and self._shell.options_in_force().strict
        runs = use.runs and not raises
        counts = runs and claim is not None and use.again == claim.opens_with_trace
        if counts and not self._desk.running.note_stale(use.model, entry):
            self._called.append(entry)
        if entry.state is State.PENDING:
            self.open(entry)

    def use_ended(self, running: RunningEntry) -> None:
        """An entry method has ended: count what it ran stale, and resolve what was said of this run only."""
        model, method = running.model(), running.call.method
        for entry in running.stale:
            self._count(entry, method)
        for entry in self._ledger.live():
            claim = entry.finding.claim
            if claim is not None and claim.ends_with_use and claim.model is model:
                entry.stale_uses[method] += 1
                self._ask(entry, partial(self._move, entry, State.RESOLVED, f"`{method}` has ended"), None)

    def _count_calls(self) -> None:
        called, self._called = self._called, []
        for entry in called:
            self._count(entry, "call")

    def _count(self, entry: Entry, method: str) -> None:
        """Count a stale use. The first one is shown at once, those of a loop when the cell ends."""
        is_first = not entry.stale_uses
        entry.stale_uses[method] += 1
        if is_first:
            self._show_again(entry)
        elif not any(entry is other for other in self._counted):
            self._counted.append(entry)

    def _show_again(self, entry: Entry) -> None:
        if entry.live and entry.shown:
            self._ask(entry, partial(self._show, entry), None)

    def show_counts(self) -> None:
        """The cell has ended: show how often what is stale ran."""
        self._count_calls()
        counted, self._counted = self._counted, []
        for entry in counted:
            self._show_again(entry)

    def open(self, entry: Entry) -> None:
        """Bring an entry to open and show it; raises in strict mode."""
        self._move(entry, State.OPEN)
        if self._shell.options_in_force().strict:
            raise Intended(KerasGuardError(entry.diagnostic))

    def _move(self, entry: Entry, state: State, resolution: str | None = None) -> None:
        cell = self._shell.cell
        self._ledger.move(entry, state, cell.number if cell else None, resolution)
        if state is not State.RESOLVED or entry.shown:
            self._show(entry)

    def _in_cell(self, what: str) -> str:
        cell = self._shell.cell
        return f"{what} (Cell In[{cell.number}])" if cell is not None and cell.number is not None else what

    # Showing

    def show_all_waiting(self) -> Intended | None:
        """Show what waited for the rest of the cell; returns the first error of strict mode, after all is shown."""
        meant = None
        for entry in self._ledger.live():
            if not entry.shown:
                try:
                    self._ask(entry, partial(self._show_waiting, entry), None)
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
            self._show_unless_waits(entry, ahead)

    def _show_unless_waits(self, entry: Entry, ahead: Ahead) -> None:
        if not self._ask(entry, lambda: entry.waits(ahead, self._desk), True):
            self._ask(entry, lambda: self._show_waiting(entry), None)

    def _show_waiting(self, entry: Entry) -> None:
        claim = entry.finding.claim
        if claim is None:
            return
        if claim.certain:
            self.open(entry)
        elif claim.shows_pending and not (claim.quiet_after_use and entry.used):
            self._show(entry)

    def _show(self, entry: Entry) -> None:
        if not self._shell.is_seen:
            return  # a silent request
        entry.diagnostic = replace(entry.diagnostic, happened=entry.happened)
        if entry.state is State.OPEN and not entry.diagnostic.pictures:
            pictures = self._shell.pictures(entry.finding.model, self._edits(entry))
            entry.diagnostic = replace(entry.diagnostic, pictures=pictures)
        self._shell.show(entry.diagnostic, update=entry.shown)
        entry.shown, entry.is_behind = True, False

    # Edits for a rebuild

    def _edits(self, entry: Entry) -> tuple[Edit, ...]:
        nothing: tuple[Edit, ...] = ()
        return self._ask(entry, lambda: entry.edits(self._desk), nothing)

    def edits_of(self, model: Model) -> tuple[Edit, ...]:
        """Return the edits that live findings hold of a model or of what its graph runs, oldest first."""
        inside = {id(model), *(id(layer) for layer in graph_layers(model))}
        return tuple(
            edit
            for entry in self._ledger.live()
            for edit in self._edits(entry)
            if id(getattr(edit, "old", entry.finding.model)) in inside
        )


def _is_said_of(finding: Finding) -> bool:
    """Whether what a rule says is known to be true of the Keras that its model comes from."""
    return RULES[finding.code].keras_2 or not is_keras_2(finding.model)
