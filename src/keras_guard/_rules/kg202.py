"""KG202 ``trainable-after-compile``: freezing or unfreezing that the traced train function does not honour."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._adapter.compiled_flags import (
    LORA,
    compile_fixes_flags,
    fixes_flags,
    flipped_variables,
    is_trained_by_another,
)
from .._adapter.copies import layer_with
from .._adapter.keras_types import is_keras_2, is_layer, is_variable
from .._adapter.membership import graph_layers, is_compiled, runs, shares_weights, tracked_layers
from .._adapter.model_use import Use
from .._adapter.traces import OWN
from .._claims.base import Claim
from .._claims.base import Desk as ClaimDesk
from .._claims.trace_claim import Layers, TraceClaim, Trainable
from .._data.diagnostic import Span
from .._data.events import AttributeSet, Event
from .._data.types import Layer, Model
from .._instrument.code_ahead import Ahead
from .._ledger import Entry, Finding, Wording
from .base import Desk, Page, Rule, was_said
from .kept_flags import kept_flags
from .wording import cause, facts, keeping_state, layer_title, while_training

_TRAIN = frozenset({"train", OWN})


@dataclass(frozen=True)
class _Flip:
    """What an edit changed of what is trained.

    Attributes:
        layer: The layer.
        title: What was frozen or unfrozen: the layer or a part of it.
        trains: Whether it is trained now.
        several: The same of several layers, with a place for their number.
        change: The edit.
    """

    layer: Layer
    title: str
    trains: bool
    several: str = "{} layers"
    change: str = "this change of `trainable`"


def _flip(event: AttributeSet, desk: Desk) -> _Flip | None:
    target = event.target
    if event.name == LORA:
        title = f"the LoRA kernel of {layer_title(facts(target))}"
        return _Flip(target, title, True, "the LoRA kernels of {} layers", "`enable_lora`")
    if event.name != "trainable":
        return None
    if is_layer(target):
        return _flip_of_layer(target)
    layer = layer_with(target, desk.models()) if is_variable(target) else None
    if layer is None:
        return None
    return _Flip(layer, f"`{target.path}`", bool(target.trainable), "variables of {} layers")


def _flip_of_layer(layer: Layer) -> _Flip:
    return _Flip(layer, layer_title(facts(layer)), bool(layer.trainable))


class TrainableAfterCompile(Rule):
    """A ``trainable`` flip after the train function was traced."""

    code = "KG202"
    name = "trainable-after-compile"
    keras_2 = True
    page = Page(
        what="""
`trainable` of a layer, a model or a variable is changed, or `enable_lora` is called, after a `fit` or
`train_on_batch` traced the model's train function, and the model is trained again without `compile()`.
Another form: `trainable` of a model is set to the value it has, and layers inside keep another one.""",
        why="""
The trace holds the list of variables it updates. Freezing later does not stop their updates, unfreezing
does not start them; `summary()` shows the new flags all the same. (It is the trace that fixes them, not
`compile()`: a flip between `compile()` and the first `fit` is honoured. The guard measures this once in a
process. In a Keras whose `compile()` fixes the flags, as Keras 2 does, it follows that.) `compile()` with a new
optimizer starts its momentum over; with the same optimizer object an unfrozen layer raises "Unknown variable".
`%keras_guard recompile` keeps the state. In a callback, `model.make_train_function(force=True)` after the change
does, and an optimizer that was built for all variables before some were frozen takes them back.

