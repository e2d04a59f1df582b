"""KG201 ``layer-attribute``: an attribute of a built layer that can no longer reach it, or not its traces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .._adapter.attribute_reads import COMPILE_ARGUMENTS, FORMER_NAMES, STEPS
from .._adapter.attributes import Effect, effect_of, is_in_weights, shapes_disagree, unapplied
from .._adapter.compiled_flags import LORA
from .._adapter.compiled_objects import carried_by_weights
from .._adapter.describe import brief_value
from .._adapter.graph_input import is_automatic_input_name
from .._adapter.keras_types import is_layer, is_model
from .._adapter.marks import Mark, in_words, is_marked, same_value
from .._adapter.membership import graph_layers, is_input, own_layers
from .._adapter.model_use import Use
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._claims.trace_claim import AttributeFact, TraceClaim
from .._data.diagnostic import Span
from .._data.edits import InputShape
from .._data.events import AttributeSet, Event
from .._data.missing import MISSING
from .._data.types import Layer, Model
from .._instrument.vocabulary import PRIVATE_STRUCTURE
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import (
    Traced,
    cause,
    facts,
    held_words,
    keeping_state,
    layer_title,
    trace_again,
    while_training,
)

#: Methods and functions by which a config, edited attributes included, becomes a new layer or model.
_CONFIG_READERS = frozenset(
    {"get_config", "to_json", "from_config", "clone_model", "model_from_json", "deserialize", "clone",
     "load_model"}
)  # fmt: skip


#: Stands for an attribute of which only the config is known to be another one.
_CONFIG = "get_config()"


class LayerAttribute(Rule):
    """Attributes only ``build`` reads, and attributes a traced function holds as constants."""

    code = "KG201"
    name = "layer-attribute"
    page = Page(
        what="""
An attribute of a built layer is assigned. Dead: `units`, `filters`, regularizers, constraints,
initializers and others that only the constructor or `build` reads. Stale: `activation`, `rate`,
`momentum` and others that `call` reads, a setting of a regularizer or constraint (`kernel_regularizer.l2`), or what a step or
loss of a model class of your own reads, once a function that reads them was traced. Unknown: names of older versions
that Keras 3 accepts and never reads, such as `batch_input_shape` of a model or an input.""",
        why="""
