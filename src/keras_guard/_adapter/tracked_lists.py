"""The lists of layers that a layer keeps as attributes.

Keras makes a ``TrackedList`` of such a list, and its ``append``, ``pop`` and the like tell the layer of each item. A slot
that is set (``blocks[0] = layer``) tells nothing: a call runs the new item, and its weights are in no ``weights`` of the
layer around it, so that ``fit`` does not train them. Found so in Keras 3.3 to 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .._data.types import Layer, Model
from .keras_types import TYPES, is_layer
from .membership import graph_layers, is_built, layers_of_classes, same_items, tracked_layers

#: The methods of ``list`` that change its slots, and that a ``TrackedList`` inherits as they are.
SLOT_METHODS = ("__setitem__", "reverse", "sort")


def is_tracked_list(value: object) -> bool:
    """Whether a value is a list that a layer keeps as an attribute."""
    return issubclass(type(value), TYPES.tracked_list)


def lists_of(layer: Layer) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists that a layer keeps, each with the name of its attribute; Keras' own layers are not asked."""
    if not _may_keep_lists(type(layer)):
        return
    for name, value in list(vars(layer).items()):
        if name != "_layers" and is_tracked_list(value):
            yield name, value


def _may_keep_lists(cls: type) -> bool:
    return not cls.__module__.startswith("keras.")


def layers_listed(owners: Sequence[Layer]) -> Iterator[Layer]:
    """Yield the layers in such lists of some layers, in their order."""
    for owner in layers_of_classes(owners, _may_keep_lists):
        for _, items in lists_of(owner):
            yield from filter(is_layer, items)


def kept_as(layer: Layer, items: Sequence[object]) -> str | None:
    """Return the attribute of a layer that is a list of these very items, ``None`` where none is."""
    return next((name for name, held in lists_of(layer) if same_items(tuple(held), tuple(items))), None)


def untracked_items(model: Model) -> Iterator[tuple[Layer, str, Layer]]:
    """Yield the layers in such lists that the model has no record of, and that may have weights to train.

    Each is yielded as the layer whose list it is, the attribute of the list, and the layer itself.
    """
    known = [model, *graph_layers(model)]
    numbers = set(map(id, known))
    for owner in known:
        for name, items in lists_of(owner):
            for item in items:
                if is_layer(item) and id(item) not in numbers and _may_train(item):
                    yield owner, name, item


def _may_train(layer: Layer) -> bool:
    """Whether a layer has weights to train, or may make some when it is built."""
    if is_built(layer):
        return bool(layer.trainable_variables)
    has_own_build = all(type(layer).build is not getattr(base, "build", None) for base in TYPES.layer)
    return has_own_build or any(map(_may_train, tracked_layers(layer)))


class AddedMethod:
    """A method that a class inherits from ``list``, given to the class with a call before and one after it.

    Args:
        owner: The class.
        name: The method.
        before: Called with the list and the arguments; returns a token.
        after: Called with the token when the method returns or raises, if the token is not ``None``.
    """

    def __init__(
        self, owner: type, name: str, before: Callable[..., Any], after: Callable[[Any], object]
    ) -> None:
        inherited = getattr(list, name)

        def method(self: list[Any], *args: object, **options: object) -> Any:
            __tracebackhide__ = True
            token = before(self, *args)
            try:
                return inherited(self, *args, **options)
            finally:
                if token is not None:
                    after(token)

        method.__name__, method.__qualname__, method.__doc__ = name, inherited.__qualname__, inherited.__doc__
        self.function = method
        self._owner = owner
        setattr(owner, name, method)

    def remove(self) -> None:
        """Take the method away from the class, unless somebody else has set another one since."""
        if vars(self._owner).get(self.function.__name__) is self.function:
            delattr(self._owner, self.function.__name__)
