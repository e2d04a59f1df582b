"""One session per shell: what its parts are, and when each of them is asked."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from .._adapter.hooks import KerasHooks
from .._adapter.keras_types import TYPES
from .._adapter.model_use import Use
from .._claims.place_claim import PlaceClaim
from .._data.checkup import Checkup
from .._data.diagnostic import Span
from .._data.edits import Edit
from .._data.types import Model
from .._data.views import ModelViews
from .._instrument import flags, runtime
from .._instrument.runtime import Site
from .._instrument.transformer import CellInstrumenter
from .._instrument.vocabulary import KERAS_WORDS, TELLING_WORDS, WORDS
from .._ledger import Entry, Ledger
from . import cell_events, keras_events
from .cell_events import CellEvents
from .containment import Containment, contained
from .desk import Desk
from .doctor import Doctor
from .edit_spans import GlobalSpans
from .entries import Entries
from .entry_states import KerasGuardError
from .jit_steps import JitSteps
from .keras_events import KerasEvents
from .names_watch import NamesWatch
from .packages import Packages
from .shell_interface import CellText, Options, ShellInterface
from .trace_changes import TraceChanges
from .views import views_of


class Session:
    """Drives one shell.

    Args:
        shell: The shell.
        containment: Contains faults; a new one when none is given.

    Attributes:
        ledger: All findings.
        desk: What claims and rules ask.
        entries: The life of what was found.
        hooks: The hooks in Keras.
        packages: The packages of the user's that are watched.
    """

    #: Whether a model was made in the running cell.
    _models_made = False

    def __init__(self, shell: ShellInterface, containment: Containment | None = None) -> None:
        self.shell = shell
        self.containment = containment or Containment()
        self.ledger = Ledger()
        self.desk = Desk(shell, self.containment, self.ledger)
        self.entries = Entries(shell, self.desk, self.ledger, self.containment)
        spans = GlobalSpans(shell)
        self._names = NamesWatch(shell.namespace, self.desk, self.entries.adoption.first_at)
        self._changes = TraceChanges(shell, self.desk, spans, self.entries.adoption.publish)
        told = keras_events.Told(
            self.entries.adoption.publish,
            self.entries.settle,
            self._used,
            self.entries.uses.traced,
            self.entries.uses.use_ended,
            self._note_model,
            self._changes.epoch_begins,
        )
        self._keras = KerasEvents(shell, self.desk, spans, told, self.containment)
        self._jit_steps = JitSteps(shell, self.desk, self._keras.functions)
        self._cells = CellEvents(
            shell,
            self.desk,
            self._names,
            cell_events.Told(
                self.entries.adoption.publish,
                self.entries.settle,
                self.entries.waiting.recheck_waiting,
                self._statement_ended,
                self._notice_edit,
            ),
            self.containment,
        )
        self.hooks = KerasHooks(self._keras)
        self.packages = Packages(self._cells, self.containment.wrap)
        self._passing: list[Site] = []

    # Waking and cells

    @contained
    def wake(self) -> None:
        """Attach to Keras, once it has been imported."""
        if TYPES.refresh():
            runtime.watch_types(TYPES.owners + TYPES.variable)
            self.hooks.attach()

    def _notice_edit(self, name: str, span: Callable[[], Span]) -> None:
        self._changes.notice_edit(name, span)
        self._keras.functions.notice_edit(name, span)

    def _statement_ended(self, line: int) -> None:
        for event in list(self._changes.statement_ended(line)):
            self.entries.adoption.publish(event)
        self._jit_steps.statement_ended(line)

    def _note_model(self) -> None:
        self._models_made = True

    @contained
    def begin_cell(self) -> None:
        """A cell is about to run."""
        runtime.disarm()
        flags.warm()
        self.desk.running.begin_cell()
        self._cells.begin_cell()

    def may_matter(self, text: str) -> bool:
        """Whether a cell may need probes, judged by its words alone: most cells do not, and must cost nothing.

        One statement without a function, a loop, a list that Keras returns or a name of
        something watched can neither edit a model nor bind what an edit is known by.
        """
        if not TYPES.awake:
            return False  # words of Keras itself are looked for before
        stripped = text.strip()
        if "(" in stripped and ("\n" in stripped or ";" in stripped):
            return True
        words = set(WORDS.findall(stripped))
        return (
            not words.isdisjoint(TELLING_WORDS)
            or any(self._names.is_candidate(word) for word in words)
            or self._jit_steps.may_call(words)
        )

    @contained
    def instrument(self, tree: ast.Module, cell: CellText) -> None:
        """Put probes into a cell, in place."""
        text = cell.source
        options = self.shell.options_in_force()
        if not options.enabled or not (cell.file or TYPES.awake or KERAS_WORDS.search(text)):
            return  # a script may import the module that imports Keras
        self.desk.copies.read_cell(cell)
        self._changes.read_cell(cell)
        self._names.read_cell(tree.body, text, cell.offset)
        self._jit_steps.read_cell(tree.body)
        instrumenter = CellInstrumenter(
            self._cells,
            cell.number,
            self._names.is_candidate,
            cell.offset,
            dull=self._names.is_dull,
            namespace=self.shell.namespace,
            file=cell.file,
        )
        instrumenter.instrument(tree, text, functions=True, is_step=self._jit_steps.may_run_in)
        self._passing += instrumenter.plan.passing
        self._names.begin(instrumenter.plan.names)

    @contained
    def end_cell(self) -> None:
        """A cell has ended, well or not; raises in strict mode, when all that is to be done is done."""
        if not (
            self.ledger.any_live
            or self._names.is_busy
            or self._models_made
            or self._passing
            or self._cells.has_notes
            or self._changes.writes_unheard
            or self._jit_steps.is_busy
        ):
            return  # as most cells do
        self._cells.end_statements()
        self._cells.compare_all()
        for event in list(self._changes.written_unheard()):
            self.entries.adoption.publish(event)
        self._jit_steps.statement_ended()
        self.entries.note_names_used()
        self.entries.end_withdrawn()
        self.entries.settle()
        self.entries.uses.show_counts()
        meant = self.entries.waiting.show_all_waiting()
        self._names.note_bindings(None)
        if self._models_made:
            self._models_made = False
            self._names.find_lasting()
        self.containment.begin_turn()  # what was worked out holds models
        runtime.drop(self._passing)  # their code never runs again
        self._passing.clear()
        if meant is not None:
            raise meant

    def close(self) -> None:
        """Detach from Keras and forget everything."""
        self.hooks.detach()
        self.packages.remove()
        self.ledger.clear()
        runtime.forget(self._cells)

    # What is asked between cells

    def _used(self, use: Use) -> None:
        """A model is about to be used: see what was bound before, then open what that use runs stale."""
        if use.method == "fit" and not use.again:
            self.containment.try_to(
                self.desk.norms.note, use.model, self.shell.options_in_force().norms_limit
            )
        self._cells.compare_all()
        self._cells.compare_lasting()
        self.entries.settle()
        for event in self.containment.try_to(self._changes.unheard_changes, use) or ():
            self.entries.adoption.publish(event)
        self.entries.used(use)

    def look_again(self) -> None:
        """Compare and settle, after something other than a cell's own code changed the namespace."""
        self.containment.begin_turn()
        self._cells.compare_all()
        self.entries.settle()

    def edits_of(self, model: Model) -> tuple[Edit, ...]:
        """Return the edits that live findings hold of a model or of what its graph runs, oldest first."""
        self.look_again()
        return self.entries.edits_of(model)

    def bound_instead(self, model: Model) -> dict[int, Any]:
        """Return what names hold now in place of what a model was compiled with, by ``id`` of the latter."""
        self.look_again()
        claims = [claim for entry in self.desk.entries_of(model) for claim in entry.claims()]
        bound = [claim.bound for claim in claims if isinstance(claim, PlaceClaim)]
        return {id(old): new for old, new in bound if old is not None and new is not None}

    def audit(self, model: Model) -> list[Entry]:
        """Let every rule look at a model as it is now; returns what is wrong with it."""
        self.look_again()
        return self.entries.adoption.audit(model)

    def examine(self, model: Model, name: str) -> Checkup:
        """Find out why a model may not change."""
        self.look_again()
        return Doctor(self.desk, self.audit).examine(model, name)

    def views(self, model: Model, name: str) -> ModelViews:
        """Return the three views of a model."""
        entries = self.audit(model)
        traces = self.desk.traces.of(model)
        facts = {kind: traces.all_facts(kind) for kind in ("train", "test", "predict")}
        return views_of(model, name, entries, {k: v for k, v in facts.items() if v})


__all__ = ["KerasGuardError", "Options", "Session"]
