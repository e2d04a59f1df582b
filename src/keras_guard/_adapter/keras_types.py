"""The types of every Keras that is loaded: which objects are layers, models, optimizers.

The classes are looked up when Keras has been imported (see ``wake.py``); until then every
question is answered with no, at the cost of ``isinstance(x, ())``.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

KERAS_2 = "tf_keras"
#: Where a Keras package keeps what its public interface does not give, as ``module:name`` below ``src``. What it does
#: not have is left out.
_INTERNALS = {
    "keras": {
        "functional": "models.functional:Functional",
        "optimizer": "optimizers.base_optimizer:BaseOptimizer",
        "callbacks": "callbacks.callback_list:CallbackList",
        "plot": "utils.model_visualization:plot_model",
        "tracked_list": "utils.tracking:TrackedList",
        "policy_setter": "dtype_policies.dtype_policy:set_dtype_policy",
    },
    KERAS_2: {  # no callbacks: nothing that is said of this Keras hangs on what was traced
        "functional": "engine.functional:Functional",
        "symbolic": "engine.keras_tensor:KerasTensor",
        "plot": "utils.vis_utils:plot_model",
    },
}


def inner(package: str, what: str) -> Any:
    """Return what a package keeps to itself; ``None`` where it has no such thing, or not in the place where it was."""
    module, _, name = _INTERNALS[package].get(what, "").partition(":")
    return lookup(f"{package}.src.{module}", name) if name else None


def has(package: str, what: str) -> bool:
    """Whether a package is known to have such a thing."""
    return what in _INTERNALS[package]


class KerasTypes:
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
        #: Layers and optimizers of Keras 2, and what is a layer there by its class only.
        self.keras_2: tuple[type, ...] = ()
        self.no_layer: tuple[type, ...] = ()
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
        self.functional += _if_found(inner(name, "functional"))
        self.symbolic += _if_found(getattr(keras, "KerasTensor", None) or inner(name, "symbolic"))
        self.tracked_list += _if_found(inner(name, "tracked_list"))
        self.variable += _if_found(getattr(keras, "Variable", None))
        if name == KERAS_2:
            self.optimizer += _if_found(lookup(f"{name}.src.optimizers.legacy.optimizer_v2", "OptimizerV2"))
            self.no_layer += (keras.metrics.Metric,)
            self.keras_2 += (keras.layers.Layer, keras.optimizers.Optimizer)


def _if_found(cls: type | None) -> tuple[type, ...]:
    return () if cls is None else (cls,)


def _ready(name: str) -> ModuleType | None:
    """Return the package when it has been imported to the end."""
    module = sys.modules.get(name)
    if module is None or not hasattr(module, "Model") or not hasattr(module, "optimizers"):
        return None
    return None if name == "keras" and version_of(module) < (3,) else module


def version_of(module: ModuleType) -> tuple[int, ...]:
    """Return the numbers a package's version begins with."""
    return tuple(int(part) for part in re.findall(r"\d+", str(getattr(module, "__version__", "")))[:2])


def lookup(module_name: str, attribute: str) -> Any:
    """Return an attribute of a module that is already imported, or ``None``."""
    return getattr(sys.modules.get(module_name), attribute, None)


#: The types that every other file asks for.
TYPES = KerasTypes()


# By type and not by ``isinstance``: that asks ``value.__class__``, which runs a lazy proxy's code.


def is_layer(value: object) -> bool:
    """Whether ``value`` is a Keras layer (models are layers)."""
    return is_layer_class(type(value))


def is_layer_class(cls: type) -> bool:
    """Whether a class is one of Keras layers (models are layers)."""
    return issubclass(cls, TYPES.layer) and not issubclass(cls, TYPES.no_layer)


def is_model(value: object) -> bool:
    """Whether ``value`` is a Keras model."""
    return is_model_class(type(value))


def is_model_class(cls: type) -> bool:
    """Whether a class is one of Keras models."""
    return issubclass(cls, TYPES.model)


def is_graph_model(value: object) -> bool:
    """Whether ``value`` is a Functional or Sequential model, whose graph can be read."""
    return issubclass(type(value), TYPES.functional + TYPES.sequential)


def is_optimizer(value: object) -> bool:
    """Whether ``value`` is a Keras optimizer."""
    return issubclass(type(value), TYPES.optimizer)


def is_variable(value: object) -> bool:
    """Whether ``value`` is a Keras variable; those of Keras 2 are TensorFlow's."""
    return issubclass(type(value), TYPES.variable)


def is_symbolic(value: object) -> bool:
    """Whether ``value`` is a symbolic tensor."""
    return issubclass(type(value), TYPES.symbolic)


def is_keras_2(value: object) -> bool:
    """Whether ``value`` is a layer, model or optimizer of ``tf_keras``."""
    return issubclass(type(value), TYPES.keras_2)


_USED = threading.local()


@contextlib.contextmanager
def keras_of(value: object) -> Iterator[None]:
    """Let :func:`keras` be the package a model or layer comes from, in this thread and block."""
    before = getattr(_USED, "name", None)
    _USED.name = KERAS_2 if is_keras_2(value) else "keras"
    try:
        yield
    finally:
        _USED.name = before


def keras() -> Any:
    """Return the Keras that is spoken of: that of :func:`keras_of`, else the first that is loaded."""
    name = getattr(_USED, "name", None) or next(iter(TYPES.packages), "keras")
    return sys.modules[name]


def setting(name: str) -> str:
    """Return a setting such as ``floatx`` or ``image_data_format`` of the Keras that is spoken of."""
    package = keras()
    return str(getattr(getattr(package, "config", None) or package.backend, name)())


def backend() -> str:
    """Return the name of the running backend, such as ``tensorflow``."""
    if TYPES.packages == (KERAS_2,):
        return "tensorflow"
    keras = sys.modules.get("keras")
    try:
        return str(keras.backend.backend()) if keras is not None else ""
    except Exception:
        return ""


def version() -> str:
    """Return the version of each loaded Keras, or an empty text."""
    return " and ".join(
        f"{name} {getattr(sys.modules.get(name), '__version__', '?')}" for name in TYPES.packages
    )
