"""One face for every Keras that is loaded: which objects are layers, models, optimizers.

The classes are looked up when Keras has been imported (see ``wake.py``); until then every
question is answered with no, at the cost of ``isinstance(x, ())``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class Face:
    """The class tuples of all loaded Keras packages.

    Attributes are tuples for ``isinstance``; they stay empty until :meth:`refresh` finds Keras.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget every class."""
        self.layer: tuple[type, ...] = ()
        self.model: tuple[type, ...] = ()
        self.functional: tuple[type, ...] = ()
        self.sequential: tuple[type, ...] = ()
        self.optimizer: tuple[type, ...] = ()
        self.loss: tuple[type, ...] = ()
        self.metric: tuple[type, ...] = ()
        self.symbolic: tuple[type, ...] = ()
        self.tracked_list: tuple[type, ...] = ()
        self.variable: tuple[type, ...] = ()
        self.packages: tuple[str, ...] = ()
        #: Everything whose rebinding can matter, and everything a probe in a cell looks at.
        self.watched: tuple[type, ...] = ()
        self.owners: tuple[type, ...] = ()

    @property
    def awake(self) -> bool:
        """Whether a Keras is loaded."""
        return bool(self.layer)

    def refresh(self) -> bool:
        """Look the classes up again; return whether a Keras is loaded."""
        found = [m for m in (_ready("keras"), _ready("tf_keras")) if m is not None]
        self.clear()
        for keras in found:
            self._add(keras)
        self.watched = self.layer + self.optimizer + self.loss + self.metric
        self.owners = self.layer + self.optimizer
        return self.awake

    def _add(self, keras: ModuleType) -> None:
        name = keras.__name__
        self.packages += (name,)
        self.layer += (keras.layers.Layer,)
        self.model += (keras.Model,)
        self.sequential += (keras.Sequential,)
        self.optimizer += (keras.optimizers.Optimizer,)
        self.loss += (keras.losses.Loss,)
        self.metric += (keras.metrics.Metric,)
        functional = lookup(f"{name}.src.models.functional", "Functional") or lookup(
            f"{name}.src.engine.functional", "Functional"
        )
        if functional is not None:
            self.functional += (functional,)
        if hasattr(keras, "KerasTensor"):
            self.symbolic += (keras.KerasTensor,)
        if hasattr(keras, "Variable"):
            self.variable += (keras.Variable,)
        tracked = lookup(f"{name}.src.utils.tracking", "TrackedList")
        if tracked is not None:
            self.tracked_list += (tracked,)


def _ready(name: str) -> ModuleType | None:
    """Return the package when it has been imported to the end."""
    module = sys.modules.get(name)
    if module is None or not hasattr(module, "Model") or not hasattr(module, "optimizers"):
        return None
    return module


def lookup(module_name: str, attribute: str) -> Any:
    """Return an attribute of a module that is already imported, or ``None``."""
    return getattr(sys.modules.get(module_name), attribute, None)


#: The face every other file asks.
FACE = Face()


# By type and not by ``isinstance``: that asks ``value.__class__``, which runs a lazy proxy's code.


def is_layer(value: Any) -> bool:
    """Whether ``value`` is a Keras layer (models are layers)."""
    return issubclass(type(value), FACE.layer)


def is_model(value: Any) -> bool:
    """Whether ``value`` is a Keras model."""
    return issubclass(type(value), FACE.model)


def is_graph_model(value: Any) -> bool:
    """Whether ``value`` is a Functional or Sequential model, whose graph can be read."""
    return issubclass(type(value), FACE.functional + FACE.sequential)


def is_optimizer(value: Any) -> bool:
    """Whether ``value`` is a Keras optimizer."""
    return issubclass(type(value), FACE.optimizer)


def is_compile_object(value: Any) -> bool:
    """Whether ``value`` is an optimizer, a loss or a metric object."""
    return issubclass(type(value), FACE.optimizer + FACE.loss + FACE.metric)


def is_symbolic(value: Any) -> bool:
    """Whether ``value`` is a symbolic tensor."""
    return issubclass(type(value), FACE.symbolic)


def backend() -> str:
    """Return the name of the running backend, such as ``tensorflow``."""
    keras = sys.modules.get("keras")
    try:
        return str(keras.backend.backend()) if keras is not None else ""
    except Exception:
        return ""


def version() -> str:
    """Return the version of the loaded Keras, or an empty text."""
    for name in FACE.packages:
        return f"{name} {getattr(sys.modules.get(name), '__version__', '?')}"
    return ""
