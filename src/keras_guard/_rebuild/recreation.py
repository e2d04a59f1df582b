"""Layers that are recreated though they fit: dead attributes, and copies that share nothing."""

from __future__ import annotations

from collections.abc import Iterable

from .._adapter.dead_attributes import dead_attributes
from .._adapter.keras_types import is_layer
from .._adapter.layer_config import Construct, NotExpressibleError, constructor_of
from .._adapter.layer_fit import config_holds_code, has_hidden_state
from .._adapter.learned import lambda_call, with_learned_state
from .._adapter.object_arguments import constructor_from_object
from .._adapter.operation_words import OperationWords, operation_words
from .._adapter.stock import is_stock
from .._data.types import Layer, Namespace
from .plan import ModelPlan, Part
from .refused import refuse_standalone


class Recreation:
    """Decides which layers are recreated, and what is said of those that cannot be.

    Args:
        layers: What the models call.
        objects: The user's classes and functions.
        tied: The ids of layers that share weights with another one.
        carry: Whether recreated layers get the weights of the old ones. If not, what a layer learned, and the
            text of its lambda, become arguments: the layer itself cannot be used again.
    """

    def __init__(self, layers: Iterable[Layer], objects: Namespace, tied: set[int], *, carry: bool) -> None:
        self._objects = objects
        self._tied = tied
        self._carry = carry
        #: By ``id`` of a layer, its attributes that its variables do not have.
        self._dead = {id(layer): dead for layer in layers if (dead := dead_attributes(layer))}
        self.notes: list[str] = []

    def concerns(self, layers: Iterable[Layer]) -> bool:
        """Whether one of some layers has such attributes."""
        return any(id(layer) in self._dead for layer in layers)

    def revive(self, part: Part) -> None:
        """Recreate a layer whose regularizer or constraint was set after it was built."""
        dead = self._dead.get(id(part.item))
        if dead is None or part.origin != "kept":
            return
        which = f"its {' and '.join(dead)} {'were' if len(dead) > 1 else 'was'} set after it was built"
        try:
            part.words = self._words_of(part.item)
        except NotExpressibleError as error:
            self.notes.append(
                f"{part.name!r} is kept without effect of this: {which}; not recreated: {error}"
            )
        else:
            part.origin, part.carries = "fresh", True
            part.why = f"recreated with the weights it had: {which}"

    def recreate_all(self, plan: ModelPlan) -> None:
        """Recreate every layer and operation that can be written as code; note the others."""
        for part in plan.parts():
            if part.origin != "kept":
                continue
            try:
                part.words = self._words_of(part.item)
            except NotExpressibleError as error:
                if not self._carry:
                    raise refuse_standalone(part.name, error) from None
                self.notes.append(f"{part.name!r} is shared with the old model: {error}")
            else:
                part.origin = "fresh"
                part.carries = self._carry and is_layer(part.item) and bool(part.item.weights)

    def _words_of(self, item: Layer) -> Construct | OperationWords:
        """Return what creates an equal layer, or calls an equal operation.

        Raises:
            NotExpressibleError: Where nothing does.
        """
        if not is_layer(item):
            return operation_words(item)
        if id(item) in self._tied:
            raise NotExpressibleError("it shares weights with another layer")
        if has_hidden_state(item):
            if not self._carry:
                return with_learned_state(item, self._objects)
            raise NotExpressibleError("it holds what adapt() learned")
        if config_holds_code(item):
            if not self._carry:
                return lambda_call(item)
            raise NotExpressibleError("its config holds code")
        try:
            return constructor_of(item, self._objects)
        except NotExpressibleError:
            if is_stock(type(item)):
                raise
        return constructor_from_object(item, self._objects)
