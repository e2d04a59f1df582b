"""``trainable`` in Keras 2: ``compile`` fixes it, whatever was traced.

While it trains, ``tf_keras`` puts every layer's flag back to what it was at ``compile``. So a later
flip waits for the next ``compile``, and a GAN's discriminator goes on training by the flags it was
compiled with while the generator's model, compiled after the flip, uses the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._data.types import Layer, Model
from .keras_types import is_keras_2
from .membership import is_compiled


def fixes_flags(model: Model) -> bool:
    """Whether a model trains by the flags it was compiled with."""
    return is_keras_2(model) and is_compiled(model)


def flipped_variables(model: Model) -> frozenset[int]:
    """Return the identities of variables whose flag says something else than the one the model trains by.

    Not to be asked while the model trains: the flags are what they were then.
    """
    if not fixes_flags(model):
        return frozenset()
    return frozenset(_trained(model, _flag_now) ^ _trained(model, _flag_compiled(model)))


def is_trained_by_another(model: Model, flipped: frozenset[int], others: Iterable[Any]) -> bool:
    """Whether another model was compiled with the flags as they are now, for all that was flipped."""
    now = _trained(model, _flag_now) & flipped
    for other in others:
        if other is model or not fixes_flags(other):
            continue
        holds_all = flipped <= {id(variable) for variable in other.variables}
        if holds_all and _trained(other, _flag_compiled(other)) & flipped == now:
            return True
    return False


def _flag_now(layer: Layer) -> bool:
    return bool(layer.trainable)


def _flag_compiled(model: Model) -> Callable[[Any], bool]:
    flags = getattr(model, "_compiled_trainable_state", None) or {}
    return lambda layer: bool(flags.get(layer, layer.trainable))


def _trained(layer: Layer, flag: Callable[[Any], bool]) -> set[int]:
    """Return the identities of the variables that are trained where flags are what ``flag`` says."""
    if not flag(layer):
        return set()
    found = {id(variable) for variable in layer._trainable_weights}
    for part in layer._flatten_layers(recursive=False, include_self=False):
        found |= _trained(part, flag)
    return found
