"""The constructor call of a layer whose config does not make it again.

Some classes of libraries write into their config what their constructor does not take (a shape, a
count that follows from other arguments), leave an argument out, or raise in ``get_config``. Most of
them keep each argument as an attribute of the same name, which is read here.
"""

from __future__ import annotations

from typing import Any

from .._data.types import Layer, Namespace
from .describe import config_of
from .keras_types import TYPES, keras
from .layer_config import (
    Construct,
    NotExpressibleError,
    arguments,
    constructor_parameters,
    realise,
    same_config,
    strip,
)

_EVERY_LAYER = ("name", "trainable", "dtype")
_PLAIN = (bool, int, float, str, bytes, type(None))


def constructor_from_object(layer: Layer, objects: Namespace) -> Construct:
    """Return the constructor call that makes an equal layer, its arguments read from config and attributes.

    Raises:
        NotExpressibleError: Where an argument is told nowhere, or the layer it makes differs.
    """
    cls: type = type(layer)
    parameters, _ = constructor_parameters(cls)
    if issubclass(cls, TYPES.model):
        raise NotExpressibleError(f"{cls.__name__} has no config that makes it again")
    given = _given(layer)
    untold = [name for name in parameters if name not in given]
    if untold:
        raise NotExpressibleError(
            f"neither the config of a {cls.__name__} nor an attribute tells its {', '.join(untold)}"
        )
    try:
        call = Construct(cls, arguments(cls, given, layer, objects, brief=True))
        made = realise(call)
    except Exception as error:
        raise NotExpressibleError(f"{cls.__name__}: {error}") from None
    if not same_config(_given(made), given) or not _tells_the_same(made, layer):
        raise NotExpressibleError(f"{cls.__name__} gives other arguments back than it was given")
    return call


def _given(layer: Layer) -> dict[str, Any]:
    """Return the arguments of a layer's constructor, serialised as in a config."""
    config = config_of(layer)
    told = strip(config if config is not None else keras().layers.Layer.get_config(layer))
    found = {name: told[name] for name in _EVERY_LAYER if name in told}
    cls: type = type(layer)
    for name in constructor_parameters(cls)[0]:
        if name in told:
            found[name] = told[name]
        elif name in vars(layer):
            found[name] = _serialised(vars(layer)[name])
    return found


def _serialised(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(map(_serialised, value))
    if callable(getattr(value, "get_config", None)):
        return {"class_name": type(value).__name__, "config": strip(value.get_config())}
    return {"class_name": "function", "config": str(getattr(value, "__name__", ""))}


def _tells_the_same(made: object, layer: Layer) -> bool:
    """Whether two layers have the same config, apart from what is not set before a layer is built."""
    new, old = config_of(made), config_of(layer)
    if new is None or old is None:
        return new is old
    new, old = strip(new), strip(old)
    return new.keys() == old.keys() and all(
        new[key] is None or same_config(new[key], old[key]) for key in old
    )
