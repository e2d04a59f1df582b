"""KG204 ``compile-argument``: an optimizer, loss or metric changed where the compiled model keeps the old."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.keras_types import is_layer, is_model, is_optimizer
from .._adapter.marks import mark_of, same_value
from .._adapter.membership import (
    compile_objects,
    shown_argument,
)
from .._data.diagnostic import Span
from .._data.events import ArgumentEdited, AttributeSet, CodeReadChanged, CopyEdited, Event, Rebound
from .._data.types import Model
from .._ledger import Finding
from .base import Desk, Page, Rule
from .compiled_code import CompiledCode
from .compiled_names import CompiledNames
from .compiled_settings import CompiledSettings


class CompileArgument(Rule):
    """Names, attributes and lists that were handed to ``compile``, changed afterwards."""

    code = "KG204"
    name = "compile-argument"
    page = Page(
        what="""
The name of an optimizer, loss or metric is bound again after `compile()` got the old one; `model.loss`,
`model.loss_weights`, `model.optimizer`, `optimizer.lr`, `optimizer.clipnorm` and the like are assigned, between
epochs or in a callback, or `loss.delta` and other attributes of losses, metrics and schedules; a list of metrics
or loss weights that was handed over is edited; a global that a traced loss read holds another value, or
another function; or a name through which a function of `tf.function` read a model holds another model.""",
        why="""
`compile()` keeps the objects it was given, and the first `fit` turns what they read into constants.
`model.loss` is a label, `optimizer.lr` a new attribute that nothing reads, and the numbers of `loss_weights` are
part of the trace. A `keras.Variable` is not: what the loss reads from one can be assigned while it trains.""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
# ---
model.loss = "mae"
# ---
history = model.fit(x, y, verbose=0)""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
# ---
model.compile("sgd", "mae")
model.optimizer.learning_rate = 0.1
# ---
history = model.fit(x, y, verbose=0)""",
        limits="""
`optimizer.learning_rate` set to a number takes effect and is not reported; nor is anything before the
first trace that the trace will see. A function defined again with the same code is no change. An optimizer
that a loop of your own applies is in use, not lost. Attributes of losses, metrics and schedules are
compared behind the statement of a cell that sets them; those set in other code, when the model is used.""",
    )

    def __init__(self) -> None:
        self._settings = CompiledSettings(self)
        self._names = CompiledNames(self)
        self._code = CompiledCode(self)

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, AttributeSet) and is_model(event.target):
            yield from self._settings.of_model(event, desk)
        elif isinstance(event, AttributeSet) and is_optimizer(event.target):
            yield from self._settings.of_optimizer(event, desk)
        elif isinstance(event, AttributeSet) and not is_layer(event.target):
            yield from self._settings.of_held_object(event, desk)
        elif isinstance(event, Rebound):
            yield from self._names.rebound(event, desk)
        elif isinstance(event, ArgumentEdited):
            yield from self._names.edited(event, desk)
        elif isinstance(event, CodeReadChanged):
            yield from self._code.read(event, desk)
        elif isinstance(event, CopyEdited) and event.source == "metrics" and is_model(event.owner):
            yield from self._names.metrics_copy(event, desk)

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        known = {entry.finding.wording.argument for entry in desk.entries_of(model)}
        given = compile_objects(model)
        for name in ("loss", "loss_weights"):
            shown = shown_argument(model, name)
            if name in known or shown is None or not given or same_value(shown, given.get(name)):
                continue
            yield self._settings.dead_argument(model, name, shown, mark_of(given.get(name)), Span(), desk)
