"""What the user gave as a layer: a layer, a record of one, an input, or something else."""

from __future__ import annotations

from typing import Any

from .._adapter.face import is_layer, is_symbolic
from .._adapter.graph import Spec, Value, spec_of
from .._adapter.graph_facts import maker_of
from .._adapter.membership import is_input
from .._data.edits import LayerRecord
from .refused import RebuildRefused

#: A record of an item that was a symbolic tensor and is gone.
_TENSOR = "KerasTensor"


def input_spec(value: Any) -> Spec | None:
    """Return the spec of a ``keras.Input`` tensor, an input layer or the record of one; else ``None``."""
    if is_symbolic(value):
        made = maker_of(Value(spec_of(value), "", tensor=value))
        return spec_of(value) if made is not None and is_input(made) else None
    if isinstance(value, LayerRecord):
        config = value.config or {}
        if value.cls.__name__ != "InputLayer":
            return None
        shape = config.get("batch_shape")
        known = tuple(shape) if shape is not None else None
        return Spec(known, str(config.get("dtype")), bool(config.get("sparse")))
    return spec_of(value.output) if is_layer(value) and is_input(value) else None


def refuse_item(value: Any) -> RebuildRefused:
    """Return the refusal of something that is no layer, with what to do instead."""
    return RebuildRefused(_what_it_is(value), _cure_of(value))


def _is_tensor(value: Any) -> bool:
    return (isinstance(value, str) and value == _TENSOR) or is_symbolic(value)


def _what_it_is(value: Any) -> str:
    if isinstance(value, type):
        return f"{value.__name__} is a class, not a layer"
    if _is_tensor(value):
        return "a symbolic tensor stands where a layer belongs"
    kind = value if isinstance(value, str) else type(value).__name__
    return f"{'None' if kind == 'NoneType' else f'a {kind}'} stands where a layer belongs"


def _cure_of(value: Any) -> tuple[str, ...]:
    if isinstance(value, type):
        return (f"make one: {value.__name__}(...)",)
    if callable(value) or (isinstance(value, str) and value == "function"):
        return ("wrap it: keras.layers.Lambda(function)",)
    if _is_tensor(value):
        return ("put the layer there that makes the tensor",)
    return ("put a layer there",)
