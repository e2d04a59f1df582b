"""What Keras tells the session: attribute writes, entries, compile, structure, state."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .._adapter.adapted_state import ADAPTED, adapted_state
from .._adapter.face import is_keras_2, is_model
from .._adapter.global_values import value_at
from .._adapter.held_values import held_objects, unapplied_arguments
from .._adapter.membership import graph_layers
from .._adapter.traces import Call, facts_now, makes_traces
from .._adapter.uses import Use
from .._data.diagnostic import Span
from .._data.events import (
    AttributeSet,
    Event,
    PolicySet,
    StateAdapted,
    StructureChanged,
    TrainsNothing,
    ValueRebound,
)
from .._data.identity import IdentityMap
from .._data.missing import MISSING
from .._data.place import Place
from .._instrument import runtime
from .edit_spans import span_of_attribute, span_of_global
from .spans import span_of_frame

if TYPE_CHECKING:
    from .session import Session


class _Entry:
    """An entry method that is running."""

    __slots__ = ("call", "checked", "model")

    def __init__(self, model: Any, call: Call) -> None:
        self.model = weakref.ref(model)
        self.call = call
        self.checked = -1


@dataclass(frozen=True)
class _Compile:
    """A call of ``compile``: the number of the last edit before it, and whether it left something to train."""

    number: int
    trains: bool


class KerasSink:
    """The session's ear inside Keras (``_adapter.hooks.Sink``).

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._entries = threading.local()
        self._globals: dict[str, Span] = {}
        self._compiles: IdentityMap[_Compile] = IdentityMap()
        for name in ("attribute_set", "entered", "left", "batch_begins", "shown", "compiled", "building", "built",
                     "functions_dropped", "structure_begins", "structure_ended", "adapt_begins", "adapt_ended", "policy_begins",
                     "policy_ended"):  # fmt: skip
            setattr(self, name, session.containment.wrap(getattr(self, name)))

    def _stack(self) -> list[_Entry]:
        stack: list[_Entry] | None = getattr(self._entries, "stack", None)
        if stack is None:
            stack = self._entries.stack = []
        return stack

    def in_entry(self, model: Any) -> bool:
        """Whether a model is in the middle of an entry method."""
        return any(entry.model() is model for entry in self._stack())

    def compiled_at(self, model: Any) -> int:
        """Return the number of the last edit before a model was compiled, -1 when that was not seen."""
        found = self._compiles.get(model, None)
        return found.number if found is not None else -1

    def values_rebound(self, use: Use) -> list[Event]:
        """Return the globals and attributes whose value differs from the one the use will go by."""
        return [*self._globals_rebound(use), *self._helpers_redefined(use), *self._attributes_held(use)]

    def _helpers_redefined(self, use: Use) -> Iterator[ValueRebound]:
        """Yield the functions that traced code calls by names which now stand for other code."""
        names = self._session.shell.namespace
        for name, old in {key: code for facts in use.serving for key, code in facts.helpers.items()}.items():
            helper = names.get(name)
            if type(helper) is FunctionType and helper.__code__ is not old:
                place = Place(name)
                yield ValueRebound(use.model, place, old, helper.__code__, self.span_of_global(place))

    def _attributes_held(self, use: Use) -> Iterator[AttributeSet]:
        """Yield what was set on losses, metrics and schedules and is not what the use goes by."""
        for facts in use.serving:
            for held in facts.held:
                if held.changed:
                    yield self._attribute_held(held.owner(), held.name, held.value)
        if use.scores:
            for owner in held_objects(use.model, "test"):
                for name, value in unapplied_arguments(owner).items():
                    yield self._attribute_held(owner, name, value)

    def _attribute_held(self, owner: Any, name: str, held: Any) -> AttributeSet:
        span = span_of_attribute(self._session.shell, owner, name)
        return AttributeSet(owner, name, held, vars(owner).get(name, MISSING), span)

    def _globals_rebound(self, use: Use) -> list[ValueRebound]:
        names = self._session.shell.namespace
        found = {}
        for facts in use.serving:
            for place, old in facts.values.items():
                new = value_at(names, place)
                if type(new) is not type(old) or new != old:
                    found[place] = ValueRebound(use.model, place, old, new, self.span_of_global(place))
        return list(found.values())

    def reads_global(self, name: str) -> bool:
        """Whether some traced function holds the value of a global as a constant."""
        return self._session.traces.reads(name)

    def note_global(self, name: str, span: Span) -> None:
        """Remember where a global was bound last."""
        self._globals[name] = span

    def span_of_global(self, place: Place) -> Span:
        """Return where a global, or a slot of one, was bound last."""
        noted = self._globals.get(place.root) if not place.steps else None
        return noted or span_of_global(self._session.shell, place)

    def fault(self, error: BaseException) -> None:
        """See ``hooks.Sink``."""
        self._session.containment.note(error)

    def attribute_set(self, target: Any, name: str, old: Any) -> None:
        """See ``hooks.Sink``."""
        new = getattr(target, name, MISSING)
        if new is old:
            return
        session = self._session
        session._forget_caches()
        session.edits.note(target, name, old)
        session.publish(AttributeSet(target, name, old, new, self._span()))

    def _span(self) -> Span:
        shell = self._session.shell
        return span_of_frame(shell, next(shell.frames(), None))

    def entered(self, model: Any, call: Call) -> None:
        """See ``hooks.Sink``."""
        self._stack().append(_Entry(model, call))
        # Keras 2 puts the flags of layers aside as soon as it trains: what they say is to be asked now.
        self._use(model, call.method, call.kind if is_keras_2(model) else None)
        if call.method.endswith("_on_batch"):
            self._run_trace(self._stack()[-1])

    def left(self, model: Any) -> None:
        """See ``hooks.Sink``."""
        stack = self._stack()
        while stack:
            if stack.pop().model() is model:
                break

    def batch_begins(self, kind: str) -> None:
        """See ``hooks.Sink``."""
        stack = self._stack()
        if stack and stack[-1].call.kind == kind and stack[-1].checked != self._session.edits.number:
            self._run_trace(stack[-1])

    def _run_trace(self, entry: _Entry) -> None:
        """A traced function is about to run: compare what it saw with what is true now, or note what it sees."""
        session = self._session
        model = entry.model()
        entry.checked = session.edits.number
        if model is None or is_keras_2(model):
            return
        traces = session.traces.of(model)
        # A function traced before ``run_eagerly`` was set goes on being used.
        if not traces and not makes_traces(model):
            return
        serving = traces.serving(entry.call)
        if serving:
            self._use(model, entry.call.method, entry.call.kind, tuple(serving))
        elif entry.call.kind == "train" and self._became_frozen(model):
            session.publish(TrainsNothing(model, self._span()))
        if traces.covers(entry.call):
            return
        facts = facts_now(model, session.edits.number, session.shell.namespace, entry.call.kind)
        runtime.note_read(map(str, facts.values))
        traces.record(entry.call, facts)

    def _became_frozen(self, model: Any) -> bool:
        found = self._compiles.get(model, None)
        return found is not None and found.trains and not model.trainable_variables

    def _use(self, model: Any, method: str, kind: str | None = None, serving: tuple[Any, ...] = ()) -> None:
        session = self._session
        session._forget_caches()
        if not session.shell.options_in_force().enabled:
            return
        holders = frozenset({id(model), *(id(layer) for layer in graph_layers(model) if is_model(layer))})
        session.used(Use(model, method, kind, serving, holders))

    def shown(self, model: Any, method: str) -> None:
        """See ``hooks.Sink``."""
        self._use(model, method)

    def building(self, given: tuple[Any, ...]) -> None:
        """See ``hooks.Sink``."""
        arguments = (item for value in given for item in (value if type(value) is tuple else [value]))
        self._session.origins.note_given(arguments, self._session.shell.namespace.values())

    def built(self, model: Any) -> None:
        """See ``hooks.Sink``."""
        session = self._session
        session.models_made = True
        cell = session.shell.cell
        session.builds[model] = cell.number if cell is not None else None

    def compiled(self, model: Any) -> None:
        """See ``hooks.Sink``."""
        session = self._session
        session._forget_caches()
        session.traces.of(model).forget()
        session.origins.note_compiled(model)
        self._compiles[model] = _Compile(session.edits.number, bool(model.trainable_variables))
        session.settle()
        self._use(model, "compile")

    def functions_dropped(self, model: Any, kind: str) -> None:
        """See ``hooks.Sink``."""
        self._session.traces.of(model).forget(kind)
        for entry in self._stack():
            if entry.model() is model:
                entry.checked = -1

    def structure_begins(self, model: Any, action: str) -> Any:
        """See ``hooks.Sink``."""
        return model, action, tuple(model) if isinstance(model, list) else tuple(graph_layers(model))

    def structure_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        target, action, before = token
        session = self._session
        session._forget_caches()
        session.edits.bump()
        after = tuple(target) if isinstance(target, list) else tuple(graph_layers(target))
        changed = [item for item in (*before, *after) if not (_has(before, item) and _has(after, item))]
        if not changed:
            return
        for model in [target] if is_model(target) else self._owners(target):
            session.publish(StructureChanged(model, action, changed[0], self._span()))

    def _owners(self, tracked: Any) -> list[Any]:
        """Return the traced models one of whose layers holds a tracked list."""
        found = []
        for model in self._session.traces.models():
            for layer in (model, *graph_layers(model)):
                if any(value is tracked for value in vars(layer).values()):
                    found.append(model)
                    break
        return found

    def adapt_begins(self, layer: Any) -> Any:
        """See ``hooks.Sink``. Only what a trace may hold on to is worth reading."""
        return (layer, adapted_state(layer)) if self._session.traces.models() else None

    def adapt_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        self._session._forget_caches()
        layer, before = token
        if adapted_state(layer) == before:
            return
        self._session.edits.note(layer, ADAPTED, before)
        self._session.publish(StateAdapted(layer, self._span()))

    def policy_begins(self) -> Any:
        """See ``hooks.Sink``."""
        return (_global_policy(),)

    def policy_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        now = _global_policy()
        if now != token[0]:
            self._session._forget_caches()
            self._session.publish(PolicySet(token[0], now, self._span()))


def _has(items: tuple[Any, ...], wanted: Any) -> bool:
    return any(item is wanted for item in items)


def _global_policy() -> str:
    from .._adapter.policy import global_policy

    return global_policy()
