"""A Functional graph as plain data: the calls that run, in order, and the tensors between them.

Keras records more than the user wrote: default values and the masks that travel with tensors.
Both are left out, so that what is read here can be called again. Private names used are the
same in Keras 3.0 to 3.15.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .face import FACE, is_keras_2, is_layer, keras
from .membership import graph_operations, is_input


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
        path: Where it stands in what the call returns (keys and indices), outermost first.
        tensor: The live symbolic tensor, while it belongs to a built graph.
    """

    spec: Spec
    name: str
    call: Call | None = None
    path: tuple[Any, ...] = ()
    tensor: Any = None


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

    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
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

    model: Any
    calls: list[Call]
    inputs: Any
    outputs: Any

    def flat_inputs(self) -> list[Value]:
        """Return the input tensors."""
        return list(values_in(self.inputs))

    def flat_outputs(self) -> list[Value]:
        """Return the output tensors."""
        return list(values_in(self.outputs))

    def calls_of(self, operation: Any) -> list[Call]:
        """Return every call of one operation."""
        return [call for call in self.calls if call.operation is operation]

    def consumers(self, value: Value) -> list[Call]:
        """Return the calls that read a tensor."""
        return [call for call in self.calls if any(v is value for v in call.inputs())]


def values_in(structure: Any) -> Iterator[Value]:
    """Yield the :class:`Value` leaves of nested lists, tuples and dicts."""
    if isinstance(structure, Value):
        yield structure
    elif isinstance(structure, dict):
        for key in _ordered(structure):
            yield from values_in(structure[key])
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from values_in(item)


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
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


def _ordered(structure: dict[Any, Any]) -> list[Any]:
    """Return keys in Keras' own order of flattening (sorted where that is possible)."""
    try:
        return sorted(structure)
    except TypeError:
        return list(structure)


