"""Other shapes for a model's inputs, as the inputs that replace them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .._adapter.graph import Spec, Value
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

    Raises:
        RebuildRefused: For a name that no input has, or a shape that is none.
    """
    functional = functional_of(model)
    if functional is None:
        if not isinstance(edit.shape, Mapping):
            yield None, NewInput(Spec((None, *_sizes(edit.shape)), setting("floatx")))
            return
        raise RebuildRefused(
            f"{model.name!r} has no input yet; give its shape alone", ("InputShape((96, 96, 1))",)
        )
    graph = read_graph(functional)
    values = graph.flat_inputs()
    keys = _keys(graph.inputs, values)
    for value, sizes in _wanted(model, edit, values, keys):
        if value.spec.shape is None:
            raise RebuildRefused(f"the input {value.name!r} of {model.name!r} has no shape")
        spec = replace(value.spec, shape=(value.spec.shape[0], *_sizes(sizes)))
        layer = maker_of(value)
        yield layer, NewInput.named(spec, str(getattr(layer, "name", "")))


def _wanted(
    model: Model, edit: InputShape, values: list[Value], keys: dict[int, str]
) -> Iterator[tuple[Value, Any]]:
    if not isinstance(edit.shape, Mapping):
        if len(values) != 1:
            names = [_name(value, keys) for value in values]
            raise RebuildRefused(
                f"{model.name!r} has {len(values)} inputs; which one is to have the shape {edit.shape}?",
                tuple(f"InputShape({{{name!r}: {tuple(edit.shape)}}})" for name in names[:6]),
            )
        yield values[0], edit.shape
        return
    for name, sizes in edit.shape.items():
        found = [v for v in values if name in (keys.get(id(v)), getattr(maker_of(v), "name", None))]
        if len(found) != 1:
            listed = ", ".join(repr(_name(value, keys)) for value in values)
            raise RebuildRefused(f"{model.name!r} has no input {name!r}; it has {listed}")
        yield found[0], sizes


def _keys(inputs: object, values: list[Value]) -> dict[int, str]:
    """Return the keys of inputs that a model takes in a dict, by ``id`` of the value."""
    if not isinstance(inputs, Mapping):
        return {}
    return {id(value): str(key) for key, value in inputs.items() if any(value is known for known in values)}


def _name(value: Value, keys: dict[int, str]) -> str:
    return keys.get(id(value)) or str(getattr(maker_of(value), "name", value.name))


def _sizes(shape: object) -> tuple[int | None, ...]:
    if not isinstance(shape, (tuple, list)) or not all(
        size is None or (type(size) is int and size > 0) for size in shape
    ):
        raise RebuildRefused(
            f"{shape!r} is no shape of an input: it is a tuple of sizes without the batch, None where any will do",
            ("InputShape((96, 96, 1))",),
        )
    return tuple(shape)
