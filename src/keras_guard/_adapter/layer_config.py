"""Layers as constructor calls: which class, with which arguments that differ from the defaults.

Nothing here runs code found in a config: lambdas stay closed, and what a config names is looked
up among classes that are already imported.
"""

from __future__ import annotations

import copy
import inspect
import math
import re
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import FunctionType
from typing import Any

from .._data.edits import LayerRecord
from .._data.types import Arguments, Namespace
from .describe import config_of
from .keras_types import TYPES, is_layer, keras, setting
from .policy import global_policy
from .short_arguments import equation_of, is_filled_in, shortened
from .stock import is_stock, parameters_of


class NotExpressibleError(Exception):
    """An object that no constructor call with literal arguments makes again."""


@dataclass(frozen=True)
class Construct:
    """A call of a class.

    Attributes:
        cls: The class.
        kwargs: Arguments: literals, :class:`Construct`, :class:`Named`, or lists and dicts of these.
        config: When set, the object is made by ``cls.from_config(config)`` instead.
    """

    cls: type
    kwargs: Arguments = field(default_factory=dict)
    config: Arguments | None = None


@dataclass(frozen=True)
class Named:
    """A function or class that a config holds by its name only.

    Attributes:
        name: The name in the config.
        value: The object itself.
    """

    name: str
    value: Any


#: Arguments every layer takes through ``**kwargs``, with what they are when not given.
_LAYER_ARGUMENTS = {
    "trainable": True,
    "activity_regularizer": None,
    "dtype": None,
    "autocast": True,
    # Of Keras 2: recurrent layers and optimizers.
    "implementation": 2,
    "is_legacy_optimizer": False,
    "decay": 0.0,
}
_SERIALIZED = frozenset({"class_name", "config"})


def strip(config: Any) -> Any:
    """Return a deep copy of a config without what belongs to one build: shapes, compile settings."""
    if isinstance(config, dict):
        skip = ("build_config", "compile_config")
        return {key: strip(item) for key, item in config.items() if key not in skip}
    if isinstance(config, (list, tuple)):
        return type(config)(strip(item) for item in config)
    if type(config).__module__ == "numpy" and getattr(config, "shape", None) == ():
        return config.item()
    try:
        return copy.deepcopy(config)
    except Exception:
        return config


def user_objects(namespace: Namespace) -> dict[str, Any]:
    """Return the user's classes and functions by name, for Keras to find them in configs."""
    return {name: value for name, value in list(namespace.items()) if isinstance(value, (type, FunctionType))}


def constructor_of(item: object, objects: Namespace, *, name: str | None = None) -> Construct:
    """Return the constructor call that makes an equal layer (or loss, metric, optimizer), checked by its config.

    Args:
        item: A live object with ``get_config()``, or a :class:`LayerRecord`.
        objects: The user's classes and functions by name.
        name: The name it shall have; its own when not given.

    Raises:
        NotExpressibleError: Where no such call was found.
    """
    if isinstance(item, LayerRecord):
        cls, config, live = item.cls, item.config, None
    else:
        cls, config, live = type(item), config_of(item), item
    if config is None:
        raise NotExpressibleError(f"{cls.__name__} has no config")
    wanted = strip(config)
    if name is not None and "name" in wanted:
        wanted["name"] = name
    return _checked(cls, wanted, live, objects)


def constructor_with(item: object, given: Mapping[str, Any], objects: Namespace) -> Construct:
    """Return the constructor call of a live layer, with some arguments given instead of those in its config.

    Raises:
        NotExpressibleError: Where the layer it makes does not have them.
    """
    cls: type = type(item)
    wanted = {**strip(config_of(item) or {}), **given}
    parameters, _ = constructor_parameters(cls)
    # What a config only tells (``vocabulary_size``) is no argument, and follows from the others.
    known = {k: v for k, v in wanted.items() if k in parameters or k in _LAYER_ARGUMENTS or k == "name"}

    def same(kwargs: Mapping[str, Any]) -> bool:
        made = _config_made(cls, kwargs)
        return made is not None and all(same_config(made.get(key), value) for key, value in known.items())

    try:
        kwargs = arguments(cls, known, item, objects, brief=True)
        if same(kwargs):
            return Construct(cls, shortened(cls, kwargs, same, built="as given"))
    except Exception as error:
        raise NotExpressibleError(f"{cls.__name__}: {error}") from None
    raise NotExpressibleError(f"{cls.__name__} gives another config back than it was given")


def _checked(cls: type, wanted: dict[str, Any], live: object, objects: Namespace) -> Construct:
    for brief, given in ((True, _rounded(wanted)), (True, wanted), (False, wanted)):
        try:
            call = Construct(cls, arguments(cls, given, live, objects, brief=brief))
            made = strip(realise(call).get_config())
        except Exception as error:
            reason = error
            continue
        if same_config(made, wanted):
            gives = partial(_gives, cls, wanted, live)
            return Construct(cls, shortened(cls, call.kwargs, gives, built=equation_of(live)))
        reason = NotExpressibleError(f"{cls.__name__} gives another config back than it was given")
    try:
        _assert_literal(wanted)
        made = strip(_from_config(cls, wanted, objects).get_config())
        if same_config(made, wanted):
            return Construct(cls, config=wanted)
    except Exception as error:
        reason = error
    raise NotExpressibleError(f"{cls.__name__}: {reason}") from None


