"""Regularizers and constraints set on a built layer, which its variables do not have.

Keras gives them to a variable when the layer is built. Assigned later they are in the config and
have no effect. An initializer is not compared: a variable does not keep the one it was made with,
and the layer itself keeps the attribute.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._data.types import Layer
from .graph_facts import sub_layers
from .keras_types import is_keras_2, is_layer
from .marks import same_value

_KINDS = ("regularizer", "constraint")


def dead_attributes(layer: Layer) -> tuple[str, ...]:
    """Return the attributes of a layer, or of a part of it, that its variables do not have."""
    if not is_layer(layer) or is_keras_2(layer) or not getattr(layer, "built", False):
        return ()
    found: dict[str, None] = {}
    for part in [layer, *sub_layers(layer)]:
        found.update(dict.fromkeys(_dead_in(part)))
    return tuple(found)


def _dead_in(part: object) -> Iterator[str]:
    variables = [*getattr(part, "_trainable_variables", ()), *getattr(part, "_non_trainable_variables", ())]
    for variable in variables:
        for kind in _KINDS:
            attribute = _attribute(part, str(variable.name), kind)
            if attribute and not same_value(getattr(part, attribute), getattr(variable, kind, None)):
                yield attribute


def _attribute(part: object, variable: str, kind: str) -> str:
    """Return the attribute that is meant for a variable; some are named without ``_kernel``."""
    names = (f"{variable}_{kind}", f"{variable.removesuffix('_kernel')}_{kind}", f"depthwise_{kind}")
    candidates = names if variable == "kernel" else names[:2]
    return next((name for name in candidates if name in vars(part)), "")
