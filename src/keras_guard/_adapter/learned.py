"""Preprocessing layers as constructor calls with what ``adapt`` taught them."""

from __future__ import annotations

from typing import Any

from .._data.types import Layer, Namespace
from .layer_config import Construct, Named, NotExpressibleError, constructor_with
from .stock import is_stock

#: A file of more numbers or words than this would be data, not code.
_MOST = 20_000
_MOST_IN_A_CALL = 1_000


def with_learned_state(layer: Layer, objects: Namespace) -> Construct:
    """Return the constructor call of an adapted layer, with its statistics or vocabulary as arguments.

    Raises:
        NotExpressibleError: For a layer whose state is not known, or too long.
    """
    learned = _learned(layer)
    size = sum(map(_size, learned.values()))
    if size > _MOST:
        raise NotExpressibleError(f"it holds what adapt() learned, {size:,} values")
    return constructor_with(layer, learned, objects)


def lambda_call(layer: Layer) -> Construct:
    """Return the constructor call of a ``Lambda``, with its function as an object.

    Raises:
        NotExpressibleError: For another layer, or arguments that no config holds.
    """
    if type(layer).__name__ != "Lambda" or not is_stock(type(layer)):
        raise NotExpressibleError("its config holds code")
    if callable(layer.mask) or callable(getattr(layer, "_output_shape", None)):
        raise NotExpressibleError("its mask or output_shape is a function")
    given = {
        "output_shape": getattr(layer, "_output_shape", None),
        "arguments": layer.arguments,
        "name": layer.name,
    }
    function = Named(getattr(layer.function, "__name__", ""), layer.function)
    return Construct(type(layer), {"function": function, **{k: v for k, v in given.items() if v}})


def constant_of(value: object) -> tuple[Any, str] | None:
    """Return the values and type of a small constant tensor or array; else ``None``."""
    import numpy

    if (
        not hasattr(value, "shape")
        or not hasattr(value, "dtype")
        or type(value).__module__.startswith("keras.")
    ):
        return None
    try:
        values = numpy.asarray(value)
    except Exception:
        return None
    if values.size > _MOST_IN_A_CALL or values.dtype.kind not in "fiub":
        return None
    return values.tolist(), str(values.dtype)


def _learned(layer: Layer) -> dict[str, Any]:
    kind = type(layer).__name__
    if kind == "Normalization":
        return {"mean": _numbers(layer.adapt_mean), "variance": _numbers(layer.adapt_variance)}
    if kind == "Discretization":
        return {"bin_boundaries": _numbers(layer.bin_boundaries)}
    if kind in ("StringLookup", "IntegerLookup", "TextVectorization"):
        if getattr(layer, "output_mode", getattr(layer, "_output_mode", "")) == "tf_idf":
            raise NotExpressibleError("it holds the idf weights that adapt() learned")
        return {"vocabulary": [_plain(word) for word in layer.get_vocabulary(False)]}
    raise NotExpressibleError("it holds what adapt() learned")


def _numbers(value: object) -> Any:
    import numpy

    return numpy.asarray(value).tolist()


def _plain(word: object) -> Any:
    return word.item() if hasattr(word, "item") else str(word) if isinstance(word, str) else word


def _size(value: object) -> int:
    return sum(map(_size, value)) if isinstance(value, (list, tuple)) else 1
