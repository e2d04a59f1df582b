"""What a model was compiled with, as the objects its author gave."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .._data.types import Model
from .marks import same_value
from .membership import compile_objects, is_compiled
from .stock import class_with, is_stock, parameters_of

_ARGUMENTS = (
    "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile",
    "auto_scale_loss",
)  # fmt: skip


def compile_arguments(model: Model) -> dict[str, Any]:
    """Return the arguments of ``compile`` that differ from its defaults, the optimizer first.

    Empty for a model that is not compiled. The optimizer is the live one; a wrapper that Keras
    put around it for loss scaling is taken off again.
    """
    if not is_compiled(model):
        return {}
    given = dict(getattr(getattr(model, "_compile_config", None), "config", {}) or {})
    given = given or compile_objects(model)
    optimizer = getattr(model, "optimizer", None)
    found: dict[str, Any] = {"optimizer": given.get("optimizer", optimizer) or optimizer}
    defaults = _defaults(model)
    for name in _ARGUMENTS:
        value = given.get(name)
        if value is None or same_value(defaults.get(name), value):
            continue
        found[name] = value
    if _loss_scaling_was_off(model):
        found["auto_scale_loss"] = False
    if _jit_was_chosen_by_keras(model, found):
        del found["jit_compile"]
    return found


def asked_arguments(model: Model) -> dict[str, Any]:
    """Return the arguments that the next ``compile`` of a model is to get: what it shows, also where that was edited.

    ``model.loss = f`` changes no traced function, but it says what the user wants. The optimizer is the one that
    trains now, with the wrapper that Keras put around it.
    """
    found = compile_arguments(model)
    given = getattr(getattr(model, "_compile_config", None), "config", None) or {}
    for name in ("loss", "loss_weights", "run_eagerly", "steps_per_execution", "jit_compile"):
        shown = getattr(model, name, None)
        if shown is not None and name in given and not same_value(given[name], shown):
            found[name] = shown
    if "optimizer" in found:
        found["optimizer"] = getattr(model, "optimizer", None)
    return found


def has_own_compile(model: Model) -> bool:
    """Whether the class of a model has a ``compile`` of its own, whose arguments nothing keeps."""
    owner = class_with(type(model), "compile")
    return owner is not None and not is_stock(owner)


@contextlib.contextmanager
def compiled_as_before_on_failure(model: Model) -> Iterator[None]:
    """Leave a model compiled as it was when the block raises."""
    own: dict[str, Any] = model.__dict__
    kept = dict(own)
    try:
        yield
    except BaseException:
        for name in [name for name in own if name not in kept]:
            del own[name]
        own.update(kept)
        raise


def _defaults(model: Model) -> dict[str, Any]:
    return {
        name: p.default for name, p in parameters_of(type(model).compile).items() if p.default is not p.empty
    }


def _jit_was_chosen_by_keras(model: Model, found: dict[str, Any]) -> bool:
    """``compile`` keeps what it made of ``"auto"``; the same choice would be made again."""
    resolve = getattr(model, "_resolve_auto_jit_compile", None)
    if "jit_compile" not in found or resolve is None:
        return False
    if found.get("run_eagerly"):
        return found["jit_compile"] is False
    try:
        return bool(resolve() == found["jit_compile"])
    except Exception:
        return False


def _loss_scaling_was_off(model: Model) -> bool:
    policy = getattr(getattr(model, "dtype_policy", None), "name", "")
    return policy == "mixed_float16" and type(model.optimizer).__name__ != "LossScaleOptimizer"


def output_names(model: Model) -> list[str]:
    """Return the names of a model's outputs, by which losses may be keyed."""
    return [str(name) for name in getattr(model, "output_names", None) or ()]


def keys_of_arguments(model: Model) -> frozenset[str]:
    """Return the names of outputs by which losses, weights and metrics are keyed."""
    values = compile_arguments(model).values()
    return frozenset(str(key) for value in values if isinstance(value, dict) for key in value)