def _gives(cls: type, wanted: dict[str, Any], live: object, kwargs: Mapping[str, Any]) -> bool:
    """Whether a call of a class gives a config, apart from what building the layer filled in."""
    made = _config_made(cls, kwargs)
    return (
        made is not None
        and made.keys() == wanted.keys()
        and all(
            same_config(made[key], wanted[key]) or is_filled_in(key, made[key], wanted[key], live)
            for key in wanted
        )
    )


def _config_made(cls: type, kwargs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the config of what a call of a class makes; ``None`` where it makes nothing."""
    try:
        made: dict[str, Any] = strip(realise(Construct(cls, dict(kwargs))).get_config())
    except Exception:
        return None
    return made


def _rounded(config: Arguments) -> dict[str, Any]:
    """Spell numbers that came out of a float32 variable, such as a learning rate, as they went in."""
    return {key: _as_given(value) if type(value) is float else value for key, value in config.items()}


def _as_given(value: float) -> float:
    if not math.isfinite(value) or _as_single(value) != value:
        return value
    return next(
        short for short in (float(f"{value:.{n}g}") for n in range(1, 18)) if _as_single(short) == value
    )


def _as_single(value: float) -> float:
    try:
        single: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.inf
    return single


def same_config(a: object, b: object) -> bool:
    """Whether two configs say the same, tuples and lists alike, auto-chosen names of inner parts apart."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_config(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same_config(x, y) for x, y in zip(a, b, strict=True))
    if a is b:
        return True
    try:
        return bool(a == b) or (_is_nan(a) and _is_nan(b))
    except Exception:
        return False


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def arguments(
    cls: type, config: Arguments, live: object, objects: Namespace, *, brief: bool
) -> dict[str, Any]:
    """Return a config as arguments of the constructor; brief: without those that have their default."""
    parameters, open_ended = constructor_parameters(cls)
    found: dict[str, Any] = {}
    for key, raw in config.items():
        known = key in parameters
        if (
            brief
            and issubclass(cls, TYPES.keras_2 + TYPES.loss)
            and _is_chosen_by_keras_2(key, raw, known=known)
        ):
            continue
        if not known and not open_ended and key not in _LAYER_ARGUMENTS and key != "name":
            raise NotExpressibleError(f"{cls.__name__} takes no argument {key}")
        default = parameters[key].default if known else _LAYER_ARGUMENTS.get(key, inspect.Parameter.empty)
        if key == "dtype" and _policy_name(raw) == global_policy():
            continue
        if key == "name" and known and not parameters and raw is None:
            continue
        value = _neutral(raw, getattr(live, key, None) if live is not None else None, objects)
        if default is None and (
            raw is None or (key == "data_format" and raw == setting("image_data_format"))
        ):
            continue
        if brief and default is not inspect.Parameter.empty and _is_default(value, raw, default):
            continue
        found[key] = value
    order = [*(k for k in parameters if k in found), *(k for k in found if k not in parameters)]
    return {key: found[key] for key in order}


def _is_chosen_by_keras_2(key: str, raw: object, *, known: bool) -> bool:
    """Whether Keras 2 adds an argument by itself: what a loss wraps, and no compiling without a GPU."""
    return (key == "fn" and not known) or (key == "jit_compile" and raw is False)


@lru_cache(maxsize=256)
def constructor_parameters(cls: type) -> tuple[dict[str, inspect.Parameter], bool]:
    """Return the named arguments of a class' constructor, and whether it takes any others."""
    parameters = parameters_of(cls.__init__)  # type: ignore[misc]
    if not parameters:
        return {}, True
    kinds = {p.kind for p in parameters.values()}
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return (
        {n: p for n, p in list(parameters.items())[1:] if p.kind in named},
        inspect.Parameter.VAR_KEYWORD in kinds,
    )


def _policy_name(value: object) -> str | None:
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
        return str(value.get("config", {}).get("name"))
    return value if isinstance(value, str) else None


def _is_default(value: object, raw: object, default: object) -> bool:
    """Whether an argument is what the constructor takes when it is not given."""
    if isinstance(value, Construct):
        return isinstance(default, str) and _shorthand(value) == default.lower()
    if isinstance(value, Named):
        return value.value is default or value.name == default
    if isinstance(default, (list, tuple)) or isinstance(raw, (list, tuple)):
        return isinstance(default, (list, tuple)) and same_config(list(default), value)
    if (raw == "linear" and default is None) or (isinstance(value, str) and value == default):
        return True
    return type(raw) is type(default) and bool(raw == default)


def _neutral(raw: object, live: object, objects: Namespace) -> Any:
    """Return a config value with serialised objects turned into constructor calls."""
    if isinstance(raw, dict):
        if raw.keys() >= _SERIALIZED:
            return _object(raw, live, objects)
        inner = live if isinstance(live, dict) else {}
        return {key: _neutral(item, inner.get(key), objects) for key, item in raw.items()}
    if isinstance(raw, (list, tuple)):
        inner_list = list(live) if isinstance(live, (list, tuple)) else []
        padded = inner_list if len(inner_list) == len(raw) else [None] * len(raw)
        return type(raw)(_neutral(item, at, objects) for item, at in zip(raw, padded, strict=True))
    _assert_literal(raw)
    return raw


def _object(raw: Arguments, live: object, objects: Namespace) -> Any:
    name, config = raw["class_name"], raw["config"]
    if name == "DTypePolicy":
        return str(config["name"])
    if name == "function":
        return _function(str(config), live, objects)
    if not isinstance(config, dict) or str(name).startswith("__"):
        raise NotExpressibleError(f"a {name} in the config")
    cls = _class_named(raw, live, objects)
    if "layers" in config and is_layer(live):
        raise NotExpressibleError("a model inside a layer")
    made = constructor_of(LayerRecord(cls, config, ""), objects)
    short = _shorthand(made)
    return short if short is not None and _is_plain_shorthand(cls) else made


def _function(name: str, live: object, objects: Namespace) -> Named:
    if callable(live) and getattr(live, "__name__", None) == name.rpartition(">")[2]:
        return Named(name, live)
    found = objects.get(name.rpartition(">")[2])
    if found is None:
        found = getattr(keras().activations, name, None)
    if not callable(found):
        raise NotExpressibleError(f"the function {name} is not within reach")
    return Named(name, found)


def _class_named(raw: Mapping[str, Any], live: object, objects: Namespace) -> type:
    name = str(raw["class_name"])
    if live is not None and type(live).__name__ == name:
        return type(live)
    module: Any = keras()
    path = str(raw.get("module") or "")
    if path.split(".", maxsplit=1)[0] == "keras":
        for part in path.split(".")[1:]:
            module = getattr(module, part, None)
        found = getattr(module, name, None)
        if isinstance(found, type):
            return found
    found = objects.get(name)
    if found is None and path in sys.modules:
        found = getattr(sys.modules[path], name, None)
    if isinstance(found, type):
        return found
    raise NotExpressibleError(f"the class {name} is not within reach")


def shorthand_of(call: Construct) -> str | None:
    """Return the name by which ``compile`` knows an optimizer made without arguments, such as ``"adam"``."""
    if call.kwargs or call.config is not None:
        return None
    name = call.cls.__name__.lower()
    try:
        known = keras().optimizers.get(name)
    except Exception:
        return None
    return name if type(known) is call.cls else None


def _shorthand(call: Construct) -> str | None:
    """Return Keras' short name of an initializer made without arguments."""
    if call.kwargs or call.config is not None or not is_stock(call.cls):
        return None
    return snake_case(call.cls.__name__)


def _is_plain_shorthand(cls: type) -> bool:
    room = cls.__module__.partition(".src.")[2]
    return is_stock(cls) and room.startswith(("initializers", "constraints"))


def is_automatic_name(item: object, name: str) -> bool:
    """Whether Keras, not the user, chose a name: the class' own in lower case, and a number."""
    cls = item.cls if isinstance(item, LayerRecord) else type(item)
    words = [snake_case(kind.__name__) for kind in cls.__mro__ if is_stock(kind)]
    return any(re.fullmatch(rf"{word}(_\d+)?", name) for word in {*words, snake_case(cls.__name__)})


def looks_automatic(name: str) -> bool:
    """Whether Keras may choose a name for a layer of some class of its own."""
    stem = re.sub(r"_\d+$", "", name)
    return any(snake_case(kind) == stem for kind in vars(keras().layers))


def snake_case(name: str) -> str:
    """Spell ``GlorotUniform`` as ``glorot_uniform`` and ``Conv2D`` as ``conv2d``, as Keras does."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def _assert_literal(value: object, depth: int = 0) -> None:
    if depth > 50:
        raise NotExpressibleError("a config nested too deeply")
    if isinstance(value, dict):
        for key, item in value.items():
            _assert_literal(key, depth + 1)
            _assert_literal(item, depth + 1)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _assert_literal(item, depth + 1)
    elif not (value is None or isinstance(value, (bool, int, float, complex, str, bytes, slice))):
        raise NotExpressibleError(f"a value of type {type(value).__name__} in the config")


def realise(value: object, objects: Namespace | None = None) -> Any:
    """Make what a constructor call describes."""
    if isinstance(value, Construct):
        if value.config is not None:
            return _from_config(value.cls, value.config, objects or {})
        return value.cls(**{key: realise(item, objects) for key, item in value.kwargs.items()})
    if isinstance(value, Named):
        return value.value
    if isinstance(value, dict):
        return {key: realise(item, objects) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(realise(item, objects) for item in value)
    return value


def _from_config(cls: type, config: Mapping[str, Any], objects: Namespace) -> Any:
    with keras().saving.custom_object_scope({**objects, cls.__name__: cls}):
        return cls.from_config(strip(dict(config)))  # type: ignore[attr-defined]
