"""Questions about the operations of a graph."""

from __future__ import annotations

from typing import Any

from .._data.types import Layer, Model, Tensor
from .graph import Call, Graph, Value, flat_with_paths
from .keras_types import TYPES, is_layer, is_symbolic
from .membership import graph_operations, is_input, operation_of
from .read_graph import functional_of
from .stock import parameters_of


def maker_of(value: Value) -> Layer:
    """Return the operation that made a live tensor (the input layer of an input)."""
    return operation_of(getattr(value.tensor, "_keras_history", None))


def made_by(value: Value) -> Layer:
    """Return what makes a tensor of a graph: the called operation, or the input layer."""
    return value.call.operation if value.call is not None else maker_of(value)


def maker_of_tensor(tensor: Tensor) -> Layer:
    """Return the operation that made a symbolic tensor, or the input layer; ``None`` for other values."""
    return operation_of(getattr(tensor, "_keras_history", None)) if is_symbolic(tensor) else None


def is_public_output(call: Call) -> bool:
    """Whether ``operation.output`` is what this very call made, so that it needs not run again.

    Not so for nested models (their ``output`` is the inner tensor), for operations called more
    than once, and for outputs in deep structures.
    """
    operation = call.operation
    is_only_call = len(getattr(operation, "_inbound_nodes", ())) == 1 and call.node_index == 0
    if functional_of(operation) is not None or not is_only_call:
        return False
    try:
        found = [id(tensor) for _, tensor in flat_with_paths(operation.output)]
    except Exception:
        return False
    return found == [id(value.tensor) for value in call.outputs]


def output_path_of(call: Call, value: Value) -> tuple[Any, ...]:
    """Return the path of a tensor in ``operation.output`` (flat, whatever the call returned)."""
    return () if len(call.outputs) == 1 else (call.outputs.index(value),)


def carries_masks(graph: Graph) -> bool:
    """Whether masks travel with tensors of a graph; ``clone_model`` would go on with the old ones."""
    values = [value for call in graph.calls for value in call.outputs]
    return any(getattr(value.tensor, "_keras_mask", None) is not None for value in values)


def sub_layers(layer: Layer) -> list[Layer]:
    """Return the layers inside a layer."""
    flatten = getattr(layer, "_flatten_layers", None)
    return list(flatten(include_self=False, recursive=True)) if flatten is not None else []


def called_operations(model: Model) -> list[Layer]:
    """Return what a model's graph and the graphs of models called in it call, each once, inputs left out."""
    found: dict[int, Any] = {}
    for operation in graph_operations(model):
        if not is_input(operation) and id(operation) not in found:
            found[id(operation)] = operation
            if functional_of(operation) is not None:
                found.update((id(inner), inner) for inner in called_operations(operation))
    return list(found.values())


def tied_layers(model: Model) -> set[int]:
    """Return the ids of layers that share a variable or a part with another layer of the graph."""
    owners: dict[int, set[int]] = {}
    for layer in called_operations(model):
        if not is_layer(layer) or isinstance(layer, TYPES.model):
            continue
        for thing in [layer, *getattr(layer, "variables", ()), *sub_layers(layer)]:
            owners.setdefault(id(thing), set()).add(id(layer))
    return {owner for group in owners.values() if len(group) > 1 for owner in group}


def call_parameters(cls: Any) -> set[str] | None:
    """Return the names ``call`` takes; ``None`` when it takes any."""
    parameters = parameters_of(cls.call)
    if not parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return None
    return set(parameters)