Weights are made once, by `build`: a later `units` or `kernel_regularizer` changes the config and nothing
else. The first `fit`, `evaluate` or `predict` turns what `call` reads into constants of its trace.
A callback that changes one while `fit` runs calls `model.make_train_function(force=True)` after the change.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
# ---
model.layers[0].units = 128""",
        instead="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
# ---
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(128), keras.layers.Dense(2)])""",
        limits="""
Which attributes matter is read from the layer class itself. An attribute that is neither read by the
layer's own methods nor an argument of its constructor is the user's own, and is not reported. Keras itself
raises for `model.input_shape = ...` and `model.inputs = ...`, and `clone_model(model, input_tensors=...)` does use the
new input, with new weights: nothing is said of these. A stale attribute
that training alone reads (`rate`, `momentum`) does not open at `predict`.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, AttributeSet) and not is_layer(event.target):
            yield from self._carried(event, desk)
        if not isinstance(event, AttributeSet) or not is_layer(event.target) or is_layer(event.new):
            return
        if event.name in _OTHERS or (is_model(event.target) and event.name in COMPILE_ARGUMENTS):
            return
        if same_value(event.old, event.new):
            return
        models = desk.holders(event.target)
        if is_model(event.target) and desk.is_reachable(event.target):
            models = [event.target, *models]
        if not models:
            return
        effect = effect_of(event.target, event.name, event.old)
        if effect is Effect.NONE and not _is_assigned_below(event, desk):
            yield self._dead(event, models, desk)
        elif effect is Effect.CALL:
            yield from self._stale(event, desk)

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        known = {entry.finding.part for entry in desk.entries_of(model) if entry.finding.code == self.code}
        for layer in graph_layers(model):
            if (id(layer), id(model)) in known:
                continue
            for name in unapplied(layer):
                message = f"`{name}` of {layer_title(facts(layer))} is not what its weights were made with"
                yield self._unseen(layer, name, message, model, desk)
            if shapes_disagree(layer):
                message = (
                    f"the config of {layer_title(facts(layer))} asks for weights of other shapes than it has"
                )
                yield self._unseen(layer, _CONFIG, message, model, desk)

    def _unseen(self, layer: Layer, name: str, message: str, model: Model, desk: Desk) -> Finding:
        about = layer_title(facts(layer))
        value = brief_value(getattr(layer, name, None))
        of_config = name == _CONFIG
        wording = self._dead_wording(
            layer,
            desk.name_of(model),
            message=message,
            label=f"an attribute of {about} was set after it was built" if of_config else _dead_label(about),
            read="an attribute such as `units`" if of_config else f"`{name}`",
            arguments="the arguments you mean" if of_config else f"`{name}={value}`",
        )
        claim = StateClaim(model, _disagrees, (layer,), (name,), _WHEN_USED)
        return self.finding(
            claim,
            wording,
            Span(),
            desk.name_of(model),
            key=(name, id(layer)),
            part=(id(layer), id(model)),
        )

    def _dead(self, event: AttributeSet, models: list[Model], desk: Desk) -> Finding:
        model, layer = models[0], event.target
        name, about, value = desk.name_of(model), layer_title(facts(layer)), brief_value(event.new)
        former = FORMER_NAMES.get(event.name) if event.old is MISSING else None
        asks = _asked_shape(event) if former == "keras.Input" else None
        if former is not None:
            wording = _former_wording(event, name, former, asks)
        else:
            wording = self._dead_wording(
                layer,
                name,
                message=f"`{event.name}` of {about} was set to {value}, but `{name}` was built without it",
                label=_dead_label(about),
                read=f"`{event.name}`",
                arguments=f"`{event.name}={value}`",
            )
        mark = desk.first_mark(layer, event.name)
        claim = StateClaim(
            model,
            _is_dead,
            (layer,),
            (event.name, mark, frozenset(map(id, (*models, *desk.models())))),
            replace(
                _WHEN_USED,
                called_ahead=_CONFIG_READERS,
                # ``kernel_regularizer`` is read from ``kernel.regularizer``, ``use_bias`` from ``bias``.
                written_ahead=frozenset({event.name.rpartition("_")[2]}) - {event.name},
                asks=asks,
            ),
        )
        return self.finding(
            claim,
            wording,
            event.span,
            name,
            key=cause(event.span, event.name, layer),
            models=tuple(desk.name_of(m) for m in models),
            part=(id(layer), id(model)),
        )

    def _dead_wording(
        self, layer: Layer, name: str, *, message: str, label: str, read: str, arguments: str
    ) -> Wording:
        return Wording(
            message=message,
            label=label,
            notes=(
                f"only the constructor and `build` read {read}; the layer was built before",
                f"the config of `{name}` now says something the model is not: files saved from it may not load",
            ),
            help=(
                f"make the layer with {arguments} and rebuild `{name}` with it, or take the edit into a new model: "
                f"`{name} = keras.models.clone_model({name})` (its weights start afresh)"
            ),
            cured="the value was taken back, or a model was made from the new config",
            ran="as the layer was built",
            graph_layer=facts(layer),
        )

    def _carried(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        """Yield the models whose traced functions hold another setting of a regularizer or constraint."""
        target, attribute = event.target, event.name
        held, new, kind = in_words(event.old), brief_value(event.new), type(target).__name__
        for model in desk.models():
            carried = carried_by_weights(graph_layers(model))
            layer, what = next(((layer, what) for item, layer, what in carried if item is target), (None, ""))
            claim = TraceClaim(model, AttributeFact(target, attribute), at_use=event.at_use)
            if layer is None or not claim.holds(desk):
                continue
            name, about = desk.name_of(model), layer_title(facts(layer))
            wording = Wording(
                message=f"`{name}` goes on with {attribute}={held} of the {kind} {what} of {about}",
                label=f"`{attribute}` is now {new}, which no traced function has read",
                notes=("a function traced before the edit holds what it read then",),
                help=f"compile `{name}` again so that its functions are traced again"
                + keeping_state(model, name)
                + while_training(desk, model, name),
                cured=f"no traced function of `{name}` holds the old value",
                ran=f"with {attribute} {held} where the code said {new}",
                graph_layer=facts(layer),
            )
            yield self.finding(claim, wording, event.span, name, key=(id(model), id(target), attribute))

    def _stale(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        for model in desk.traced_models(event.target):
            claim = TraceClaim(model, AttributeFact(event.target, event.name))
            name = desk.name_of(model)
            traced = Traced(claim, name, desk)
            if not traced:
                continue
            key, part = cause(event.span, event.name, event.target), (id(event.target), id(model))
            known = desk.entry((self.code, *key))
            layers = {*known.parts, part} if known is not None else {part}
            held = claim.held(event.target, event.name, desk)
            wording = self._stale_wording(event, traced, held, sum(p[1] == id(model) for p in layers))
            cure = f"compile `{name}` again so that its functions are traced again"
            wording = replace(
                wording,
                notes=(
                    f"calling `{name}(x)` sees the new value; a function traced before the edit does not",
                ),
                help=trace_again(
                    traced.kinds,
                    cure + keeping_state(model, name) + while_training(desk, model, name),
                ),
                cured=f"no traced function of `{name}` holds the old value",
            )
            yield self.finding(claim, wording, event.span, name, key=key, part=part)
            if known is not None and known.finding.part != part:
                first = known.finding.wording
                known.reword(replace(wording, notes=first.notes, graph_layer=first.graph_layer))

    def _stale_wording(self, event: AttributeSet, traced: Traced, held: Mark, count: int) -> Wording:
        """Word that one layer, or so many of a line's, are traced with another value."""
        name, about = event.name, facts(event.target)
        verb = traced.does("uses", "use")
        if count > 1:
            return Wording(
                message=f"{traced} still {verb} the old `{name}` of {count} layers",
                label=f"sets {name} of {count} layers; the trace holds what they had before",
                ran=f"with the old {name} of {count} layers",
                graph_layer=about,
            )
        new, old = brief_value(event.new), held_words(held, event.old)
        return Wording(
            message=f"{traced} still {verb} the old `{name}` of {layer_title(about)}",
            label=f"sets {name} to {new}; the trace holds {old}",
            ran=f"with {name} {old} where the code said {new}",
            graph_layer=about,
        )


