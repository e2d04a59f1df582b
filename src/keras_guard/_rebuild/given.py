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

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Its shape, with the batch."""
        return self.spec.shape or ()


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
        return NewInput(spec, _given_name(item.name))
    if not is_layer(item) or not is_input(item):
        return None
    return NewInput(spec_of(item.output), _given_name(str(item.name)))


def _type_name(dtype: object) -> str:
    """Return the type in a config, where it may be a policy."""
    inner = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    return str(inner or "float32")


def _given_name(name: str) -> str:
    return "" if is_automatic_input_name(name) else name


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
    return RebuildRefused(_what_it_is(value), _cure_of(value))


def _is_tensor(value: object) -> bool:
    return (isinstance(value, str) and value == _TENSOR) or is_symbolic(value)


def _what_it_is(value: object) -> str:
    if isinstance(value, type):
        return f"{value.__name__} is a class, not a layer"
    if _is_tensor(value):
        return "a symbolic tensor is where a layer belongs"
    kind = value if isinstance(value, str) else type(value).__name__
    return f"{'None' if kind == 'NoneType' else f'a {kind}'} is where a layer belongs"


def _cure_of(value: object) -> tuple[str, ...]:
    if isinstance(value, type):
        return (f"make one: {value.__name__}(...)",)
    if callable(value) or (isinstance(value, str) and value == "function"):
        return ("wrap it: keras.layers.Lambda(function)",)
    if _is_tensor(value):
        return ("put the layer there that makes the tensor",)
    return ("put a layer there",)
