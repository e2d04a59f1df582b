"""Layers in words: name, class, the arguments that matter, output shape, parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._data.diagnostic import LayerFacts
from .._data.edits import LayerRecord
from .._data.types import Layer, Variable
from .quiet import no_warnings
from .stock import parameters_of

_BORING = frozenset(
    {"batch_shape", "name", "dtype", "trainable", "build_config", "registered_name", "module"}
)
_MAX_ARGUMENTS = 3


def record_layer(layer: Layer) -> LayerRecord:
    """Describe a layer by class and config, so that it may be dropped."""
    name = str(getattr(layer, "name", ""))
    return LayerRecord(type(layer), config_of(layer), name, batch_shape=given_batch_shape(layer))


def given_batch_shape(layer: Layer) -> tuple[int | None, ...] | None:
    """Return the shape that a layer's ``input_shape=`` or ``batch_shape=`` asks for, with the batch.

    A ``Sequential`` makes its input from it when the layer is its first. No config holds it.
    """
    batch = getattr(layer, "batch_shape", None) if type(layer).__name__ == "InputLayer" else None
    if batch is None:
        batch = getattr(layer, "_batch_input_shape", None)  # Keras 2
    inner = getattr(layer, "_input_shape_arg", None)
    if batch is None and inner is not None:
        batch = (None, *inner)
    try:
        return None if batch is None else tuple(None if n is None else int(n) for n in batch)
    except (TypeError, ValueError):
        return None


def config_of(layer: Layer) -> dict[str, Any] | None:
    """Return ``get_config()``, or ``None`` where a layer has none."""
    try:
        with no_warnings():  # Keras warns of lambdas
            config = layer.get_config()
    except Exception:
        return None
    return config if isinstance(config, dict) else None


def describe_layer(layer: Layer) -> LayerFacts:
    """Return what a card says of a layer (or of anything put in a layer's place)."""
    if isinstance(layer, LayerRecord):
        settings = _settings(layer.cls, layer.config)
        return LayerFacts(layer.name, layer.cls.__name__, ", ".join(settings), settings=settings)
    name = str(getattr(layer, "name", "") or type(layer).__name__)
    settings = _settings(type(layer), config_of(layer))
    return LayerFacts(
        name, type(layer).__name__, ", ".join(settings), _output_shape(layer), _params(layer), settings
    )


def _output_shape(layer: Layer) -> tuple[int | None, ...] | None:
    try:
        shape = layer.output.shape
        return tuple(None if n is None else int(n) for n in shape)
    except Exception:
        return None


def _params(layer: Layer) -> int | None:
    if not getattr(layer, "built", False):
        return None
    try:
        return int(layer.count_params())
    except Exception:
        return None


def _settings(cls: type, config: Any) -> tuple[str, ...]:
    """Return up to three arguments that differ from the defaults, in the constructor's order."""
    if not config or "layers" in config:
        return ()
    words = []
    for name, parameter in parameters_of(cls.__init__).items():  # type: ignore[misc]
        if name in _BORING or name not in config:
            continue
        value = _plain(config[name])
        if value is None or value == parameter.default or _as_tuple(value) == _as_tuple(parameter.default):
            continue
        if value is False and parameter.default is None:
            continue
        words.append(f"{name}={value!r}")
        if len(words) == _MAX_ARGUMENTS:
            break
    return tuple(words)


def _plain(value: object) -> Any:
    """Return a config value as a short text can say it; ``None`` for a long one."""
    if isinstance(value, dict):
        return None
    if isinstance(value, (list, tuple)) and (
        len(value) > 4 or any(isinstance(v, (dict, list)) for v in value)
    ):
        return None
    if isinstance(value, str) and (len(value) > 40 or value == "linear"):
        return None
    return tuple(value) if isinstance(value, list) else value


def _as_tuple(value: object) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def brief_value(value: object, depth: int = 3) -> str:
    """Return a value as a sentence can say it, never running a user's slow or broken ``__repr__``.

    It looks into lists and dicts to a depth: one may hold itself.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    name = getattr(value, "__name__", None)
    if isinstance(name, str):
        return name
    if depth and isinstance(value, (tuple, list)) and len(value) <= 4:
        inner = ", ".join(brief_value(item, depth - 1) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if depth and issubclass(type(value), dict):
        items: dict[Any, Any] = dict(dict.items(value))  # type: ignore[arg-type]
        if len(items) <= 4:
            return brief_dict({key: brief_value(item, depth - 1) for key, item in items.items()})
    return type(value).__name__


def brief_dict(items: Mapping[object, str]) -> str:
    """Return a dict as a sentence can say it, given what to say of each value."""
    return "{" + ", ".join(f"{brief_value(key)}: {item}" for key, item in items.items()) + "}"


def size_of(weight: Variable) -> int:
    """Return how many numbers a weight has."""
    return math.prod(int(length or 0) for length in tuple(weight.shape))


def weight_shapes(layer: Layer) -> str:
    """Return the shapes of a layer's weights in words, such as ``kernel (8, 64), bias (64,)``."""
    weights = list(getattr(layer, "weights", ()))
    words = [f"{str(weight.name).rpartition('/')[2]} {tuple(weight.shape)}" for weight in weights[:3]]
    return ", ".join(words) + (f" and {len(weights) - 3} more" if len(weights) > 3 else "")
