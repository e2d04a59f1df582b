"""Reading the graph of a model.

Keras records more than the user wrote: default values, and the masks that belong to the tensors.
Both are left out, so that what is read here can be called again. The private names used are the
same in Keras 3.0 to 3.15.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from .._data.types import Arguments, Layer, Model, Node, Structure, Tensor
from .graph import Call, Graph, Value, flat_with_paths, map_structure, spec_of
from .keras_types import TYPES, is_keras_2, is_layer
from .membership import is_input, operation_of
from .stock import is_stock, parameters_of


def functional_of(model: Model) -> Model:
    """Return the Functional that runs: the model, or the one inside a built Sequential (else ``None``)."""
    if isinstance(model, TYPES.sequential):
        if is_keras_2(model):  # is its own Functional, once it has an input
            return model if getattr(model, "_graph_initialized", False) else None
        return getattr(model, "_functional", None)
    return model if isinstance(model, TYPES.functional) else None


def read_graph(model: Model) -> Graph:
    """Read the graph that runs when a Functional model (of a built Sequential, the one inside it) is called.

    Operations that only made a mask that Keras passes on by itself are left out.
    """
    reader = _Reader(model)
    outputs = map_structure(reader.value, outputs_structure(model))
    return Graph(model, reader.calls, reader.inputs, outputs)


def inputs_structure(functional: Any) -> Structure:
    """Return a Functional's symbolic inputs as the model takes them."""
    return functional._nested_inputs if is_keras_2(functional) else functional._inputs_struct


def outputs_structure(functional: Any) -> Structure:
    """Return a Functional's symbolic outputs as the model returns them."""
    return functional._nested_outputs if is_keras_2(functional) else functional._outputs_struct


def _outputs_of(node: Node) -> list[Tensor]:
    """Return what a recorded call made, flat."""
    return [leaf for _, leaf in flat_with_paths(node.outputs)]


class _Reader:
    """Walks back from outputs; iterative, for chains of a thousand calls."""

    def __init__(self, model: Model) -> None:
        self._values: dict[int, Value] = {}
        self._done: dict[int, Call] = {}
        self.calls: list[Call] = []
        self.inputs = map_structure(self._input, inputs_structure(model))

    def _input(self, tensor: Tensor) -> Value:
        value = Value(spec_of(tensor), str(tensor.name), tensor=tensor)
        self._values[id(tensor)] = value
        return value

    def value(self, tensor: Tensor) -> Value:
        if not isinstance(tensor, TYPES.symbolic):
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

    def _add(self, node: Node, index: int, args: tuple[object, ...], kwargs: Arguments) -> None:
        call = Call(operation_of(node), self._map(args), self._map(kwargs), node_index=index)
        call.recorded = tuple(call.inputs())
        paths = output_paths(node)
        for path, tensor in zip(paths, _outputs_of(node), strict=False):
            value = Value(spec_of(tensor), str(tensor.name), call, path, tensor)
            self._values.setdefault(id(tensor), value)
            call.outputs.append(self._values[id(tensor)])
        self.calls.append(call)

    def _map(self, structure: Structure) -> Structure:
        return map_structure(lambda leaf: self._values.get(id(leaf), leaf), structure)


def _node_of(tensor: Tensor) -> tuple[Any, int]:
    """Return the recorded call that made a tensor; ``None`` for tensors nothing made."""
    history = getattr(tensor, "_keras_history", None)
    operation = operation_of(history)
    if history is None or operation is None or is_input(operation):
        return None, 0
    return operation._inbound_nodes[history.node_index], int(history.node_index)


def symbolic_in(structure: Structure) -> Iterator[Tensor]:
    """Yield the symbolic tensors of a structure."""
    if isinstance(structure, TYPES.symbolic):
        yield structure
    elif isinstance(structure, dict):
        for item in structure.values():
            yield from symbolic_in(item)
    elif isinstance(structure, (list, tuple)):
        for item in structure:
            yield from symbolic_in(item)


def given_arguments(node: Node) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a recorded call that its author gave."""
    operation = operation_of(node)
    if is_keras_2(operation):
        args, kwargs = tuple(node.call_args), dict(node.call_kwargs)
    else:
        args, kwargs = tuple(node.arguments.args), dict(node.arguments.kwargs)
    if not is_layer(operation):
        return args, kwargs
    parameters = parameters_of(operation.call)
    bound = {**dict(zip(parameters, args, strict=False)), **kwargs}
    for name in list(kwargs):
        parameter = parameters.get(name)
        if parameter is not None and _is_default(kwargs[name], parameter.default):
            del kwargs[name]
        elif name == "mask" or name.endswith("_mask"):
            source = _masked_argument(name, bound, args)
            if _is_own_mask(kwargs[name], source):
                del kwargs[name]
    return args, kwargs


def _is_default(value: object, default: object) -> bool:
    if default is inspect.Parameter.empty or isinstance(value, TYPES.symbolic):
        return False
    return value is default or (type(value) is type(default) and bool(value == default))


def _masked_argument(name: str, bound: dict[str, Any], args: tuple[object, ...]) -> Any:
    """Return the argument whose mask Keras fills in under ``name``."""
    if name == "mask":
        return args[0] if args else next(iter(bound.values()), None)
    return bound.get(name[: -len("_mask")])


def _is_own_mask(mask: object, source: object) -> bool:
    """Whether ``mask`` is what the tensors of ``source`` carry along anyway."""
    if isinstance(source, TYPES.symbolic):
        return mask is getattr(source, "_keras_mask", None)
    if isinstance(source, dict) and isinstance(mask, dict):
        return source.keys() == mask.keys() and all(_is_own_mask(mask[k], source[k]) for k in source)
    if isinstance(source, (list, tuple)) and isinstance(mask, (list, tuple)):
        return len(source) == len(mask) and all(_is_own_mask(m, s) for m, s in zip(mask, source, strict=True))
    return mask is None


def output_paths(node: Node) -> list[tuple[Any, ...]]:
    """Return the path of each flat output of a recorded call in what the call returns."""
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


def _returns_plain_tensor(operation: Layer) -> bool:
    """Whether one output means the tensor itself: so for Keras' own layers and operations."""
    if isinstance(operation, TYPES.functional + TYPES.sequential):
        functional = functional_of(operation)
        return functional is None or isinstance(outputs_structure(functional), TYPES.symbolic)
    return is_stock(type(operation))


def output_structure(operation: Layer, args: tuple[object, ...], kwargs: Arguments) -> Structure:
    """Return the structure an operation returns, with symbolic tensors; ``None`` when it cannot tell."""
    functional = functional_of(operation)
    if functional is not None:
        return outputs_structure(functional)
    try:
        return operation.compute_output_spec(*args, **kwargs)
    except Exception:
        return None