`model.trainable = True` sets the flag of all layers inside, but on TensorFlow only where it changes: if the flag of the
model itself was `True` already, layers that were frozen one by one stay frozen, also after `compile()`.""",
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
a new signature is traced again and honours the flip. What a callback flips when training ends shows
nothing until the model is trained again. Layers that were made with `trainable=False`, or whose flag is set
again later, do not count as left out by a flag of the model.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        flip = _flip(event, desk) if isinstance(event, AttributeSet) else None
        if not isinstance(event, AttributeSet) or flip is None:
            return
        is_flip = bool(event.old) != bool(event.new)
        if not is_flip and not (flip.layer is event.target and tracked_layers(flip.layer)):
            return
        around = _around(flip.layer, desk)
        if not is_flip:
            yield from kept_flags(self, event, around, desk)
        if not event.at_use and flip.layer is event.target and event.name != LORA:
            yield from self._masked(event, around, desk)
        key = cause(event.span, event.name, flip.layer)
        models = _models_that_hold_flags(flip.layer, around, desk)
        # The outermost first: what the card says is to compile that one.
        for model in sorted(models, key=_size, reverse=True) if len(models) > 1 else models:
            if self._is_part_of_a_flip(flip.layer, event.span, model, desk):
                continue
            if not is_flip and was_said(model, desk, self.code):
                continue  # another line is why the flags are others
            # A model and one inside it are one cause: compiling the outer one cures both.
            whole = (*key, id(_outermost(model, models)))
            entry = desk.entry((self.code, *whole))
            part = entry.parts.get(id(model)) if entry is not None else None
            if entry is not None and part is not None:
                # One comparison for each model and line, not one for each layer of a loop.
                self._count(entry, part, flip, desk.name_of(model))
                continue
            claim = _claim(model, flip.layer, desk, at_use=event.at_use)
            if claim.holds(desk):
                yield self._finding(claim, model, flip, event.span, desk, whole)

    def _masked(self, event: AttributeSet, around: list[Model], desk: Desk) -> Iterator[Finding]:
        """Yield the models that are frozen themselves while a layer inside is unfrozen: only the model's flag counts."""
        layer = event.target
        if not event.new or is_keras_2(layer):
            return
        for model in around:
            if model.trainable:
                continue
            name, about = desk.name_of(model), layer_title(facts(layer))
            wording = Wording(
                message=f"training `{name}` trains none of its layers: `{name}.trainable` is False",
                label=f"unfreezes {about}, but `{name}` itself stays frozen",
                notes=(
                    f"a model that is frozen itself has no trainable variables, whatever the flags of its layers; "
                    f"setting `{name}.trainable` sets the flags of all its layers",
                ),
                help=f"set `{name}.trainable = True` first and freeze single layers after it, then compile",
                cured=f"`{name}` is not frozen any more, or its layers are",
                ran="and trained no layer",
                graph_layer=facts(layer),
            )
            key = (*cause(event.span, event.name, layer), "masked", id(model))
            yield self.finding(_MaskedClaim(model, layer), wording, event.span, name, key=key)

    def _is_part_of_a_flip(self, layer: Layer, span: Span, model: Model, desk: Desk) -> bool:
        """Whether a flip of something around the layer, in the same cell, is reported already."""
        return any(
            entry.finding.code == self.code
            and entry.finding.span.execution_count == span.execution_count is not None
            and any(_is_around(claim, layer, model) for claim in entry.claims())
            for entry in desk.entries_of(model)
        )

    @staticmethod
    def _count(entry: Entry, part: Finding, flip: _Flip, name: str) -> None:
        """Say of one more layer that the same line flipped it, or variables of it."""
        claim, layer = part.claim, flip.layer
        if not isinstance(claim, TraceClaim) or not isinstance(claim.fact, Trainable) or not layer.weights:
            return
        if layer in claim.fact.flipped:
            return
        claim.fact.flipped[layer] = None
        count = len(list(claim.fact.flipped.items()))
        now = "now train" if flip.trains else "are now frozen"
        what = flip.several.format(count)
        wording = replace(
            part.wording,
            label=f"{what} of `{name}` {now}; the traced train function holds what they were",
            ran=f"with {what} {'frozen' if flip.trains else 'trained'}",
        )
        if part is entry.finding:
            entry.reword(wording)
        else:
            part.wording = wording

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if was_said(model, desk, self.code, "KG103", "KG203") or TraceClaim(model, Layers()).holds(desk):
            return  # other layers, not another `trainable`, are why other variables would be trained
        claim = _claim(model, model, desk)
        if claim.holds(desk):
            # The edit was not seen: it may have been a flip of `trainable`, or a layer added.
            found = self._finding(claim, model, _flip_of_layer(model), Span(), desk, ("audit", id(model)))
            found.wording = replace(
                found.wording,
                message=f"the train function of `{desk.name_of(model)}` updates other variables than are trainable now",
                open_message="",
                label="its layers, or their `trainable`, were others when it was made",
                graph_layer=None,
            )
            yield found

    def _finding(
        self, claim: Claim, model: Model, flip: _Flip, span: Span, desk: Desk, key: tuple[Any, ...]
    ) -> Finding:
        name, about = desk.name_of(model), facts(flip.layer)
        now = "now trains" if flip.trains else "is now frozen"
        by_flags = fixes_flags(model)
        own = isinstance(claim, TraceClaim) and claim.stale_kinds(desk) == {OWN}
        step = "step of your own" if own else "train function"
        help_ = f"compile `{name}` again before you train it"
        if own:
            help_ = f"run the cell that defines your traced function again, so that it asks `{name}` again what it trains"
        elif flip.trains:
            help_ += (
                ", with a new optimizer (the old object knows only the variables it began with)"
                + keeping_state(model, name)
            )
        else:
            help_ += keeping_state(model, name) + while_training(desk, model, name)
        wording = Wording(
            message=f"`{name}` was {'compiled' if by_flags else 'traced'} before {flip.change}: "
            f"its {step} goes on as before",
            open_message=f"training `{name}` does not honour {flip.change}",
            label=f"{flip.title} {now}; "
            + ("`fit` uses what it was" if by_flags else f"the traced {step} holds what it was"),
            notes=(
                f"`{name}` trains by the flags that its layers had when it was compiled"
                if by_flags
                else f"`{name}` was trained before: its {step} updates the variables that were trainable then",
            ),
            help=help_,
            cured=f"`{name}` trains what its flags say",
            ran=f"with {flip.title} {'frozen' if flip.trains else 'trained'}",
            graph_layer=about,
        )
        return self.finding(claim, wording, span, name, key=key, part=id(model))


