"""KG201 ``layer-attribute``: an attribute of a built layer that can no longer reach it, or not its traces."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .._adapter.attributes import Effect, effect_of, is_in_weights, same_value, shapes_disagree, unapplied
from .._adapter.describe import brief_value
from .._adapter.face import is_layer, is_model
from .._adapter.membership import graph_layers
from .._adapter.reads import COMPILE_ARGUMENTS, STEPS, kinds_reading
from .._data.diagnostic import Span
from .._data.events import AttributeSet, Event
from .._data.missing import MISSING
from .._instrument.names import Ahead
from .._instrument.vocabulary import PRIVATE_STRUCTURE
from .._ledger import Finding
from .base import Desk, Page, Rule
from .stale import (
    cause,
    functions,
    holds_stale,
    layer_title,
    opened_by_stale,
    stale_kinds,
    until_the_cell_ends,
)
from .words import facts

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
`momentum` and others that `call` reads, or a step or loss of a model class of your own, once a function
that reads them was traced.""",
        why="""
Weights are made once, by `build`: a later `units` or `kernel_regularizer` changes the config and nothing
else. The first `fit`, `evaluate` or `predict` turns what `call` reads into constants of its trace.""",
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
layer's own methods nor an argument of its constructor is the user's own, and let be. A stale attribute
that training alone reads (`rate`, `momentum`) does not open at `predict`.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
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
        if effect is Effect.NONE:
            yield self._dead(event, models, desk)
        elif effect is Effect.CALL:
            yield from self._stale(event, desk)

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        known = {entry.finding.part for entry in desk.entries_of(model) if entry.finding.code == self.code}
        for layer in graph_layers(model):
            if (id(layer), id(model)) in known:
                continue
            for name in unapplied(layer):
                yield self._unseen(layer, name, model, desk)
            if shapes_disagree(layer):
                about = layer_title(facts(layer))
                yield replace(
                    self._unseen(layer, _CONFIG, model, desk),
                    message=f"the config of {about} asks for weights of other shapes than it has",
                    label=f"an attribute of {about} was set after it was built",
                )

    def _unseen(self, layer: Any, name: str, model: Any, desk: Desk) -> Finding:
        event = AttributeSet(layer, name, MISSING, getattr(layer, name, None), Span())
        return replace(
            self._dead(event, [model], desk),
            message=f"`{name}` of {layer_title(facts(layer))} is not what its weights were made with",
            holds=_disagreement(layer, name),
        )

    def _dead(self, event: AttributeSet, models: list[Any], desk: Desk) -> Finding:
        model, layer = models[0], event.target
        name, about = desk.name_of(model), facts(event.target)
        value = brief_value(event.new)
        what = f"`{event.name}` of {layer_title(about)}"
        return Finding(
            code=self.code,
            rule=self.name,
            key=cause(self.code, event.span, event.name, layer),
            span=event.span,
            message=f"{what} was set to {value}, but `{name}` was built without it",
            label=f"changes the config of {layer_title(about)}, not its weights nor what it computes",
            notes=(
                f"only the constructor and `build` read {_spelled(event.name)}; the layer was built before",
                f"the config of `{name}` now says something the model is not: files saved from it may not load",
            ),
            help=_cure(
                name, f"`{event.name}={value}`" if event.name in vars(layer) else "the arguments you mean"
            ),
            model=weakref.ref(model),
            model_name=name,
            models=tuple(desk.name_of(m) for m in models),
            certain=True,
            holds=_dead_proof(event, models, desk),
            # What is saved may be loaded again by the code ahead, and the new model has what the config says.
            opened_by=lambda use: use.method not in ("compile", "save"),
            waits=_waits(models, desk),
            cured="the value was taken back, or a model was made from the new config",
            graph_layer=about,
            part=(id(layer), id(model)),
        )

    def _stale(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        about = facts(event.target)
        for model in desk.traced_models(event.target):
            reading = kinds_reading(model, event.target, event.name)
            kinds = stale_kinds(desk, model, event.target, event.name, reading)
            if not kinds:
                continue
            name = desk.name_of(model)
            yield Finding(
                code=self.code,
                rule=self.name,
                key=cause(self.code, event.span, event.name, event.target),
                span=event.span,
                message=f"{functions(kinds)} of `{name}` still {'use' if len(kinds) > 1 else 'uses'} "
                f"the old `{event.name}` of {layer_title(about)}",
                label=f"sets {event.name} to {brief_value(event.new)}; the trace holds {brief_value(event.old)}",
                notes=(
                    f"calling `{name}(x)` sees the new value; a function traced before the edit does not",
                ),
                help=f"compile `{name}` again (`{name}.compile(...)`) so that its functions are traced anew",
                model=weakref.ref(model),
                model_name=name,
                holds=holds_stale(desk, model, event.target, event.name, reading),
                opened_by=opened_by_stale(desk, model, event.target, event.name, reading),
                waits=until_the_cell_ends,
                quiet_after_use=True,
                cured=f"no traced function of `{name}` holds the old value",
                graph_layer=about,
                part=(id(event.target), id(model)),
            )


#: Attributes other rules speak of.
_OTHERS = frozenset({"trainable", "optimizer"}) | PRIVATE_STRUCTURE | STEPS


def _cure(name: str, arguments: str) -> str:
    return (
        f"make the layer with {arguments} and rebuild `{name}` with it, or take the edit into a new model: "
        f"`{name} = keras.models.clone_model({name})` (its weights start afresh)"
    )


def _waits(models: list[Any], desk: Desk) -> Callable[[Ahead], bool]:
    references = [weakref.ref(model) for model in models]

    def waits(ahead: Ahead) -> bool:
        living = [m for m in (r() for r in references) if m is not None]
        return desk.rebinds_ahead(ahead, living) or bool(_CONFIG_READERS & ahead.called)

    return waits


def _dead_proof(event: AttributeSet, models: list[Any], desk: Desk) -> Callable[[], bool]:
    """The value differs from what it was, no weight got it, and no model was made from the new config."""
    target, name, number = weakref.ref(event.target), event.name, desk.edit_number()
    references = [weakref.ref(model) for model in models]
    first = desk.first_edit(event.target, name)

    def proof() -> bool:
        layer = target()
        if layer is None or not desk.attribute_changed_since(layer, name, min(first, number) - 1):
            return False
        value = getattr(layer, name, MISSING)
        if is_in_weights(layer, value):
            return False
        own = {id(r()) for r in references}
        others = [m for m in desk.models() if id(m) not in own]
        return not any(_took_over(other, layer, name, value) for other in others)

    return proof


def _took_over(model: Any, layer: Any, name: str, value: Any) -> bool:
    return any(
        twin is not layer
        and twin.__class__ is layer.__class__
        and twin.name == layer.name
        and same_value(getattr(twin, name, MISSING), value)
        for twin in graph_layers(model)
    )


def _spelled(name: str) -> str:
    return "an attribute such as `units`" if name == _CONFIG else f"`{name}`"


def _disagreement(layer: Any, name: str) -> Callable[[], bool]:
    reference = weakref.ref(layer)

    def proof() -> bool:
        living = reference()
        if living is None:
            return False
        return shapes_disagree(living) if name == _CONFIG else name in unapplied(living)

    return proof
