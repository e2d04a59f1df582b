"""What the hooks in Keras tell: attribute writes, entries, compile, structure, state."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .._adapter.adapted_state import learned_now, note_learning
from .._adapter.compiled_objects import held_objects, unapplied_arguments
from .._adapter.keras_types import is_keras_2, is_model
from .._adapter.marks import is_marked
from .._adapter.membership import compile_containers, graph_layers
from .._adapter.model_use import Use
from .._adapter.own_functions import traces_made
from .._adapter.policy import global_policy
from .._adapter.trace_facts import TraceFacts, facts_now, trainable_identity, value_of
from .._adapter.traces import OWN, Call, makes_traces
from .._claims.list_claim import is_among
from .._data.diagnostic import Span
from .._data.events import (
    ArgumentEdited,
    AttributeSet,
    CodeReadChanged,
    Event,
    PolicySet,
    StateAdapted,
    StructureChanged,
    TrainsNothing,
)
from .._data.missing import MISSING
from .._data.types import Layer, Model, Optimizer
from .._instrument import runtime
from .containment import Containment, contained
from .desk import Desk
from .edit_spans import GlobalSpans, span_of_attribute
from .running_entries import RunningEntry
from .shell_face import ShellFace
from .spans import span_of_frame

if TYPE_CHECKING:
    from typing import TypeGuard


@dataclass(frozen=True)
class Told:
    """What is done with what Keras was seen to do.

    Attributes:
        publish: Has the rules judge an event.
        settle: Resolves what is no longer true.
        used: Opens what a use of a model runs stale.
        model_made: Notes that a model was made in the running cell.
    """

    publish: Callable[[Event], None]
    settle: Callable[[], None]
    used: Callable[[Use], None]
    model_made: Callable[[], None]


class KerasEvents:
    """Hears the hooks in Keras (``_adapter.hooks.Sink``).

    Args:
        shell: The shell.
        desk: What is known of models.
        spans: Where globals were bound.
        told: What is done with what was seen.
        containment: Contains faults.
    """

    def __init__(
        self, shell: ShellFace, desk: Desk, spans: GlobalSpans, told: Told, containment: Containment
    ) -> None:
        self.containment = containment
        self._shell = shell
        self._desk = desk
        self._spans = spans
        self._told = told

    def fault(self, error: BaseException) -> None:
        """See ``hooks.Sink``."""
        self.containment.note(error)

    def _span(self) -> Span:
        return span_of_frame(self._shell, next(self._shell.frames(), None))

    # Attributes

    @contained
    def attribute_set(self, target: object, name: str, old: object) -> None:
        """See ``hooks.Sink``."""
        new = getattr(target, name, MISSING)
        if new is old:
            return
        self._desk.note_attribute(target, name, old)
        span = self._span()
        if name == "trainable":
            self._desk.flips[target] = span
        self._told.publish(AttributeSet(target, name, old, new, span))

    @contained
    def setting_begins(self, optimizer: Optimizer, name: str) -> Any:
        """See ``hooks.Sink``."""
        return optimizer, name, value_of(optimizer, name)

    @contained
    def setting_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        optimizer, name, old = token
        self._desk.note_change()
        self._told.publish(AttributeSet(optimizer, name, old, value_of(optimizer, name), self._span()))

    # Entries and uses

    @contained
    def entered(self, model: Model, call: Call) -> None:
        """See ``hooks.Sink``."""
        entry = RunningEntry(model, call)
        self._desk.running.stack.append(entry)
        if call.method == "fit":
            limit = self._shell.options_in_force().norms_limit
            self.containment.try_to(self._desk.norms.note, model, limit)
        # Keras 2 puts the flags of layers aside as soon as it trains: what they say is to be asked now.
        self._use(Use(model, call.method, call.kind if is_keras_2(model) else None))
        if call.method.endswith("_on_batch"):
            self._run_trace(entry)

    @contained
    def left(self, model: Model) -> None:
        """See ``hooks.Sink``."""
        entry = self._desk.running.leave(model)
        if entry is not None and entry.call.method.endswith("_on_batch") and sys.exc_info()[0] is None:
            self._note_trace(entry)

    @contained
    def epoch_begins(self) -> None:
        """See ``hooks.Sink``. No hook tells what callbacks change of losses, regularizers and globals."""
        entry = self._desk.running.innermost("train")
        model = entry.model() if entry is not None else None
        if entry is None or model is None:
            return
        serving = self._desk.traces.of(model).serving(entry.call)
        edited = list(self._edited_arguments(model))
        if edited or any(True for facts in serving for _ in self._changes(model, facts)):
            self._desk.note_change()
        for event in edited:
            self._told.publish(event)

    @contained
    def batch_begins(self, kind: str) -> None:
        """See ``hooks.Sink``."""
        entry = self._desk.running.innermost(kind)
        if entry is not None and entry.checked != self._desk.changes:
            self._run_trace(entry)

    @contained
    def batch_ended(self, kind: str) -> None:
        """See ``hooks.Sink``."""
        entry = self._desk.running.innermost(kind)
        if entry is not None:
            entry.ran = True
            self._note_trace(entry)

    def _run_trace(self, entry: RunningEntry) -> None:
        """A traced function is about to run: compare what it holds with what is true now."""
        model, call = entry.model(), entry.call
        entry.checked = self._desk.changes
        if model is None or is_keras_2(model):
            return
        traces = self._desk.traces.of(model)
        # A function traced before ``run_eagerly`` was set goes on being used.
        if not traces and not makes_traces(model):
            return
        serving = traces.serving(call)
        if serving:
            self._use(Use(model, call.method, call.kind, tuple(serving), again=True))
        elif call.kind == "train" and self._desk.became_frozen(model):
            self._told.publish(TrainsNothing(model, self._span()))
        entry.makes_trace = not traces.covers(call)

    def _note_trace(self, entry: RunningEntry) -> None:
        """A trace was made: note what it read, which is what is true now.

        Not before: a model without ``Input`` has its layers built, and their lists filled, while it is traced.
        """
        model = entry.model()
        if not entry.makes_trace or model is None:
            return
        entry.makes_trace = False
        facts = facts_now(model, entry.call.kind, self._desk.namespace)
        runtime.note_read(facts.globals_read())
        self._desk.traces.of(model).record(entry.call, facts)

    def _use(self, use: Use) -> None:
        if self._shell.options_in_force().enabled:
            inner = (id(layer) for layer in graph_layers(use.model) if is_model(layer))
            if use.runs:
                self._desk.note_run(use.model)
            self._told.used(use.of_models(frozenset({id(use.model), *inner})))

    @contained
    def shown(self, model: Model, method: str) -> None:
        """See ``hooks.Sink``."""
        self._use(Use(model, method))

    def unheard_changes(self, use: Use) -> list[Event]:
        """Return what the traces of a use hold that is another value now, and whose change no hook tells."""
        found = [event for facts in use.serving for event in self._changes(use.model, facts)]
        found += self._flips(use)
        found += self._edited_arguments(use.model) if use.scores else ()
        if use.scores:
            for owner in held_objects(use.model, "test"):
                for name, value in unapplied_arguments(owner).items():
                    found.append(self._held(owner, name, value))
        return found

    def _flips(self, use: Use) -> list[Event]:
        """Return the flip of ``trainable`` that a train function does not honour; it may have been set for another model."""
        now = set(trainable_identity(use.model)) if use.trains and use.serving else set()
        changed = {number for facts in use.serving for number in set(facts.trainable or now) ^ now}
        for layer in (use.model, *graph_layers(use.model)) if use.trains and changed else ():
            span = self._desk.flips.get(layer, None)
            if span is not None and any(id(variable) in changed for variable in layer.variables):
                return [
                    AttributeSet(layer, "trainable", not layer.trainable, layer.trainable, span, at_use=True)
                ]
        return []

    def _edited_arguments(self, model: Model) -> Iterator[Event]:
        """Yield the edits of lists and dicts that ``compile`` was given, made where no statement was watched."""
        for _, container in compile_containers(model):
            edited = self._desk.origins.edited(container)
            if edited is not None:
                name = self._desk.name_of(container)
                yield ArgumentEdited(*edited, name, self._spans.of_slots(name), id(container))

    def _changes(self, model: Model, facts: TraceFacts) -> Iterator[Event]:
        for owner, name, mark in facts.unheard():
            if not is_marked(mark, value_of(owner, name)):
                yield self._held(owner, name, mark)
        for fact in facts.code_that_differs(self._desk.namespace):
            where, now = fact.source.place, fact.source.read(self._desk.namespace)
            yield CodeReadChanged(model, where, fact, now, self._spans.of(where), at_use=True)

    def _held(self, owner: object, name: str, held: object) -> AttributeSet:
        span = span_of_attribute(self._shell, owner, name)
        return AttributeSet(owner, name, held, value_of(owner, name), span, at_use=True)

    def notice_edit(self, name: str, span: Callable[[], Span]) -> None:
        """A statement bound a name, or may have changed its object in place: see what traces hold of it."""
        namespace = self._desk.namespace
        value = namespace.get(name)
        if not self._desk.traces.touches(name, value):
            return
        self._desk.note_change()
        where = span()
        self._spans.note(name, where)
        for model in self._desk.traces.models():
            for facts in self._desk.traces.of(model).all_facts():
                for event in self._changes(model, facts):
                    if _is_of(event, name, value):
                        self._told.publish(replace(event, span=where, at_use=False))

    # Traced functions of the user's own

    @contained
    def function_begins(self, function: Any, call: Call) -> Any:
        """See ``hooks.Sink``."""
        for model in self._desk.traces.models():
            serving = self._desk.traces.of(model).serving(call)
            if serving:
                self._use(Use(model, call.method, OWN, tuple(serving), again=True))
        return function, call, function.experimental_get_tracing_count()

    @contained
    def function_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        function, call, count = token
        if function.experimental_get_tracing_count() == count:
            return
        for model, facts in traces_made(function, self._desk.namespace):
            self._desk.traces.of(model).record(call, facts)

    # Building and compiling

    @contained
    def building(self, given: tuple[object, ...]) -> None:
        """See ``hooks.Sink``."""
        arguments = (item for value in given for item in (value if type(value) is tuple else [value]))
        self._desk.origins.note_given(arguments, self._desk.namespace.values())

    @contained
    def built(self, model: Model) -> None:
        """See ``hooks.Sink``."""
        self._told.model_made()
        self._desk.note_built(model)

    @contained
    def compiled(self, model: Model) -> None:
        """See ``hooks.Sink``."""
        self._desk.note_compiled(model)
        self._told.settle()
        self._use(Use(model, "compile"))

    @contained
    def functions_dropped(self, model: Model, kind: str) -> None:
        """See ``hooks.Sink``."""
        self._desk.traces.of(model).forget(kind)
        for entry in self._desk.running.stack:
            if entry.model() is model:
                entry.checked = -1

    # Structure and state

    @contained
    def structure_begins(self, model: Model, action: str) -> Any:
        """See ``hooks.Sink``."""
        return model, action, tuple(model) if isinstance(model, list) else tuple(graph_layers(model))

    @contained
    def structure_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        target, action, before = token
        self._desk.note_change()
        after = tuple(target) if isinstance(target, list) else tuple(graph_layers(target))
        changed = [
            item for item in (*before, *after) if not (is_among(item, before) and is_among(item, after))
        ]
        if not changed:
            return
        for model in [target] if is_model(target) else self._owners(target):
            self._told.publish(StructureChanged(model, action, changed[0], self._span()))

    def _owners(self, tracked: object) -> list[Model]:
        """Return the traced models one of whose layers holds a tracked list."""
        return [
            model
            for model in self._desk.traces.models()
            if any(is_among(tracked, vars(layer).values()) for layer in (model, *graph_layers(model)))
        ]

    @contained
    def adapt_begins(self, layer: Layer) -> Any:
        """See ``hooks.Sink``. Only what a trace may hold is worth reading."""
        if not self._desk.traces.models():
            return None
        note_learning(layer)
        return layer, learned_now(layer)

    @contained
    def adapt_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        layer, before = token
        note_learning(layer)
        if learned_now(layer) != before:
            self._desk.note_change()
            self._told.publish(StateAdapted(layer, self._span()))

    @contained
    def policy_begins(self) -> Any:
        """See ``hooks.Sink``."""
        return (global_policy(),)

    @contained
    def policy_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        now = global_policy()
        if now != token[0]:
            self._told.publish(PolicySet(token[0], now, self._span()))


def _is_of(event: Event, name: str, value: object) -> TypeGuard[AttributeSet | CodeReadChanged]:
    """Whether a change goes through the object of a name."""
    if isinstance(event, AttributeSet):
        return event.target is value
    if not isinstance(event, CodeReadChanged):
        return False
    return event.fact.source.is_global(name) or id(value) in event.fact.touched
