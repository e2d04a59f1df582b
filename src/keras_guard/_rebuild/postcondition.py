"""The post-condition: the new model is the planned one, call by call.

The demand of the edits is compared with the plan, and the plan with the model that the code made.
Both are compared in one way only: from the outputs back to the inputs, so that a layer which is not
called, is called elsewhere or is another one is found whatever the code looked like.
"""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.graph import Call, Graph, Value
from .._adapter.keras_types import is_graph_model, is_layer
from .._adapter.layer_fit import same_weights
from .._adapter.membership import is_input, visible_layers
from .._adapter.read_graph import functional_of, read_graph
from .._data.edits import LayerRecord
from .._data.types import Layer, Model
from .plan import ModelPlan, Part
from .refused import RebuildRefused


def check_model(made: Model, plan: ModelPlan, *, weights: bool = True) -> dict[int, Layer]:
    """Compare the model that the code made with its plan, and copied ``weights``, too.

    Returns:
        By ``id`` of a part of the plan, the layer of the new model.

    Raises:
        RebuildRefused: Where they differ, with the first layer that did not arrive.
    """
    if not is_graph_model(made):
        raise RebuildRefused("the code made no Sequential or Functional model")
    pairs = dict(_matched(made, plan))
    for part in plan.parts():
        layer = pairs.get(id(part))
        if layer is None:
            raise _missing(part)
        if weights and part.carries and not same_weights(part.item, layer):
            raise RebuildRefused(f"{part.name!r} is in the new model, but without the weights it had")
    return pairs


def _matched(made: Model, plan: ModelPlan) -> Iterator[tuple[int, Layer]]:
    """Return for each part of a plan what the new model calls in its place."""
    return _matched_list(made, plan) if plan.graph is None else _matched_graph(made, plan, plan.graph)


def _matched_list(made: Model, plan: ModelPlan) -> Iterator[tuple[int, Layer]]:
    found = [layer for layer in visible_layers(made) if not is_input(layer)]
    parts = [step.part for step in plan.steps]
    for part, layer in zip(parts, found, strict=False):
        yield from _same(part, layer)
    if len(found) != len(parts):
        raise RebuildRefused(f"the new {plan.model.name!r} has {len(found)} layers instead of {len(parts)}")


def _matched_graph(made: Model, plan: ModelPlan, wanted: Graph) -> Iterator[tuple[int, Layer]]:
    functional = functional_of(made)
    if functional is None:
        raise RebuildRefused(f"the new {plan.model.name!r} has no graph")
    found = read_graph(functional)
    parts = {id(step.call): step.part for step in plan.steps}
    waiting = list(_paired(wanted.flat_outputs(), found.flat_outputs(), "the outputs"))
    inputs = {id(a): b for a, b in _paired(wanted.flat_inputs(), found.flat_inputs(), "the inputs")}
    calls: dict[int, Call] = {}
    while waiting:
        asked, given = waiting.pop()
        if asked.call is None or given.call is None:
            if inputs.get(id(asked)) is not given:
                raise RebuildRefused(f"the new {plan.model.name!r} reads another input than {asked.name!r}")
            continue
        if len(given.call.outputs) > 1 and asked.path != given.path:
            raise RebuildRefused(f"another output of {parts[id(asked.call)].name!r} is read than before")
        known = calls.get(id(asked.call))
        if known is not None:
            if known is not given.call:
                raise RebuildRefused(f"{parts[id(asked.call)].name!r} is called more often than it was")
            continue
        calls[id(asked.call)] = given.call
        yield from _same(parts[id(asked.call)], given.call.operation)
        name = f"the inputs of {parts[id(asked.call)].name!r}"
        waiting += _paired(list(asked.call.inputs()), list(given.call.inputs()), name)


def _paired(wanted: list[Value], found: list[Value], what: str) -> Iterator[tuple[Value, Value]]:
    if len(wanted) != len(found):
        raise RebuildRefused(f"{what} are {len(found)} instead of {len(wanted)}")
    yield from zip(wanted, found, strict=True)


def _same(part: Part, layer: Layer) -> Iterator[tuple[int, Layer]]:
    """Yield a part and what is called in its place; the parts of a nested model, too."""
    if part.plan is not None:
        if not is_graph_model(layer):
            raise _missing(part)
        yield id(part), layer
        yield from _matched(layer, part.plan)
        return
    if not _is_the_layer(part, layer):
        raise _missing(part, layer)
    yield id(part), layer


def _is_the_layer(part: Part, layer: Layer) -> bool:
    """Whether a layer of the new model is what a part asks for: the object itself, or one of its class."""
    item = part.item
    if layer is item:
        return part.origin != "fresh" or not is_layer(item)
    if isinstance(item, LayerRecord):
        return _same_class(type(layer), item.cls)
    if not is_layer(item):
        return type(layer) is type(item)
    return part.recreated and _same_class(type(layer), type(item))


def _same_class(found: type, wanted: type) -> bool:
    """Whether two classes are one, or the same one defined again by a file that stands alone."""
    return found is wanted or (
        found.__qualname__ == wanted.__qualname__ and found.__module__ == wanted.__module__ == "__main__"
    )


def _missing(part: Part, instead: Layer = None) -> RebuildRefused:
    found = f"; {getattr(instead, 'name', 'another layer')!r} is in its place" if instead is not None else ""
    return RebuildRefused(f"{part.name!r} did not arrive in the new model{found}")
