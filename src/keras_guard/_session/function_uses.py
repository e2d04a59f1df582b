"""Calls of traced functions of the user's own: what their traces hold, and what they run stale."""

from __future__ import annotations

from collections.abc import Callable

from .._adapter.function_models import FunctionModels
from .._adapter.model_use import Use
from .._adapter.own_functions import traces_made
from .._adapter.trace_facts import TraceFacts
from .._adapter.traces import Call
from .._data.diagnostic import Span
from .._data.events import CodeReadChanged, Event
from .._data.types import Model
from .desk import Desk
from .edit_spans import GlobalSpans


class FunctionUses:
    """Notes the traces of functions, and looks at those that serve a call.

    Args:
        desk: What is known of models.
        spans: Where globals were bound.
        publish: Has the rules judge an event.
        use: Opens what a use of a model runs stale.
        traced: Notes a trace that was made.
    """

    def __init__(
        self,
        desk: Desk,
        spans: GlobalSpans,
        publish: Callable[[Event], None],
        use: Callable[[Use], None],
        traced: Callable[[Model, Call, TraceFacts], None],
    ) -> None:
        self._desk = desk
        self._spans = spans
        self._publish = publish
        self._use = use
        self._traced = traced
        self._models = FunctionModels()

    def notice_edit(self, name: str, span: Callable[[], Span]) -> None:
        """A statement bound a name, or may have changed its object in place: see which functions hold an older model."""
        value = self._desk.namespace.get(name)
        for function, call in list(self._models.read_through(name, value)):
            self._publish_bound_again(function, call, span)

    def runs(self, function: object, call: Call) -> None:
        """A function is called: open what the traces that serve the call hold of old models and old values."""
        self._publish_bound_again(function, call, None)
        for model in self._desk.traces.models():
            serving = self._desk.traces.of(model).serving(call)
            if serving:
                self._use(Use(model, call.method, call.kind, tuple(serving), again=True))

    def _publish_bound_again(self, function: object, call: Call, span: Callable[[], Span] | None) -> None:
        """Note the models in the place of those that a function holds, and have the rules judge each once."""
        for model, fact, facts in self._models.bound_again(function, call, self._desk.namespace):
            traces = self._desk.traces.of(model)
            if any(known is fact for made in traces.all_facts() for known in made.code):
                continue
            traces.record(call, facts)
            where, at_use = fact.source.place, span is None
            found = self._spans.of(fact.source) if span is None else span()
            self._publish(CodeReadChanged(model, where, fact, model, found, at_use=at_use))

    def made_trace(self, function: object, call: Call) -> None:
        """A function was traced by a call: note what it read."""
        names = self._desk.namespace
        self._models.note(function, call, names)
        for model, facts in traces_made(function, names):
            self._traced(model, call, facts)
