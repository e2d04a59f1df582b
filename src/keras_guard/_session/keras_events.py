"""What the hooks in Keras tell: attribute writes, entries, compile, structure, state."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._adapter.adapted_state import learned_now, note_learning
from .._adapter.keras_types import is_keras_2, is_layer, is_model
from .._adapter.membership import graph_layers, same_items
from .._adapter.model_use import Use
from .._adapter.owner_facts import value_of
from .._adapter.policy import global_policy
from .._adapter.trace_facts import TraceFacts, facts_now
from .._adapter.traces import Call, makes_traces, runs_eagerly_now
from .._adapter.tracked_lists import untracked_items
from .._claims.list_claim import is_among
from .._data.diagnostic import Span
from .._data.events import (
    AttributeSet,
    Event,
    PolicySet,
    StateAdapted,
    StructureChanged,
    TrainsNothing,
)
from .._data.missing import MISSING
from .._data.types import Layer, Model, Optimizer
from .._instrument import flags, runtime
from .containment import Containment, contained
from .desk import Desk
from .edit_spans import GlobalSpans
from .function_uses import FunctionUses
from .running_entries import RunningEntry
from .shell_interface import ShellInterface
from .spans import span_of_frame


@dataclass(frozen=True)
class Told:
    """What is done with what Keras was seen to do.

    Attributes:
        publish: Has the rules judge an event.
        settle: Resolves what is no longer true.
        used: Opens what a use of a model runs stale.
        traced: Notes a trace that was made, and resolves what it has the new value of.
        ended: Counts what an entry method ran stale, now that it has ended.
        model_made: Notes that a model was made in the running cell.
        epoch_begins: Finds what callbacks changed that no hook tells of.
    """

    publish: Callable[[Event], None]
    settle: Callable[[], None]
    used: Callable[[Use], None]
    traced: Callable[[Model, Call, TraceFacts], None]
    ended: Callable[[RunningEntry], None]
    model_made: Callable[[], None]
    epoch_begins: Callable[[RunningEntry], None]


class KerasEvents:
    """Hears the hooks in Keras (``_adapter.hooks.Sink``).

    Args:
        shell: The shell.
        desk: What is known of models.
        spans: Where globals were bound.
        told: What is done with what was seen.
        containment: Contains faults.

    Attributes:
        functions: Hears of traced functions of the user's own.
    """

    def __init__(
        self, shell: ShellInterface, desk: Desk, spans: GlobalSpans, told: Told, containment: Containment
    ) -> None:
        self.containment = containment
        self._shell = shell
        self._desk = desk
        self._told = told
        self._spans = spans
        self.functions = FunctionUses(desk, spans, told.publish, self._use, told.traced)

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
        # A flag that is set again may be another one than those of the layers inside.
        if not self._desk.flags.note(target, name) and new is old:
            return
        self._desk.note_attribute(target, name, old)
        span = self._span()
        if name == "trainable" and new is not old:
            self._desk.flags.flips[target] = span
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
        # Keras 2 puts the flags of layers aside as soon as it trains: what they say is to be asked now.
        self._use(Use(model, call.method, call.kind if is_keras_2(model) else None))
        if call.method.endswith("_on_batch"):
            self._run_trace(entry)

    @contained
    def left(self, model: Model) -> None:
        """See ``hooks.Sink``."""
        entry = self._desk.running.leave(model)
        if entry is None:
            return
        failed = sys.exc_info()[0] is not None
        if entry.call.method.endswith("_on_batch") and not failed:
            self._note_trace(entry)
        if not failed or (entry.began and not entry.call.method.endswith("_on_batch")):
            self._told.ended(entry)

    @contained
    def epoch_begins(self) -> None:
        """See ``hooks.Sink``."""
        entry = self._desk.running.innermost("train")
        if entry is not None:
            self._told.epoch_begins(entry)

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
        is_eager = runs_eagerly_now()
        serving = () if is_eager else tuple(traces.serving(call))
        if serving or is_eager:
            self._use(Use(model, call.method, call.kind, serving, again=True))
        elif call.kind == "train" and self._desk.became_frozen(model):
            self._told.publish(TrainsNothing(model, self._span()))
        entry.makes_trace = not is_eager and not traces.covers(call)

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
        self._told.traced(model, entry.call, facts)

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

    # Traced functions of the user's own

    @contained
    def function_begins(self, function: Any, call: Call) -> Any:
        """See ``hooks.Sink``."""
        if runs_eagerly_now():
            return None
        self.functions.runs(function, call)
        return function, call, function.experimental_get_tracing_count()

    @contained
    def function_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        function, call, count = token
        if function.experimental_get_tracing_count() != count:
            self.functions.made_trace(function, call)

    # Building and compiling

    def layer_made(self) -> None:
        """See ``hooks.Sink``."""
        flags.warm()  # it may soon be put into a slot

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
        for _, attribute, layer in untracked_items(model):
            span = self._spans.of_list_slots(attribute)
            self._told.publish(StructureChanged(model, "compile", layer, True, span, at_use=True))
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
        return model, action, _layers_in(model)

    @contained
    def structure_ended(self, token: Any) -> None:
        """See ``hooks.Sink``."""
        target, action, before = token
        self._desk.note_change()
        after = _layers_in(target)
        if same_items(before, after):
            return
        added = [item for item in after if not is_among(item, before)]
        removed = [item for item in before if not is_among(item, after)]
        layer = next(iter(added or removed), None)
        for model in [target] if is_model(target) else _owners(target, self._desk):
            self._told.publish(StructureChanged(model, action, layer, bool(added), self._span()))

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


def _layers_in(target: Any) -> tuple[Layer, ...]:
    """Return the layers of a model, or those in a list."""
    return tuple(filter(is_layer, target) if isinstance(target, list) else graph_layers(target))


def _owners(tracked: object, desk: Desk) -> list[Model]:
    """Return the models one of whose layers holds a tracked list."""
    models = {id(model): model for model in (*desk.models(), *desk.traces.models())}
    return [
        model
        for model in models.values()
        if any(is_among(tracked, vars(layer).values()) for layer in (model, *graph_layers(model)))
    ]
