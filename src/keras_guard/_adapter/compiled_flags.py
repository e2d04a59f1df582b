"""Models that train by the flags ``trainable`` had at ``compile``, whatever was traced.

``tf_keras`` (Keras 2) does so: while it trains, it puts every layer's flag back to what it was at ``compile``. A
later flip waits for the next ``compile``, and a GAN's discriminator goes on training by the flags it was compiled
with while the generator's model, compiled after the flip, uses the new ones. Keras 3.3 to 3.15 does not, but changes
that would make it do so were proposed. So no version is asked: what the running Keras does is measured, once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from .._data.types import Layer, Model
from .keras_types import is_keras_2, keras
from .membership import is_compiled
from .no_side_effects import as_numpy, global_state_kept

#: The attribute that ``enable_lora`` sets; it freezes the kernel of a layer and adds two small ones.
LORA = "lora_enabled"

#: What was measured in this process; empty before.
_MEASURED: list[bool] = []


def fixes_flags(model: Model) -> bool:
    """Whether a model trains by the flags it was compiled with."""
    return is_compiled(model) and (is_keras_2(model) or compile_fixes_flags())


def compile_fixes_flags() -> bool:
    """Whether ``compile`` of the running Keras 3 fixes ``trainable``, measured at the first question of a process."""
    if not _MEASURED:
        if _is_tracing():
            return False  # and it is measured when it is asked next
        try:
            _MEASURED.append(_measure())
        except Exception:  # a Keras that cannot train this model has other cards to show
            _MEASURED.append(False)
    return _MEASURED[0]


def forget_measurement() -> None:
    """Measure again at the next question."""
    _MEASURED.clear()


def _is_tracing() -> bool:
    """Whether TensorFlow traces a function now, in which nothing runs at once."""
    tensorflow: Any = sys.modules.get("tensorflow")
    return tensorflow is not None and bool(getattr(tensorflow, "inside_function", lambda: False)())


def _measure() -> bool:
    """Freeze a model of one weight after ``compile`` and train it for one step: whether the weight moves."""
    package: Any = keras()
    numpy: Any = sys.modules["numpy"]
    with global_state_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = package.layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="float32")
        model = package.Sequential([package.Input((1,)), layer])
        model.compile(optimizer=package.optimizers.SGD(0.5), loss="mse", run_eagerly=True)
        layer.trainable = False
        model.train_on_batch(numpy.ones((1, 1), "float32"), numpy.zeros((1, 1), "float32"))
        return float(as_numpy(layer.kernel)[0, 0]) != 1.0


def flipped_variables(model: Model, trained_at_compile: frozenset[int]) -> frozenset[int]:
    """Return the identities of variables whose flag says something else than the one the model trains by.

    Not to be asked while the model trains: the flags may be what they were at ``compile`` then.

    Args:
        model: The model.
        trained_at_compile: Identities of the variables that were trainable when it was compiled; empty when unknown.
    """
    if not fixes_flags(model):
        return frozenset()
    if is_keras_2(model):
        return frozenset(_trained(model, _flag_now) ^ _trained(model, _flag_compiled(model)))
    return trained_at_compile and trained_at_compile ^ _trained_now(model)


def is_trained_by_another(
    model: Model, flipped: frozenset[int], others: Iterable[Any], at_compile: Callable[[Any], frozenset[int]]
) -> bool:
    """Whether another model was compiled with the flags as they are now, for all that was flipped."""
    now = _trained_now(model) & flipped
    for other in others:
        if other is model or not fixes_flags(other):
            continue
        holds_all = flipped <= {id(variable) for variable in other.variables}
        if holds_all and _trained_by(other, at_compile) & flipped == now:
            return True
    return False


def _trained_now(model: Model) -> frozenset[int]:
    if is_keras_2(model):
        return frozenset(_trained(model, _flag_now))
    return frozenset(id(variable) for variable in model.trainable_variables)


def _trained_by(model: Model, at_compile: Callable[[Any], frozenset[int]]) -> frozenset[int]:
    return frozenset(_trained(model, _flag_compiled(model))) if is_keras_2(model) else at_compile(model)


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
