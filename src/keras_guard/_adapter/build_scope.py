"""Under which ``tf.distribute`` strategy or ``keras.distribution`` a model was built."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from .._data.types import Model, Variable
from .keras_types import lookup

_ROOM = "keras.distribution"


def strategy_of(model: Model) -> Any | None:
    """Return the ``tf.distribute`` strategy in whose scope a model was made, or ``None``.

    Keras notes the strategy on the model; tf_keras notes TensorFlow's default one, too, which is none.
    """
    found = getattr(model, "_distribute_strategy", None) or getattr(model, "_distribution_strategy", None)
    return None if found is None or type(found).__name__.startswith("_Default") else found


def left_distribution(model: Model) -> bool:
    """Whether a model's variables were laid out by a ``keras.distribution`` and none is set any more."""
    active = lookup(_ROOM, "distribution")
    if active is None or active() is not None:
        return False
    return any(_layout_of(variable) is not None for variable in model.variables)


def distribution_among(values: Iterable[object], model: Model) -> Any | None:
    """Return the one among some objects that lays out every variable of a model as it is laid out."""
    public = lookup(_ROOM, "DataParallel")
    if public is None:
        return None
    base = public.__mro__[-2]  # The base class has no public name; its subclasses have.
    return next((v for v in values if isinstance(v, base) and _lays_out(v, model)), None)


def _lays_out(distribution: object, model: Model) -> bool:
    return all(_same(_layout_of(v), _layout_anew(distribution, v)) for v in model.variables)


def _layout_anew(distribution: Any, variable: Variable) -> Any:
    """Ask by path and shape only: for a variable that has a layout, Keras answers with that one."""
    return distribution.get_variable_layout(SimpleNamespace(path=variable.path, shape=variable.shape))


def _same(layout: Any, other: Any) -> bool:
    """Whether two layouts put a variable on the same axes of one mesh."""
    if layout is None or other is None:
        return layout is other
    return layout.axes == other.axes and layout.device_mesh is other.device_mesh


def _layout_of(variable: Variable) -> Any | None:
    """JAX variables keep the layout they were made with."""
    return getattr(variable, "_layout", None)
