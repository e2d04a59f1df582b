"""What claims and rules ask of the session, and what it remembers to answer them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from .._adapter.bytecode_reads import reads_in
from .._adapter.code_reads import python_function_of
from .._adapter.keras_types import is_model, is_model_class
from .._adapter.marks import Mark, mark_of
from .._adapter.membership import graph_layers, layers_of_classes
from .._adapter.traces import TraceBook
from .._claims.base import living, weak_all
from .._data.diagnostic import Span
from .._data.events import HeldCopy
from .._data.identity import IdentityMap
from .._data.types import Layer, Model
from .._instrument.code_ahead import NOTHING_AHEAD, Ahead, code_ahead
from .._instrument.names import binding_line, names_used
from .._ledger import Entry, Ledger
from .containers import is_plain_class, reachable, user_names
from .containment import Containment
from .fit_norms import FitNorms
from .flag_settings import FlagSettings
from .held_copies import HeldCopies
from .list_origins import ListOrigins
from .running_entries import RunningEntries
from .shell_interface import ShellInterface
from .spans import code_in_turn_of


@dataclass(frozen=True)
class _Compiled:
    """How often ``compile`` of a model ran, and the variables that were trainable the last time."""

    count: int
    trained: frozenset[int]


@dataclass(frozen=True)
class _Parts:
    """What a model's graph holds: the identities of its layers, which live as long as it, and the models among them."""

    layers: frozenset[int]
    models: tuple[weakref.ref[Model], ...]


