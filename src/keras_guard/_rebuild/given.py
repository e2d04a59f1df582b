"""What the user gave as a layer: a layer, a record of one, an input, or something else."""

from __future__ import annotations

from dataclasses import dataclass

from .._adapter.describe import given_batch_shape
from .._adapter.graph import Spec, spec_of
from .._adapter.graph_facts import maker_of_tensor
from .._adapter.graph_input import is_automatic_input_name
from .._adapter.keras_types import is_layer, is_symbolic, setting
from .._adapter.layer_config import NotExpressibleError, constructor_of
from .._adapter.membership import is_input
from .._data.edits import LayerRecord
from .._data.types import Layer
from .refused import RebuildRefused
from .spelling import Speller

#: A record of an item that was a symbolic tensor and is gone.
_TENSOR = "KerasTensor"


@dataclass(frozen=True)
class NewInput:
    """A ``keras.Input`` that the user gave.

    Attributes:
        spec: Its shape and type.
        name: Its name; empty where Keras chose it.
    """

    spec: Spec
    name: str = ""

    @classmethod
    def named(cls, spec: Spec, name: str) -> NewInput:
        """Return an input of a name that the user, or Keras, gave."""
        return cls(spec, "" if is_automatic_input_name(name) else name)


def resolved(item: object) -> Layer:
    """Return the layer that an item of a list or an edit means; a tensor means the layer that made it.

    Raises:
        RebuildRefused: For anything that is no layer.
    """
    if is_symbolic(item):
        made = maker_of_tensor(item)
        if is_layer(made):
            return made
    if is_layer(item) or isinstance(item, LayerRecord):
        return item
    raise refuse_item(item)


def new_input(item: Layer) -> NewInput | None:
    """Return the input that an input layer, or the record of one, makes; else ``None``."""
    if isinstance(item, LayerRecord):
        if item.cls.__name__ != "InputLayer":
            return None
        config = item.config or {}
        spec = Spec(item.batch_shape, _type_name(config.get("dtype")), bool(config.get("sparse")))
        return NewInput.named(spec, item.name)
    if not is_layer(item) or not is_input(item):
        return None
    return NewInput.named(spec_of(item.output), str(item.name))


def _type_name(dtype: object) -> str:
    """Return the type in a config, where it may be a policy."""
    inner = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    return str(inner or "float32")


def asked_input(item: Layer) -> NewInput | None:
    """Return the input that the ``input_shape=`` of a Sequential's first layer asks for."""
    shape = item.batch_shape if isinstance(item, LayerRecord) else given_batch_shape(item)
    if shape is None or new_input(item) is not None:
        return None
    return NewInput(Spec(shape, setting("floatx")))


def spelled(new: Layer) -> str:
    """Return a layer as a choice of a refusal names it: its constructor call, or ``new``."""
    try:
        return Speller({}).construct(constructor_of(new, {}))
    except NotExpressibleError:
        return "new"


def refuse_item(value: object) -> RebuildRefused:
    """Return the refusal of something that is no layer, with what to do instead."""
    # The record of an item that is gone is the name of its class.
    kind = value if isinstance(value, str) else type(value).__name__
    what, cure = (
        f"{'None' if kind == 'NoneType' else f'a {kind}'} is where a layer belongs",
        "put a layer there",
    )
    if isinstance(value, type):
        what, cure = f"{value.__name__} is a class, not a layer", f"make one: {value.__name__}(...)"
    elif callable(value) or kind == "function":
        cure = "wrap it: keras.layers.Lambda(function)"
    elif kind == _TENSOR or is_symbolic(value):
        what, cure = "a symbolic tensor is where a layer belongs", "put the layer there that makes the tensor"
    return RebuildRefused(what, (cure,))