def _outermost(model: Model, models: Sequence[Model]) -> Model:
    """Return the largest of several models that runs a model, itself if no other one does."""
    around = [other for other in models if other is not model and runs(other, model)]
    return max((*around, model), key=_size) if around else model


def _size(model: Model) -> int:
    return sum(1 for _ in graph_layers(model))


def _models_that_hold_flags(layer: Layer, around: list[Model], desk: Desk) -> list[Model]:
    """Return the models that may train by other flags than the ones of now: the traced ones, or the compiled ones."""
    if any(map(is_compiled, around)) and (is_keras_2(layer) or compile_fixes_flags()):
        return around
    traced = desk.traced_models(layer)
    known = set(map(id, traced))
    return traced + [model for model in around if id(model) not in known and desk.traces.of(model)]


def _around(layer: Layer, desk: Desk) -> list[Model]:
    """Return the models that are a layer, run it, or run layers inside it."""
    found = [*(model for model in desk.models() if model is layer), *desk.holders(layer)]
    known = set(map(id, found))
    return found + [m for m in desk.models() if id(m) not in known and shares_weights(m, layer)]


def _claim(model: Model, target: object, desk: ClaimDesk, *, at_use: bool = False) -> Claim:
    if fixes_flags(model):
        return _FlagsClaim(model)
    # One that a callback makes opens at the next batch; after the last it is meant for what comes then.
    fact = Trainable(target, at_use=at_use)
    return TraceClaim(model, fact, _TRAIN, at_use=at_use, shows_pending=not desk.in_entry(model))


def _is_around(claim: Claim, layer: Layer, model: Model) -> bool:
    if not isinstance(claim, TraceClaim) or not isinstance(claim.fact, Trainable) or claim.model is not model:
        return False
    flipped = [item for item, _ in claim.fact.flipped.items()]
    return any(item is not layer and runs(item, layer) for item in flipped)


class _MaskedClaim(Claim):
    """A model is frozen itself, and a layer inside was unfrozen."""

    seen_as = "another model trains the layer"

    def __init__(self, model: Model, layer: Layer) -> None:
        super().__init__(model, cured_by=frozenset({"compile"}))
        self._layer = weakref.ref(layer)

    @property
    def shows_pending(self) -> bool:  # type: ignore[override]
        """A part of another model is often frozen itself; it matters for a model that is trained."""
        return is_compiled(self.model)

    def holds(self, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        model, layer = self.model, self._layer()
        return model is not None and layer is not None and not model.trainable and bool(layer.trainable)

    def opened_by(self, use: Use, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        return use.trains and use.model is self.model

    def seen_by(self, use: Use, desk: ClaimDesk) -> bool:
        """See :class:`Claim`. The layer may have been thawed for another model, in which it is not masked."""
        layer, own = self._layer(), self.model
        if layer is None or use.model is own or not (use.trains or use.method == "compile"):
            return False
        variables = {id(variable) for variable in layer.trainable_variables}
        return bool(variables) and variables <= {id(item) for item in use.model.trainable_variables}

    def waits(self, ahead: Ahead, desk: ClaimDesk) -> bool:
        """What is compiled or thawed further down shows at the end of the cell, or when the model is trained."""
        return True


class _FlagsClaim(Claim):
    """A model that was compiled with other flags than its layers show trains by those, and no other model uses these."""

    quiet_after_use = True

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        # A flip after `compile` may be meant for a model that is yet to be compiled.
        self.shows_pending = bool(getattr(model, "train_function", None))

    def holds(self, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        model = self.model
        return model is not None and fixes_flags(model) and (desk.in_entry(model) or _differs(model, desk))

    def opened_by(self, use: Use, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        return use.trains and not use.again and use.model is self.model and _differs(use.model, desk)

    def waits(self, ahead: Ahead, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        return True


def _differs(model: Model, desk: ClaimDesk) -> bool:
    flipped = flipped_variables(model, desk.trained_when_compiled(model))
    return bool(flipped) and not is_trained_by_another(
        model, flipped, desk.models(), desk.trained_when_compiled
    )
