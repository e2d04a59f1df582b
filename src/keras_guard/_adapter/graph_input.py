"""A model's inputs and class, in the words a cell needs to make them again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .._data.types import Layer, Model
from .describe import given_batch_shape
from .graph import Spec, Value
from .graph_facts import maker_of
from .keras_types import TYPES, is_keras_2, setting
from .membership import is_input, tracked_layers
from .stock import is_stock, parameters_of


@dataclass(frozen=True)
class InputFacts:
    """What ``keras.Input`` was given.

    Attributes:
        batch_shape: Shape with the batch.
        dtype: Type; ``None`` for the default.
        name: Its name.
        flags: ``sparse``, ``ragged``, ``optional`` where they are true.
    """

    batch_shape: tuple[int | None, ...] | None
    dtype: str | None
    name: str
    flags: dict[str, bool]


_AUTOMATIC = re.compile(r"input_layer(_\d+)?|keras_tensor(_\d+)?(CLONE)?|input_\d+")


def is_automatic_input_name(name: str) -> bool:
    """Whether Keras, not the user, chose the name of an input."""
    return _AUTOMATIC.fullmatch(name) is not None


def input_facts(layer: Layer, spec: Spec | None = None) -> InputFacts:
    """Describe an input layer, with another shape and type where ``spec`` is given."""
    shape = spec.shape if spec is not None else given_batch_shape(layer)
    dtype = spec.dtype if spec is not None else str(layer.dtype)
    flags = {n: True for n in ("sparse", "ragged", "optional") if getattr(layer, n, False) is True}
    return InputFacts(shape, None if dtype == setting("floatx") else dtype, _given_name(layer), flags)


def _given_name(layer: Layer) -> str:
    """Return an input's name; an empty text for one that Keras 2 chose."""
    name = str(layer.name)
    return "" if is_keras_2(layer) and re.fullmatch(r"input_\d+|\w+_input", name) else name


def input_of_value(value: Value, spec: Spec | None = None) -> InputFacts:
    """Describe the input a graph's input tensor came from."""
    layer = maker_of(value)
    if layer is not None and is_input(layer):
        return input_facts(layer, spec)
    use = spec or value.spec
    return InputFacts(use.shape, use.dtype, value.name, {})


def sequential_input(model: Model) -> Any:
    """Return the input layer of a Sequential; ``None`` while it has none."""
    layers = tracked_layers(model)
    return layers[0] if layers and is_input(layers[0]) else None


@dataclass(frozen=True)
class ModelClass:
    """How a model's class can be made again.

    Attributes:
        cls: The class to call; ``None`` for Keras' own.
        lost: The user's class that is given up for Keras' own.
        overridden: Methods of the user's class that would be lost with it.
    """

    cls: type | None
    lost: type | None = None
    overridden: tuple[str, ...] = ()


_RUNNING = (
    "call", "train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "fit", "evaluate",
    "predict", "__call__",
)  # fmt: skip


def model_class(model: Model) -> ModelClass:
    """Say whether a subclass of Functional or Sequential takes what Keras' own constructor takes."""
    cls = type(model)
    if is_stock(cls):
        return ModelClass(None)
    own = [base for base in cls.__mro__ if not is_stock(base) and issubclass(base, TYPES.layer)]
    makes_itself = any("__init__" in vars(base) and not _passes_on(base) for base in own)
    if not makes_itself:
        return ModelClass(cls)
    methods = tuple(name for name in _RUNNING if any(name in vars(base) for base in own))
    return ModelClass(None, lost=cls, overridden=methods)


def _passes_on(cls: type) -> bool:
    """Whether a constructor takes inputs and outputs like Keras' own, or passes everything on."""
    names = list(parameters_of(cls.__init__))[1:]  # type: ignore[misc]
    return names in (["args", "kwargs"], ["inputs", "outputs", "name", "kwargs"])
