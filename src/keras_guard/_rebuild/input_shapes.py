"""Other shapes for a model's inputs, as the inputs that replace them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .._adapter.graph import Graph, Spec, Value
from .._adapter.graph_facts import maker_of
from .._adapter.keras_types import setting
from .._adapter.read_graph import functional_of, read_graph
from .._data.edits import InputShape
from .._data.refused import RebuildRefused
from .._data.types import Layer, Model
from .given import NewInput


def new_inputs(model: Model, edit: InputShape) -> Iterator[tuple[Layer, NewInput]]:
    """Yield each input of a model that gets another shape, with the input that replaces it.

    The layer is ``None`` for a Sequential that has no input yet.
    """
    functional = functional_of(model)
    if functional is None:
        if not isinstance(edit.shape, Mapping):
            yield None, NewInput(Spec((None, *_sizes(edit.shape)), setting("floatx")))
            return
        raise RebuildRefused(
            f"{model.name!r} has no input yet; give its shape alone", ("InputShape((96, 96, 1))",)
        )
    for value, sizes in _wanted(model, edit, read_graph(functional)):
        if value.spec.shape is None:
            raise RebuildRefused(f"the input {value.name!r} of {model.name!r} has no shape")
        spec = replace(value.spec, shape=(value.spec.shape[0], *_sizes(sizes)))
        layer = maker_of(value)
        yield layer, NewInput.named(spec, str(getattr(layer, "name", "")))


def _wanted(model: Model, edit: InputShape, graph: Graph) -> Iterator[tuple[Value, Any]]:
    named = [(value, _names(graph, value)) for value in graph.flat_inputs()]
    if not isinstance(edit.shape, Mapping):
        if len(named) != 1:
            raise RebuildRefused(
                f"{model.name!r} has {len(named)} inputs; which one is to have the shape {edit.shape}?",
                tuple(f"InputShape({{{names[0]!r}: {tuple(edit.shape)}}})" for _, names in named[:6]),
            )
        yield named[0][0], edit.shape
        return
    for name, sizes in edit.shape.items():
        found = [value for value, names in named if name in names]
        if len(found) != 1:
            listed = ", ".join(repr(names[0]) for _, names in named)
            raise RebuildRefused(f"{model.name!r} has no input {name!r}; it has {listed}")
        yield found[0], sizes


def _names(graph: Graph, value: Value) -> list[str]:
    """Return the names of an input: its key, where the model takes a dict, and that of its layer."""
    keys = graph.inputs.items() if isinstance(graph.inputs, Mapping) else ()
    return [
        *(str(key) for key, known in keys if known is value),
        str(getattr(maker_of(value), "name", value.name)),
    ]


def _sizes(shape: object) -> tuple[int | None, ...]:
    if not isinstance(shape, (tuple, list)) or not all(
        size is None or (type(size) is int and size > 0) for size in shape
    ):
        raise RebuildRefused(
            f"{shape!r} is no shape of an input: it is a tuple of sizes without the batch, None where any will do",
            ("InputShape((96, 96, 1))",),
        )
    return tuple(shape)
