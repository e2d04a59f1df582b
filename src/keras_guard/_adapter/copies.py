"""Containers and arrays that Keras copies at each read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._data.types import Layer, Model, Variable
from .keras_types import is_model, is_variable
from .marks import same_value
from .membership import fresh_copy_property, graph_layers
from .no_side_effects import as_numpy
from .stock import is_stock_module


def hands_out_copy(owner: object, source: str) -> bool:
    """Whether ``owner.source`` (an attribute, or a method with ``()``) is Keras' own and makes a copy."""
    if source.endswith("()"):
        method = getattr(owner.__class__, source[:-2], None)
        return is_stock_module(str(getattr(method, "__module__", "")))
    return fresh_copy_property(owner, source)


def is_unchanged_copy(owner: Any, value: object) -> bool:
    """Whether what was copied from the weights of a layer, or from a variable, is as the weights are now."""
    now = [as_numpy(variable) for variable in ([owner] if is_variable(owner) else owner.weights)]
    arrays = value if type(value) is list else [value]
    return all(any(same_value(array, other) for other in now) for array in arrays)


def layer_with(variable: Variable, models: Iterable[Model]) -> Layer | None:
    """Return the layer of some models that has a variable, ``None`` where none has it."""
    models = list(models)
    parts = [layer for model in models for layer in graph_layers(model) if not is_model(layer)]
    return next(
        (layer for layer in (*parts, *models) if any(weight is variable for weight in layer.weights)), None
    )
