"""The symbolic tensors that a Functional model was made of, for names of the user's that hold one."""

from __future__ import annotations

from typing import Any

from .._data.types import Model, Node, Tensor
from .keras_types import is_keras_2, is_symbolic
from .membership import graph_operations, input_layers_behind
from .read_graph import functional_of


def outputs_of(model: Model) -> list[Tensor]:
    """Return the output tensors of a model; none for one without a graph, and for one of Keras 2."""
    functional = None if is_keras_2(model) else functional_of(model)
    try:
        return [] if functional is None else list(functional.outputs)
    except Exception:
        return []


def computes(model: Model, tensor: Tensor) -> bool:
    """Whether the graph of a model computes a tensor."""
    node = _node_of(tensor)
    by_depth: dict[int, list[Node]] = getattr(functional_of(model), "_nodes_by_depth", None) or {}
    return any(node is other for nodes in by_depth.values() for other in nodes)


def starts_from(tensor: Tensor, model: Model) -> bool:
    """Whether a tensor is computed from an input of a model."""
    node = _node_of(tensor)
    inputs = input_layers_behind([node]) if node is not None else set()
    return not inputs.isdisjoint(id(operation) for operation in graph_operations(model))


def _node_of(tensor: Tensor) -> Any:
    history = getattr(tensor, "_keras_history", None)
    if not is_symbolic(tensor) or history is None:
        return None
    nodes = history.operation._inbound_nodes
    return nodes[history.node_index] if history.node_index < len(nodes) else None
