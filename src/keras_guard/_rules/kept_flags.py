"""A flag that a layer had already, and that therefore does not reach the layers inside; reported by KG202."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator

from .._adapter.keras_types import is_keras_2, is_model
from .._adapter.membership import graph_layers
from .._adapter.model_use import Use
from .._adapter.trace_facts import trainable_identity
from .._claims.base import Claim, living, weak_all
from .._claims.base import Desk as ClaimDesk
from .._data.events import AttributeSet
from .._data.types import Layer, Model
from .._instrument.code_ahead import Ahead
from .._ledger import Finding, Wording
from .base import Desk, Rule
from .wording import cause, facts, layer_title


def kept_flags(rule: Rule, event: AttributeSet, models: Iterable[Model], desk: Desk) -> Iterator[Finding]:
    """Yield the models in which layers inside a layer keep another flag than the layer was given.

    Args:
        rule: The rule that says so.
        event: The flag was set to the value that it had.
        models: The models that run the layer, or layers inside it.
        desk: Answers what the rule asks.
    """
    layer, value = event.target, bool(event.new)
    number = desk.flag_number(layer)
    kept = [item for item in graph_layers(layer) if _keeps(item, value, number, desk)]
    if not kept or is_keras_2(layer):
        return
    title = f"`{desk.name_of(layer)}`" if is_model(layer) else layer_title(facts(layer))
    what = layer_title(facts(kept[0])) if len(kept) == 1 else f"{len(kept)} layers"
    state = "frozen" if value else "trainable"
    for model in models:
        name = desk.name_of(model)
        wording = Wording(
            message=f"training `{name}` leaves {what} {state}: setting `trainable` of {title} did nothing",
            label=f"{title} had this flag already; {what} inside {'keeps its' if len(kept) == 1 else 'keep their'} own",
            notes=(
                "on TensorFlow, `trainable` that is set to the value it has is not passed on to the layers inside",
            ),
            help=f"set `trainable` of {title} to {not value} and then to {value}, or set it for each layer, then compile",
            cured="the layers inside have the flag that was set, or their flags were set again",
            ran=f"with {what} {'frozen' if value else 'trained'}",
            graph_layer=facts(kept[0]),
        )
        key = (*cause(event.span, event.name, layer), "kept", id(model))
        yield rule.finding(_KeptClaim(model, layer, kept, number), wording, event.span, name, key=key)


def _keeps(layer: Layer, value: bool, number: int, desk: ClaimDesk) -> bool:
    """Whether a layer has another flag, which the user gave it before; one that was made frozen stays so on purpose."""
    return bool(layer.trainable) is not value and 0 < desk.flag_number(layer) < number and bool(layer.weights)


class _KeptClaim(Claim):
    """Layers inside a layer have another flag than the layer was given, and theirs were not set since."""

    shows_pending = False  # it matters when the model is trained

    def __init__(self, model: Model, layer: Layer, kept: list[Layer], number: int) -> None:
        super().__init__(model)
        self._layer = weakref.ref(layer)
        self._value = bool(layer.trainable)
        self._kept = weak_all(kept)
        self._number = number

    def _still(self, desk: ClaimDesk) -> Iterator[Layer]:
        layer = self._layer()
        if layer is not None and bool(layer.trainable) is self._value:
            yield from (item for item in living(self._kept) if _keeps(item, self._value, self._number, desk))

    def holds(self, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        return self.model is not None and any(self._still(desk))

    def opened_by(self, use: Use, desk: ClaimDesk) -> bool:
        """See :class:`Claim`. A trace may train other variables than the flags say."""
        if not use.trains or use.model is not self.model:
            return False
        traced = [facts.trainable for facts in use.serving if facts.trainable is not None]
        trained = set(traced[0] if traced else trainable_identity(use.model))
        own = {id(variable) for variable in use.model.variables}
        for layer in self._still(desk):
            inside = {id(variable) for variable in layer.weights} & own
            if inside and bool(inside & trained) is not self._value:
                return True
        return False

    def waits(self, ahead: Ahead, desk: ClaimDesk) -> bool:
        """See :class:`Claim`."""
        return True