#: Attributes other rules speak of.
_OTHERS = frozenset({"trainable", "optimizer", LORA}) | PRIVATE_STRUCTURE | STEPS


def _asked_shape(event: AttributeSet) -> InputShape | None:
    """Return the shape that a former attribute asks for, where its object is a model or an input."""
    target, value = event.target, event.new
    if isinstance(value, int):
        value = (None, value)
    if not (is_model(target) or is_input(target)) or not isinstance(value, (tuple, list)) or len(value) < 2:
        return None
    if event.name == "_input_shape" and value[0] is not None:
        value = (None, *value)
    if not all(size is None or (type(size) is int and size > 0) for size in value):
        return None
    shape = tuple(value[1:])
    return InputShape(shape if is_model(target) else {str(target.name): shape})


def _shape_help(name: str, asks: InputShape) -> str:
    """Name the rebuild of a model for inputs of another shape."""
    named = asks.shape if isinstance(asks.shape, dict) else {"": asks.shape}
    ((key, shape),) = named.items()
    sizes = ",".join("none" if size is None else str(size) for size in shape)
    plain = f"{key}={sizes}" if key and not is_automatic_input_name(key) else sizes
    return (
        f"run `%keras_guard rebuild {name} --input-shape {plain}`: it writes the code of the same graph for this shape, "
        "with the weights of the layers that fit"
    )


def _former_wording(event: AttributeSet, name: str, now: str, asks: InputShape | None) -> Wording:
    """Word an attribute that Keras 3 does not have: neither the weights nor the config know it."""
    about = facts(event.target)
    how = f"make the layer again, with `{now}`"
    return Wording(
        message=f"Keras 3 does not read `{event.name}`: {layer_title(about)} in `{name}` is as it was",
        label=f"makes a new attribute `{event.name}` that nothing reads",
        notes=(f"Keras 3 uses `{now}`; other attributes are accepted and ignored",),
        help=_shape_help(name, asks) if asks else "set `name` of the layer" if now == "name" else how,
        cured="the attribute was deleted, or a model was made with another layer",
        ran=f"without `{event.name}`",
        graph_layer=about,
        rebuild=asks is not None,
    )


def _is_assigned_below(event: AttributeSet, desk: Desk) -> bool:
    """Whether the code below gives a weight its values, after an initializer was set that cannot do so any more."""
    if not event.name.endswith("initializer"):
        return False
    return not desk.code_after(event.span).called.isdisjoint({"assign", "set_weights"})


def _dead_label(about: str) -> str:
    return f"changes the config of {about}, not its weights nor what it computes"


def _opened_by(use: Use, desk: ClaimDesk, model: Model, *values: object) -> bool:
    # What is saved may be loaded again by the code ahead, and the new model has what the config says.
    return use.method not in ("compile", "save")


_WHEN_USED = Terms(certain=True, opened_by=_opened_by)


def _is_dead(
    desk: ClaimDesk, model: Model, layer: Layer, name: str, before: Mark, models: frozenset[int]
) -> bool:
    """Whether an attribute differs from what it was, no weight got it, and no model was made with it since."""
    value = getattr(layer, name, MISSING)
    if is_marked(before, value) or is_in_weights(layer, value):
        return False
    if name == "use_bias" and not value and getattr(layer, "bias", MISSING) is None:
        return False  # `call` reads both
    made_since = (other for other in desk.models() if id(other) not in models)
    return not any(_took_over(other, model, layer, name, value) for other in made_since)


def _took_over(other: Model, model: Model, layer: Layer, name: str, value: object) -> bool:
    """Whether a model has a twin of a layer with this value: one of its name, or in a model of the same layers."""
    is_copy = [type(part) for part in own_layers(other)] == [type(part) for part in own_layers(model)]
    return any(
        twin is not layer
        and twin.__class__ is layer.__class__
        and (is_copy or twin.name == layer.name)
        and same_value(getattr(twin, name, MISSING), value)
        for twin in graph_layers(other)
    )


def _disagrees(desk: ClaimDesk, model: Model, layer: Layer, name: str) -> bool:
    return shapes_disagree(layer) if name == _CONFIG else name in unapplied(layer)
