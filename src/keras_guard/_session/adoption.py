"""From events to entries: what rules find is taken up, joined to what is known, or passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .._adapter.keras_types import is_keras_2
from .._claims.place_claim import PlaceClaim
from .._data.diagnostic import Span, State
from .._data.events import ClassRedefined, Event, Rebound
from .._data.place import Place
from .._data.types import Model
from .._ledger import Entry, Finding, Ledger
from .._rules import RULES
from .containment import Containment
from .desk import Desk
from .entry_states import EntryStates
from .shell_interface import ShellInterface
from .snapshots import weak
from .spans import code_ahead_of, span_of_frame
from .waiting import Waiting


class Adoption:
    """Has every rule judge events and models, each by itself, and takes their findings up.

    Args:
        shell: The shell.
        desk: What rules ask.
        ledger: All findings.
        states: Shows entries.
        waiting: Shows entries that wait for the code ahead.
        containment: Counts faults.
    """

    def __init__(
        self,
        shell: ShellInterface,
        desk: Desk,
        ledger: Ledger,
        states: EntryStates,
        waiting: Waiting,
        containment: Containment,
    ) -> None:
        self._shell = shell
        self._desk = desk
        self._ledger = ledger
        self._states = states
        self._waiting = waiting
        self._containment = containment

    def publish(self, event: Event) -> None:
        """Let every rule judge an event."""
        for rule in RULES.values():
            self._adopt_all(rule.judge(event, self._desk), event)

    def audit(self, model: Model) -> list[Entry]:
        """Let every rule look at a model as it is now; returns what is wrong with it."""
        for entry in self._ledger.watched():
            if not entry.live and entry.is_about(model) and entry.is_checked and entry.holds(self._desk):
                self._ledger.wake(entry)
                self._states.show(entry)
        for rule in RULES.values():
            self._adopt_all(rule.audit(model, self._desk))
        return [entry for entry in self._desk.entries_of(model) if entry.is_checked]

    def _adopt_all(self, findings: Iterator[Finding], event: Event | None = None) -> None:
        def adopt() -> None:
            for finding in findings:
                self._adopt(finding, event)

        self._containment.try_to(adopt)

    def _adopt(self, finding: Finding, event: Event | None) -> None:
        """Take a finding up: open it, show it as pending, or wait for the code ahead."""
        if not _is_said_of(finding) or self._is_ignored(finding) or not finding.holds(self._desk):
            return
        late = bool(getattr(event, "at_use", False))
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
            self._states.show(entry)
        else:
            self._waiting.show_unless_waits(entry, code_ahead_of(list(self._shell.frames())))

    def _is_said_elsewhere(self, finding: Finding) -> bool:
        """Whether the same is claimed of the same objects already, with the line that did it."""
        identity = finding.claim.identity if finding.claim is not None else ()
        return bool(identity) and any(
            claim.identity == identity for entry in self._ledger.watched() for claim in entry.claims()
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
            self._states.move(
                known, State.RESOLVED, self._states.in_cell(f"`{known.place}` was bound once more")
            )

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


def _is_said_of(finding: Finding) -> bool:
    """Whether what a rule says is known to be true of the Keras that its model comes from."""
    return RULES[finding.code].keras_2 or not is_keras_2(finding.model)
