"""KG202 ``trainable-after-compile``: freezing or unfreezing that the traced train function does not honour."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .._adapter.compiled_flags import fixes_flags, flipped_variables, is_trained_by_another
from .._adapter.face import is_keras_2, is_layer
from .._adapter.membership import runs
from .._adapter.traces import trained_otherwise, trains_other_variables, trains_unknown_variables
from .._adapter.uses import Use
from .._data.diagnostic import Span
from .._data.events import AttributeSet, Event
from .._ledger import Finding
from .base import Desk, Page, Rule
from .stale import cause, layer_title, stale_structure, until_the_cell_ends, was_said
from .words import facts


class TrainableAfterCompile(Rule):
    """A ``trainable`` flip after the train function was traced."""

    code = "KG202"
    name = "trainable-after-compile"
    keras_2 = True
    page = Page(
        what="""
`trainable` of a layer or model is changed after a `fit` or `train_on_batch` traced the model's train
function, and the model is trained again without `compile()`.""",
        why="""
The trace holds the list of variables it updates. Freezing later does not stop their updates, unfreezing
does not start them; `summary()` shows the new flags all the same. (It is the trace that fixes them, not
`compile()`: a flip between `compile()` and the first `fit` is honoured.)""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
# ---
model.layers[0].trainable = False
# ---
history = model.fit(x, y, verbose=0)""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
# ---
model.layers[0].trainable = False
model.compile("sgd", "mse")
# ---
history = model.fit(x, y, verbose=0)""",
        limits="""
Opens when a train function that does not honour the flip is about to run; GANs that toggle `trainable`
between models compiled apart, and teachers that are only used for predictions, stay silent. A call with
a new signature is traced anew and honours the flip. What a callback flips when training ends shows
nothing until the model is trained again.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, AttributeSet) or event.name != "trainable" or not is_layer(event.target):
            return
        if bool(event.old) == bool(event.new):
            return
        key = cause(self.code, event.span, event.name, event.target)
        by_flags = is_keras_2(event.target)
        for model in desk.models() if by_flags else desk.traced_models(event.target):
            # One comparison for each model and line, not one for each layer of a loop.
            if desk.is_known((*key, id(model))):
                continue
            if by_flags:
                lost = runs(model, event.target) and _trains_by_other_flags(model, desk)
            else:
                lost = trained_otherwise(model, desk.traces.of(model))
            if lost:
                yield self._finding(model, event.target, event.span, desk, (*key, id(model)))

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        key = (self.code, "audit", id(model))
        traces = desk.traces.of(model)
        known = was_said(model, desk, self.code, "KG103", "KG203")
        if known or stale_structure(model, desk) or (not traces and trains_unknown_variables(model)):
            return  # other layers, not another `trainable`, are why other variables would be trained
        unseen = not traces and trains_other_variables(model)
        if unseen or trained_otherwise(model, traces) or _trains_by_other_flags(model, desk):
            # Nobody saw the edit: it may have been a flip of `trainable`, or a layer added.
            yield replace(
                self._finding(model, model, Span(), desk, key),
                message=f"the train function of `{desk.name_of(model)}` updates other variables than are trainable now",
                open_message="",
                label="its layers, or their `trainable`, were others when it was made",
                graph_layer=None,
            )

    def _finding(self, model: Any, target: Any, span: Span, desk: Desk, key: tuple[Any, ...]) -> Finding:
        name, about = desk.name_of(model), facts(target)
        now = "now trains" if target.trainable else "is now frozen"
        by_flags = fixes_flags(model)
        help_ = f"compile `{name}` again before you train it"
        if target.trainable:
            help_ += (
                f", with a new optimizer: `{name}.compile(optimizer=..., loss=...)` "
                "(the old optimizer object knows only the variables it began with)"
            )
        return Finding(
            code=self.code,
            rule=self.name,
            key=key,
            span=span,
            message=f"`{name}` was {'compiled' if by_flags else 'traced'} before this change of `trainable`: "
            "its train function goes on as before",
            open_message=f"training `{name}` does not honour this change of `trainable`",
            label=f"{layer_title(about)} {now}; "
            + ("`fit` goes by what it was" if by_flags else "the traced train function holds what it was"),
            notes=(
                f"`{name}` trains by the flags that its layers had when it was compiled"
                if by_flags
                else f"`{name}` was trained before: its train function updates the variables that were trainable then",
            ),
            help=help_,
            model=weakref.ref(model),
            model_name=name,
            holds=_proof(model, desk),
            opened_by=_opened_by(model, desk),
            waits=until_the_cell_ends,
            quiet_after_use=True,
            shows_pending=_shows_pending(model, desk),
            cured=f"`{name}` trains what its flags say",
            graph_layer=about,
        )


def _shows_pending(model: Any, desk: Desk) -> bool:
    """Whether a flip is worth a card before the model is trained with it."""
    if fixes_flags(model):
        # In Keras 2 a flip behind `compile` may be meant for a model that is yet to be compiled.
        return bool(getattr(model, "train_function", None))
    # One that a callback makes opens at the next batch; behind the last it is meant for what comes then.
    return not desk.in_entry(model)


def _proof(model: Any, desk: Desk) -> Callable[[], bool]:
    reference = weakref.ref(model)

    def proof() -> bool:
        living = reference()
        if living is None:
            return False
        if fixes_flags(living):
            return desk.in_entry(living) or _trains_by_other_flags(living, desk)
        traces = desk.traces.of(living)
        return trained_otherwise(living, traces) or (not traces and trains_other_variables(living))

    return proof


def _trains_by_other_flags(model: Any, desk: Desk) -> bool:
    """Whether a model of Keras 2 trains by other flags than its layers show, and no other model goes by these."""
    flipped = flipped_variables(model)
    return bool(flipped) and not is_trained_by_another(model, flipped, desk.models())


def _opened_by(model: Any, desk: Desk) -> Callable[[Use], bool]:
    reference = weakref.ref(model)

    def opened_by(use: Use) -> bool:
        if use.kind != "train" or use.model is not reference():
            return False
        return _trains_by_other_flags(use.model, desk) if fixes_flags(use.model) else use.trained_otherwise()

    return opened_by
