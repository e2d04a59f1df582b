"""A Functional graph as plain data: the calls that run, in order, and the tensors between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .._data.types import Arguments, Layer, Model, Structure, Tensor
from .keras_types import keras


@dataclass(frozen=True)
class Spec:
    """Shape and type of a symbolic tensor."""

    shape: tuple[int | None, ...] | None
    dtype: str
    sparse: bool = False

    def __str__(self) -> str:
        return str(self.shape)


@dataclass(eq=False)
class Value:
    """One tensor of a graph.

    Attributes:
        spec: Its shape and type.
        name: Keras' name of it.
        call: The call that makes it, or ``None`` for an input of the graph.
        path: Its path in what the call returns (keys and indices), outermost first.
        tensor: The live symbolic tensor, while it belongs to a built graph.
    """

    spec: Spec
    name: str
    call: Call | None = None
    path: tuple[Any, ...] = ()
    tensor: Tensor = None


@dataclass(eq=False)
class Call:
    """One call of a layer, a nested model or an operation.

    Attributes:
        operation: What is called.
        args: Positional arguments, with :class:`Value` in the place of tensors.
        kwargs: Keyword arguments that were given (not defaults, not the masks Keras adds).
        outputs: What it makes, flat.
        node_index: Which of the operation's recorded calls this is; -1 for a call that is to be added.
        recorded: The tensors it read when it was recorded, in order.
    """

    operation: Layer
    args: tuple[Any, ...]
    kwargs: Arguments
    outputs: list[Value] = field(default_factory=list)
    node_index: int = 0
    recorded: tuple[Value, ...] = ()

    @property
    def rewired(self) -> bool:
        """Whether it reads other tensors now than when it was recorded."""
        now = tuple(self.inputs())
        return len(now) != len(self.recorded) or any(
            a is not b for a, b in zip(now, self.recorded, strict=True)
        )

    def inputs(self) -> Iterator[Value]:
        """Yield the tensors it takes, in order, repeated ones repeated."""
        yield from values_in(self.args)
        yield from values_in(self.kwargs)


@dataclass(eq=False)
class Graph:
    """The calls of one Functional model.

    Attributes:
        model: The live model.
        calls: In an order in which they can run.
        inputs: Structure of :class:`Value` as the model takes it.
        outputs: Structure of :class:`Value` as the model returns it.
    """

    model: Model
    calls: list[Call]
    inputs: Any
    outputs: Any

    def flat_inputs(self) -> list[Value]:
        """Return the input tensors."""
        return list(values_in(self.inputs))

    def flat_outputs(self) -> list[Value]:
        """Return the output tensors."""
        return list(values_in(self.outputs))

    def calls_of(self, operation: Layer) -> list[Call]:
        """Return every call of one operation."""
        return [call for call in self.calls if call.operation is operation]

    def consumers(self, value: Value) -> list[Call]:
        """Return the calls that read a tensor."""
        return [call for call in self.calls if any(v is value for v in call.inputs())]


def values_in(structure: Structure) -> Iterator[Value]:
    """Yield the :class:`Value` leaves of nested lists, tuples and dicts."""
    return (leaf for _, leaf in flat_with_paths(structure) if isinstance(leaf, Value))


def map_structure(function: Callable[[Any], Any], structure: Structure) -> Structure:
    """Return the structure with ``function`` applied to every leaf; dicts keep their order."""
    if isinstance(structure, dict):
        return {key: map_structure(function, item) for key, item in structure.items()}
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*(map_structure(function, item) for item in structure))
    if isinstance(structure, tuple):
        return tuple(map_structure(function, item) for item in structure)
    if isinstance(structure, list):
        return [map_structure(function, item) for item in structure]
    return function(structure)


def flat_with_paths(
    structure: Structure, path: tuple[object, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield (path, leaf) in Keras' order of flattening."""
    if isinstance(structure, dict):
        for key in _ordered(structure):
            yield from flat_with_paths(structure[key], (*path, key))
    elif isinstance(structure, (list, tuple)):
        for index, item in enumerate(structure):
            yield from flat_with_paths(item, (*path, index))
    else:
        yield path, structure


def _ordered(structure: dict[Structure, Structure]) -> list[Any]:
    """Return keys in Keras' own order of flattening (sorted where that is possible)."""
    try:
        return sorted(structure)
    except TypeError:
        return list(structure)


def spec_of(tensor: Tensor) -> Spec:
    """Describe a symbolic tensor."""
    shape = getattr(tensor, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:  # TensorFlow's shape of unknown rank has no length
        known = None
    else:
        known = tuple(None if n is None else int(n) for n in shape)
    return Spec(known, str(_dtype_name(tensor)), bool(getattr(tensor, "sparse", False)))


def _dtype_name(tensor: Tensor) -> Any:
    dtype = getattr(tensor, "dtype", "float32")
    return getattr(dtype, "name", dtype)


def symbolic(spec: Spec) -> Tensor:
    """Return a new symbolic tensor that belongs to no graph."""
    package = keras()
    if hasattr(package, "KerasTensor"):
        return package.KerasTensor(shape=spec.shape, dtype=spec.dtype, sparse=spec.sparse)
    return package.Input(batch_shape=spec.shape, dtype=spec.dtype, sparse=spec.sparse or None)
