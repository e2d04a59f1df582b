"""The shapes inside a Sequential model, and shapes in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .._adapter.graph import Spec, Value, flat_with_paths, map_structure
from .._adapter.read_graph import functional_of, read_graph
from .._data.types import Model, Structure


@dataclass(frozen=True)
class SequentialSpecs:
    """What flows through a built Sequential: the first input, and each layer's inputs and output."""

    first: Spec
    inputs: dict[int, list[Any]]
    outputs: dict[int, Any]


def sequential_specs(model: Model) -> SequentialSpecs | None:
    """Read the specs of a Sequential; ``None`` while it has no input."""
    functional = functional_of(model)
    if functional is None:
        return None
    graph = read_graph(functional)
    inputs: dict[int, list[Any]] = {}
    outputs: dict[int, Any] = {}
    for call in graph.calls:
        taken = map_structure(_spec_leaf, call.args[0])
        inputs.setdefault(id(call.operation), []).append(taken)
        outputs[id(call.operation)] = packed(tuple((v.path, v.spec) for v in call.outputs))
    return SequentialSpecs(graph.flat_inputs()[0].spec, inputs, outputs)


def _spec_leaf(leaf: object) -> Any:
    return leaf.spec if isinstance(leaf, Value) else leaf


def packed(outputs: Sequence[tuple[tuple[object, ...], Spec]]) -> Structure:
    """Return the structure with its leaves at the given paths (flat lists and dicts are enough here)."""
    if len(outputs) == 1 and outputs[0][0] == ():
        return outputs[0][1]
    if all(len(path) == 1 for path, _ in outputs) and not all(
        isinstance(path[0], int) for path, _ in outputs
    ):
        return {path[0]: spec for path, spec in outputs}
    return [spec for _, spec in outputs]


def specs_in(structure: Structure) -> Iterator[Spec]:
    """Yield the specs of nested lists, tuples and dicts."""
    for _, leaf in flat_with_paths(structure):
        if isinstance(leaf, Spec):
            yield leaf


def shapes_in_words(specs: Iterable[Spec]) -> str:
    """Return shapes as a message shows them."""
    return ", ".join(map(str, specs)) or "nothing"


def weights_in_words(shapes: Any) -> str:
    """Return the shapes of weights as a message shows them."""
    return ", ".join(str(shape) for shape in shapes or ()) or "no weights"
