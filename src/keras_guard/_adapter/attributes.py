"""What an edited attribute of a built layer can still do: nothing, or act at the next call or trace."""

from __future__ import annotations

import json
import random
from enum import Enum

from .._data.missing import MISSING
from .._data.types import Layer, Variable
from .attribute_reads import (
    FORMER_NAMES,
    STEP_ENTRIES,
    constructor_arguments,
    is_read_by_known_code_only,
    read_by_user_code,
    read_in_steps,
    read_when_called,
)
from .describe import config_of, size_of
from .keras_types import TYPES, is_model
from .quiet import no_warnings
from .stock import is_stock

#: Above this many weights no copy is built to see whether the shapes still fit.
_MAX_COPIED_WEIGHTS = 5_000_000


class Effect(Enum):
    """What assigning an attribute of a built layer does."""

    NONE = "none"  # only the constructor or build() read it
    CALL = "call"  # read when the layer is called: a new trace sees it
    OWN = "own"  # an attribute of the user's own: its effect is not known


def effect_of(layer: Layer, name: str, old: object) -> Effect:
    """Return what an assignment to an attribute of a built layer did, read from the layer's class and weights.

    The new value is in place; the old one is ``MISSING`` where there was none.
    """
    cls = layer.__class__
    if name in FORMER_NAMES and old is MISSING and name not in read_when_called(cls):
        return Effect.OWN if name in read_by_user_code(cls) else Effect.NONE
    if name in read_when_called(cls):
        return Effect.NONE if _shapes_follow(layer, old) and shapes_disagree(layer) else Effect.CALL
    if is_model(layer) and any(name in read_in_steps(cls, kind) for kind in STEP_ENTRIES):
        return Effect.CALL
    if is_model(layer) or name in read_by_user_code(cls):
        return Effect.OWN
    if name.startswith("_") or name == "name":
        return Effect.OWN
    return Effect.NONE if _is_argument(layer, name) and is_read_by_known_code_only(cls) else Effect.OWN


def _is_argument(layer: Layer, name: str) -> bool:
    if name in constructor_arguments(layer.__class__):
        return True
    return name in (config_of(layer) or {})


def _shapes_follow(layer: Layer, old: object) -> bool:
    """Whether some weight's shape shows the old value: the cheap half of the proof."""
    sizes = {old} if type(old) is int else set(old) if isinstance(old, tuple) else set()
    sizes = {size for size in sizes if type(size) is int}
    return bool(sizes) and any(sizes & set(weight.shape) for weight in getattr(layer, "weights", ()))


def shapes_disagree(layer: Layer) -> bool:
    """Whether a copy made from the layer's config would have weights of other shapes.

    This is the proof that an attribute such as ``units`` is dead: the config asks for other
    weights than the layer has. ``False`` where no copy can be made. Leaves Python's random
    state, from which Keras draws seeds, as it was.
    """
    if not getattr(layer, "built", False) or is_model(layer) or not is_stock(layer.__class__):
        return False
    weights = list(getattr(layer, "weights", ()))
    if not weights or sum(map(size_of, weights)) > _MAX_COPIED_WEIGHTS:
        return False
    key = _likeness(layer, weights)
    if key is not None and key in _DISAGREED:
        return _DISAGREED[key]
    found = _twin_disagrees(layer, weights)
    if key is not None:
        _DISAGREED[key] = found
        if len(_DISAGREED) > _MAX_REMEMBERED:
            del _DISAGREED[next(iter(_DISAGREED))]
    return found


#: Answers for Keras' own classes: a model of 500 layers has but a few kinds of them.
_DISAGREED: dict[str, bool] = {}
_MAX_REMEMBERED = 1_024


def _likeness(layer: Layer, weights: list[Variable]) -> str | None:
    """Return a text that layers with the same class, config and weight shapes share; ``None`` where there is none."""
    config = config_of(layer)
    try:
        shapes = [tuple(weight.shape) for weight in weights]
        return json.dumps(
            [
                f"{layer.__class__.__module__}.{layer.__class__.__qualname__}",
                {**(config or {}), "name": ""},
                layer.get_build_config(),
                shapes,
            ]
        )
    except Exception:
        return None


def _twin_disagrees(layer: Layer, weights: list[Variable]) -> bool:
    state = random.getstate()
    try:
        with no_warnings():
            twin = layer.__class__.from_config(layer.get_config())
            twin.build_from_config(layer.get_build_config())
        shapes = [tuple(weight.shape) for weight in twin.weights]
    except Exception:
        return False
    finally:
        random.setstate(state)
    return bool(shapes) and shapes != [tuple(weight.shape) for weight in weights]


def is_in_weights(layer: Layer, value: object) -> bool:
    """Whether a weight of the layer carries ``value`` as its regularizer or constraint."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return False
    return any(
        getattr(weight, kind, None) is value
        for weight in getattr(layer, "weights", ())
        for kind in ("regularizer", "constraint")
    )


def unapplied(layer: Layer) -> list[str]:
    """Return the regularizers and constraints a built layer names but its weights do not carry."""
    if (
        not getattr(layer, "built", False)
        or not isinstance(layer, TYPES.layer)
        or not is_stock(layer.__class__)
    ):
        return []
    found = []
    for name, value in list(vars(layer).items()):
        for kind in ("regularizer", "constraint"):
            if name.endswith(f"_{kind}") and value is not None and name != "activity_regularizer":
                weight = getattr(layer, name.removesuffix(f"_{kind}"), None)
                if hasattr(weight, kind) and getattr(weight, kind) is None:
                    found.append(name)
    return found