class Desk:
    """Answers what claims and rules ask; what it works out is kept for one turn of the guard.

    Args:
        shell: The shell.
        containment: Counts the turns.
        ledger: All findings.

    Attributes:
        traces: The traces of all models.
        running: The entry methods that run now.
        origins: Where the user's lists come from.
        copies: The names that hold a copy that Keras returned.
        changes: Counts what was seen to change that a traced function may have read.
        norms: The norms of weights when the last ``fit`` began.
    """

    def __init__(self, shell: ShellInterface, containment: Containment, ledger: Ledger) -> None:
        self._shell = shell
        self._containment = containment
        self._ledger = ledger
        self.traces = TraceBook(shell.namespace)
        self.running = RunningEntries()
        self.origins = ListOrigins()
        self.copies = HeldCopies(shell.namespace)
        self.changes = 0
        self._builds: IdentityMap[int | None] = IdentityMap()
        self._compiled: IdentityMap[_Compiled] = IdentityMap()
        self._first_marks: IdentityMap[dict[str, Mark]] = IdentityMap()
        self.flags = FlagSettings()
        self._run: IdentityMap[None] = IdentityMap()
        self.norms = FitNorms()
        self._turn = -1
        self._models: tuple[weakref.ref[Model], ...] | None = None
        self._parts: IdentityMap[_Parts] = IdentityMap()

    def _begin_turn(self) -> None:
        if self._turn != self._containment.turn:
            self._turn = self._containment.turn
            self._models = None
            self._parts.clear()

    # What is remembered

    def note_change(self) -> None:
        """Something changed that a traced function may have read."""
        self.changes += 1

    def flag_number(self, layer: Layer) -> int:
        """See ``_claims.base.Desk``."""
        return self.flags.number(layer)

    def note_built(self, model: Model) -> None:
        """A model was built in the running cell."""
        self.origins.note_built(model)
        cell = self._shell.cell
        self._builds[model] = cell.number if cell is not None else None

    def note_compiled(self, model: Model) -> None:
        """A model was compiled."""
        self.traces.of(model).forget()
        trained = frozenset(id(variable) for variable in model.trainable_variables)
        self._compiled[model] = _Compiled(self.compiles(model) + 1, trained)
        self.origins.note_compiled(model)

    def note_run(self, model: Model) -> None:
        """The user is about to run a model."""
        self._run[model] = None

    def note_attribute(self, target: object, name: str, old: object) -> None:
        """An attribute of an object was set, which was ``old`` before."""
        self.note_change()
        marks = self._first_marks.get(target, None)
        if marks is None:
            marks = self._first_marks[target] = {}
        if name not in marks:
            marks[name] = mark_of(old)

    # What is asked

    @property
    def namespace(self) -> dict[str, Any]:
        """See ``_claims.base.Desk``."""
        return self._shell.namespace

    def models(self) -> list[Model]:
        """See ``_claims.base.Desk``."""
        self._begin_turn()
        if self._models is None:
            found = [value for _, value in reachable(self._shell.namespace) if is_model(value)]
            found += self._running_models()
            found += [inner for model in list(found) for inner in living(self._parts_of(model).models)]
            self._models = weak_all({id(model): model for model in found}.values())
        return living(self._models)

    def _running_models(self) -> Iterator[Model]:
        """Yield the models that local names of running cell functions hold."""
        for frame in self._shell.frames():
            if frame.function is not None:
                for value in list(frame.frame.f_locals.values()):
                    if is_model(value):
                        yield value
                    elif is_plain_class(type(value)):
                        yield from (item for item in list(vars(value).values()) if is_model(item))

    def holders(self, layer: Layer) -> list[Model]:
        """See ``_claims.base.Desk``."""
        found = [m for m in self.models() if id(layer) in self._parts_of(m).layers]
        nested = {id(inner) for m in found for inner in living(self._parts_of(m).models)}
        return sorted(found, key=lambda m: id(m) in nested)

    def _parts_of(self, model: Model) -> _Parts:
        """Return what a model's graph holds; it is walked once a turn."""
        self._begin_turn()
        known = self._parts.get(model, None)
        if known is None:
            layers = list(graph_layers(model))
            models = weak_all(layers_of_classes(layers, is_model_class))
            known = self._parts[model] = _Parts(frozenset(map(id, layers)), models)
        return known

    def is_reachable(self, value: object) -> bool:
        """See ``_claims.base.Desk``."""
        return any(model is value for model in self.models())

    def in_entry(self, model: Model) -> bool:
        """See ``_claims.base.Desk``."""
        return self.running.holds(model)

    def is_midway(self, model: Model) -> bool:
        """See ``_claims.base.Desk``."""
        return self.running.is_midway(model)

    def was_run(self, model: Model) -> bool:
        """See ``_claims.base.Desk``."""
        return model in self._run

    def compiles(self, model: Model) -> int:
        """See ``_claims.base.Desk``."""
        found = self._compiled.get(model, None)
        return found.count if found is not None else 0

    def became_frozen(self, model: Model) -> bool:
        """Whether a model had something to train when it was compiled, and has nothing now."""
        found = self._compiled.get(model, None)
        return found is not None and bool(found.trained) and not model.trainable_variables

    def code_in_turn(self) -> Ahead:
        """See ``_claims.base.Desk``."""
        return code_in_turn_of(list(self._shell.frames()))

    def trained_when_compiled(self, model: Model) -> frozenset[int]:
        """See ``_claims.base.Desk``."""
        found = self._compiled.get(model, None)
        if found is not None and found.trained:
            return found.trained
        # One that was not built by then: what its first trace trains.
        traced = [facts.trainable for facts in self.traces.of(model).all_facts("train")]
        return frozenset(traced[0] or ()) if traced else frozenset()

    def is_lost_copy(self, copy: HeldCopy) -> bool:
        """See ``_claims.base.Desk``."""
        return self.copies.is_lost(copy)

    def first_mark(self, target: object, name: str) -> Mark:
        """See ``rules.base.Desk``."""
        marks = self._first_marks.get(target, None) or {}
        return marks[name] if name in marks else mark_of(getattr(target, name, None))

    def built_in(self, model: Model) -> int | None:
        """See ``rules.base.Desk``."""
        return self._builds.get(model, None)

    def name_of(self, value: object) -> str:
        """See ``rules.base.Desk``."""
        names = self.names_of(value)
        if names:
            return names[-1]
        for place, item in reachable(self._shell.namespace):
            if item is value:
                return str(place)
        return str(getattr(value, "name", type(value).__name__))

    def names_of(self, value: object) -> list[str]:
        """See ``_claims.base.Desk``."""
        local = [
            name
            for frame in self._shell.frames()
            if frame.function is not None
            for name, item in list(frame.frame.f_locals.items())
            if item is value
        ]
        return local + [name for name, item in user_names(self._shell.namespace) if item is value]

    def names_used(self, source: str, first: int, last: int) -> frozenset[str]:
        """Return the names that code between two lines uses, by itself or in the functions it calls."""
        found = names_used(source, first, last)
        return found.union(*map(self.read_by_function, found))

    def read_by_function(self, name: str) -> frozenset[str]:
        """Return the names that the function of a name reads, if it is one of the notebook's."""
        function = python_function_of(self.namespace.get(name))
        if type(function) is not FunctionType or function.__globals__ is not self.namespace:
            return frozenset()
        return frozenset(read.place.root for read in reads_in(function.__code__) if read.scope == "global")

    def entry(self, key: tuple[object, ...]) -> Entry | None:
        """See ``rules.base.Desk``."""
        return self._ledger.find(key)

    def entries_of(self, model: Model) -> list[Entry]:
        """See ``rules.base.Desk``."""
        inside = {id(model), *self._parts_of(model).layers}
        return [entry for entry in self._ledger.live() if any(id(m) in inside for m in entry.models())]

    def cell_binds(self, number: int, name: str) -> bool:
        """See ``rules.base.Desk``."""
        cell = self._shell.text_of(number)
        return cell is not None and binding_line(cell.source, name, 1, 10**9) is not None

    def code_after(self, span: Span) -> Ahead:
        """See ``rules.base.Desk``."""
        shell = self._shell
        cell = shell.text_of_file(span.file) if span.file else shell.text_of(span.execution_count)
        if cell is None or span.line is None:
            return NOTHING_AHEAD
        return code_ahead(cell.source, span.line - cell.offset)

    def traced_models(self, part: object) -> list[Model]:
        """See ``rules.base.Desk``."""
        traced = [m for m in self.traces.models() if self.is_reachable(m) or self.in_entry(m)]
        return [m for m in traced if m is part or id(part) in self._parts_of(m).layers]

    def owner_of_list(self, items: tuple[object, ...], identity: int) -> tuple[Any, str] | None:
        """Return the model one of whose lists this is, with ``layers`` for one that was read, else ``given``.

        A copy of a list of layers is a selection; only the list's history tells it from the list.
        """
        return self.origins.owner_among(self.models(), items, identity)