def spec_of(tensor: Any) -> Spec:
    """Describe a symbolic tensor."""
    shape = getattr(tensor, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:  # TensorFlow's shape of unknown rank has no length
        known = None
    else:
        known = tuple(None if n is None else int(n) for n in shape)
    return Spec(known, str(_dtype_name(tensor)), bool(getattr(tensor, "sparse", False)))


def _dtype_name(tensor: Any) -> Any:
    dtype = getattr(tensor, "dtype", "float32")
    return getattr(dtype, "name", dtype)


def symbolic(spec: Spec, name: str | None = None) -> Any:
    """Return a new symbolic tensor that belongs to no graph."""
    package = keras()
    if hasattr(package, "KerasTensor"):
        return package.KerasTensor(shape=spec.shape, dtype=spec.dtype, sparse=spec.sparse, name=name)
    return package.Input(batch_shape=spec.shape, dtype=spec.dtype, sparse=spec.sparse or None, name=name)


def functional_of(model: Any) -> Any:
    """Return the Functional that runs: the model, or the one inside a built Sequential (else ``None``)."""
    if isinstance(model, FACE.sequential):
        if is_keras_2(model):  # is its own Functional, once it has an input
            return model if getattr(model, "_graph_initialized", False) else None
        return getattr(model, "_functional", None)
    return model if isinstance(model, FACE.functional) else None


def read_graph(model: Any) -> Graph:
    """Read the graph that runs when a Functional model is called.

    Args:
        model: A Functional model (for a built Sequential, the Functional inside it).

    Returns:
        Its calls in running order. Operations that only made a mask Keras passes on by itself
        are left out.
    """
    reader = _Reader(model)
    outputs = map_structure(reader.value, outputs_structure(model))
    return Graph(model, reader.calls, reader.inputs, outputs)


def inputs_structure(functional: Any) -> Any:
    """Return a Functional's symbolic inputs as the model takes them."""
    return functional._nested_inputs if is_keras_2(functional) else functional._inputs_struct


def outputs_structure(functional: Any) -> Any:
    """Return a Functional's symbolic outputs as the model returns them."""
    return functional._nested_outputs if is_keras_2(functional) else functional._outputs_struct


def operation_of(node: Any) -> Any:
    """Return what a recorded call called; also of a tensor's history."""
    return getattr(node, "operation", None) or getattr(node, "layer", None)


def _outputs_of(node: Any) -> list[Any]:
    """Return what a recorded call made, flat."""
    return [leaf for _, leaf in flat_with_paths(node.outputs)]


class _Reader:
    """Walks back from outputs; iterative, for chains of a thousand calls."""

    def __init__(self, model: Any) -> None:
        self._values: dict[int, Value] = {}
        self._done: dict[int, Call] = {}
        self.calls: list[Call] = []
        self.inputs = map_structure(self._input, inputs_structure(model))

    def _input(self, tensor: Any) -> Value:
        value = Value(spec_of(tensor), str(tensor.name), tensor=tensor)
        self._values[id(tensor)] = value
        return value

    def value(self, tensor: Any) -> Value:
        if not isinstance(tensor, FACE.symbolic):
            raise TypeError(f"no symbolic tensor: {type(tensor).__name__}")
        waiting = [tensor]
        while waiting:
            current = waiting[-1]
            if id(current) in self._values:
                waiting.pop()
                continue
            node, index = _node_of(current)
            if node is None:
                self._input(current)
                continue
            args, kwargs = given_arguments(node)
            needed = [t for t in symbolic_in((args, kwargs)) if id(t) not in self._values]
            if needed:
                waiting.extend(reversed(needed))
                continue
            self._add(node, index, args, kwargs)
        return self._values[id(tensor)]

    def _add(self, node: Any, index: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        call = Call(operation_of(node), self._map(args), self._map(kwargs), node_index=index)
        call.recorded = tuple(call.inputs())
        paths = output_paths(node)
        for path, tensor in zip(paths, _outputs_of(node), strict=False):
            value = Value(spec_of(tensor), str(tensor.name), call, path, tensor)
            self._values.setdefault(id(tensor), value)
            call.outputs.append(self._values[id(tensor)])
        self.calls.append(call)

    def _map(self, structure: Any) -> Any:
        return map_structure(lambda leaf: self._values.get(id(leaf), leaf), structure)


def _node_of(tensor: Any) -> tuple[Any, int]:
    """Return the recorded call that made a tensor; ``None`` for tensors nothing made."""
    history = getattr(tensor, "_keras_history", None)
    operation = operation_of(history)
    if history is None or operation is None or is_input(operation):
        return None, 0
    return operation._inbound_nodes[history.node_index], int(history.node_index)


def symbolic_in(structure: Any) -> Iterator[Any]:
    """Yield the symbolic tensors of a structure."""
    if isinstance(structure, FACE.symbolic):
        yield structure
    elif isinstance(structure, dict):
        for item in structure.values():
            yield from symbolic_in(item)
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from symbolic_in(item)


def given_arguments(node: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a recorded call that its author gave."""
    operation = operation_of(node)
    if is_keras_2(operation):
        args, kwargs = tuple(node.call_args), dict(node.call_kwargs)
    else:
        args, kwargs = tuple(node.arguments.args), dict(node.arguments.kwargs)
    if not is_layer(operation):
        return args, kwargs
    parameters = _call_parameters(operation)
    bound = _bind(parameters, args, kwargs)
    for name in list(kwargs):
        parameter = parameters.get(name)
        if parameter is not None and _is_default(kwargs[name], parameter.default):
            del kwargs[name]
        elif name == "mask" or name.endswith("_mask"):
            source = _masked_argument(name, bound, args)
            if _is_own_mask(kwargs[name], source):
                del kwargs[name]
    return args, kwargs


def _call_parameters(layer: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(layer.call).parameters)
    except (TypeError, ValueError):
        return {}


def _bind(
    parameters: dict[str, inspect.Parameter], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    return {**dict(zip(parameters, args, strict=False)), **kwargs}


def _is_default(value: Any, default: Any) -> bool:
    if default is inspect.Parameter.empty or isinstance(value, FACE.symbolic):
        return False
    return value is default or (type(value) is type(default) and bool(value == default))


def _masked_argument(name: str, bound: dict[str, Any], args: tuple[Any, ...]) -> Any:
    """Return the argument whose mask Keras fills in under ``name``."""
    if name == "mask":
        return args[0] if args else next(iter(bound.values()), None)
    return bound.get(name[: -len("_mask")])


def _is_own_mask(mask: Any, source: Any) -> bool:
    """Whether ``mask`` is what the tensors of ``source`` carry along anyway."""
    if isinstance(source, FACE.symbolic):
        return mask is getattr(source, "_keras_mask", None)
    if isinstance(source, dict) and isinstance(mask, dict):
        return source.keys() == mask.keys() and all(_is_own_mask(mask[k], source[k]) for k in source)
    if isinstance(source, (list, tuple)) and isinstance(mask, (list, tuple)):
        return len(source) == len(mask) and all(_is_own_mask(m, s) for m, s in zip(mask, source, strict=True))
    return mask is None


def output_paths(node: Any) -> list[tuple[Any, ...]]:
    """Return where each flat output of a recorded call stands in what the call returns."""
    operation = operation_of(node)
    if is_keras_2(operation):
        return [path for path, _ in flat_with_paths(node.outputs)]  # kept as it was returned
    if len(node.outputs) == 1 and _returns_plain_tensor(operation):
        return [()]
    structure = output_structure(operation, *given_arguments(node))
    if structure is None:
        return [()] if len(node.outputs) == 1 else [(i,) for i in range(len(node.outputs))]
    paths = [path for path, _ in flat_with_paths(structure)]
    return paths if len(paths) == len(node.outputs) else [(i,) for i in range(len(node.outputs))]


def _returns_plain_tensor(operation: Any) -> bool:
    """Whether one output means the tensor itself: so for Keras' own layers and operations."""
    if isinstance(operation, FACE.functional + FACE.sequential):
        functional = functional_of(operation)
        return functional is None or isinstance(outputs_structure(functional), FACE.symbolic)
    return type(operation).__module__.startswith(("keras.", "tf_keras."))


def output_structure(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the structure an operation returns, with symbolic tensors; ``None`` when it cannot tell."""
    functional = functional_of(operation)
    if functional is not None:
        return outputs_structure(functional)
    try:
        return operation.compute_output_spec(*args, **kwargs)
    except Exception:
        return None


def flat_with_paths(structure: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield (path, leaf) in Keras' order of flattening."""
    if isinstance(structure, dict):
        for key in _ordered(structure):
            yield from flat_with_paths(structure[key], (*path, key))
    elif isinstance(structure, (list, tuple)):
        for index, item in enumerate(structure):
            yield from flat_with_paths(item, (*path, index))
    else:
        yield path, structure


def maker_of(value: Value) -> Any:
    """Return the operation that made a live tensor (the input layer of an input)."""
    return operation_of(getattr(value.tensor, "_keras_history", None))


def is_public_output(call: Call) -> bool:
    """Whether ``operation.output`` is what this very call made, so that it needs not run again.

    Not so for nested models (their ``output`` is the inner tensor), for operations called more
    than once, and for outputs in deep structures.
    """
    operation = call.operation
    if functional_of(operation) is not None or len(getattr(operation, "_inbound_nodes", ())) != 1:
        return False
    if call.node_index != 0:
        return False
    try:
        found = [(path, tensor) for path, tensor in flat_with_paths(operation.output)]
    except Exception:
        return False
    if len(found) == 1 and len(call.outputs) == 1:
        return found[0][1] is call.outputs[0].tensor
    return [id(t) for _, t in found] == [id(v.tensor) for v in call.outputs]


def output_path_of(call: Call, value: Value) -> tuple[Any, ...]:
    """Return where a tensor stands in ``operation.output`` (flat, whatever the call returned)."""
    return () if len(call.outputs) == 1 else (call.outputs.index(value),)


def carries_masks(graph: Graph) -> bool:
    """Whether masks travel with tensors of a graph; ``clone_model`` would go on with the old ones."""
    values = [value for call in graph.calls for value in call.outputs]
    return any(getattr(value.tensor, "_keras_mask", None) is not None for value in values)


def sub_layers(layer: Any) -> list[Any]:
    """Return the layers inside a layer."""
    flatten = getattr(layer, "_flatten_layers", None)
    return list(flatten(include_self=False, recursive=True)) if flatten is not None else []


def called_operations(model: Any) -> list[Any]:
    """Return what a model's graph and the graphs of models called in it call, each once, inputs left out."""
    found: dict[int, Any] = {}
    for operation in graph_operations(model):
        if not is_input(operation) and id(operation) not in found:
            found[id(operation)] = operation
            if functional_of(operation) is not None:
                found.update((id(inner), inner) for inner in called_operations(operation))
    return list(found.values())


def tied_layers(model: Any) -> set[int]:
    """Return the ids of layers that share a variable or a part with another layer of the graph."""
    owners: dict[int, set[int]] = {}
    for layer in called_operations(model):
        if not is_layer(layer) or isinstance(layer, FACE.model):
            continue
        for thing in [layer, *getattr(layer, "variables", ()), *sub_layers(layer)]:
            owners.setdefault(id(thing), set()).add(id(layer))
    return {owner for group in owners.values() if len(group) > 1 for owner in group}


def call_parameters(cls: Any) -> set[str] | None:
    """Return the names ``call`` takes; ``None`` when it takes any."""
    try:
        parameters = inspect.signature(cls.call).parameters
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return None
    return set(parameters)
