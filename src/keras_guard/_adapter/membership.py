"""What a model's graph really holds: the layers that run when the model is called.

Ownership is read from the graph itself, never from ``layer._inbound_nodes`` (a layer called
elsewhere has foreign nodes) and never from ``.layers``, which private edits can falsify.
Private names read here were found unchanged in Keras 3.3 to 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from .._data.types import Layer, Model, Node
from .keras_types import TYPES, is_keras_2, is_layer, is_layer_class
from .stock import class_with, is_stock

_OPERATION = attrgetter("operation")


def graph_operations(model: Model) -> list[Layer]:
    """Return the operations that run when ``model`` is called, nested models not opened.

    For a Functional these come from its nodes, for a Sequential from the Functional it runs
    (its list of layers while it is not built), for a subclassed model from its tracked layers.
    """
    functional = getattr(model, "_functional", None)
    if issubclass(type(model), TYPES.sequential) and not is_keras_2(model):
        if functional is None:
            return tracked_layers(model)
        return graph_operations(functional)
    by_depth = getattr(model, "_nodes_by_depth", None)
    if by_depth:
        found = _operations_of([node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]])
        return list(dict(zip(map(id, found), found, strict=True)).values())
    return tracked_layers(model)


def _operations_of(nodes: list[Node]) -> list[Layer]:
    """Return what recorded calls called; a graph of 500 layers is read in each cell, so most are read at once."""
    try:
        found = list(map(_OPERATION, nodes))
        if all(operation is not None for operation in found):
            return found
    except AttributeError:
        pass  # nodes of Keras 2
    return [operation for node in nodes if (operation := operation_of(node)) is not None]


def operation_of(node: Node) -> Layer:
    """Return what a recorded call called; also of a tensor's history."""
    operation = getattr(node, "operation", None)
    return getattr(node, "layer", None) if operation is None else operation


def tracked_layers(layer: Layer) -> list[Layer]:
    """Return the layers that a layer or model keeps a record of, inputs included."""
    if not is_keras_2(layer):
        return list(getattr(layer, "_layers", ()))
    return [part for part in layer._flatten_layers(recursive=False, include_self=False) if is_layer(part)]


def graph_layers(model: Model) -> Iterator[Layer]:
    """Yield every layer of the graph, those of nested models and wrappers included, each once."""
    layers = _layers_among(graph_operations(model))
    holding = _those_with_parts(layers)
    if not holding:
        yield from layers
        return
    seen: set[int] = set()
    waiting = layers[::-1]
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield layer
        if id(layer) in holding:
            inner = _layers_among(graph_operations(layer))
            holding |= _those_with_parts(inner)
            waiting += inner[::-1]


def _layers_among(operations: list[Layer]) -> list[Layer]:
    layers = layers_of_classes(operations, is_layer_class)
    return list({id(layer): layer for layer in layers}.values())


def _those_with_parts(layers: list[Layer]) -> set[int]:
    """Return the identities of the layers that may hold others; a graph of 500 layers is walked in each cell."""
    opened = TYPES.model + TYPES.keras_2
    graphs = _classes_of(layers, lambda cls: issubclass(cls, opened))
    return {
        id(layer)
        for layer in layers
        if type(layer) in graphs
        or not issubclass(type(parts := layer.__dict__.get("_layers")), list)
        or len(parts)
    }


def layers_of_classes(layers: Sequence[Layer], is_wanted: Callable[[type], bool]) -> Iterator[Layer]:
    """Yield the layers whose class passes a test, which is asked once for each class."""
    wanted = _classes_of(layers, is_wanted)
    return (layer for layer in layers if type(layer) in wanted)


def _classes_of(layers: Sequence[Layer], is_wanted: Callable[[type], bool]) -> set[type]:
    return {cls for cls in set(map(type, layers)) if is_wanted(cls)}


def holds(model: Model, layer: Layer) -> bool:
    """Whether ``layer`` runs when ``model`` is called (nested models included)."""
    return any(item is layer for item in graph_layers(model))


def is_built_around(new: Layer, old: Layer) -> bool:
    """Whether a new layer or model runs the old one itself (``base = Sequential([base, head])``)."""
    return (
        holds(new, old) if issubclass(type(new), TYPES.model) else any(p is old for p in tracked_layers(new))
    )


def shares_weights(model: Model, layer: Layer) -> bool:
    """Whether a model runs layers inside another layer, which it need not run itself: a model of the encoder's output."""
    if not (tracked_layers(layer) and is_built(model) and is_built(layer)):
        return False
    inside = {id(variable) for variable in layer.variables}
    return any(id(variable) in inside for variable in model.variables)


def runs_a_graph(model: Model) -> bool:
    """Whether calling the model follows nodes, and not a list of layers."""
    return bool(getattr(model, "_nodes_by_depth", None) or getattr(model, "_functional", None) is not None)


def tracks_only(model: Model, layer: Layer) -> bool:
    """Whether a subclassed model goes on tracking a built layer that none of its attributes names any more."""
    if not is_layer(layer) or not getattr(layer, "built", False) or not getattr(layer, "weights", ()):
        return False
    named = [value for name, value in vars(model).items() if name != "_layers"]
    return holds(model, layer) and not any(value is layer for value in named)


def list_that_holds(model: Model, layer: Layer) -> str | None:
    """Return the name of an attribute of a model that is a list or dict with this very layer in it."""
    for name, value in list(vars(model).items()):
        if name.startswith("_") or not issubclass(type(value), (list, tuple, dict)):
            continue
        if any(item is layer for item in flat_items(value)):
            return str(name)
    return None


def runs(model: Model, part: object) -> bool:
    """Whether ``part`` is the model or runs when it is called."""
    return model is part or holds(model, part)


def visible_layers(model: Model) -> tuple[Layer, ...]:
    """Return what ``model.layers`` shows; a property of the user's own is not asked."""
    if not is_keras_property(model, "layers"):
        return tuple(tracked_layers(model))
    try:
        return tuple(model.layers)
    except Exception:
        return ()


def own_layers(model: Model) -> tuple[Layer, ...]:
    """Return the layers of the graph itself in running order, without inputs."""
    return tuple(op for op in graph_operations(model) if is_layer(op) and not is_input(op))


def listed_layers(model: Model) -> tuple[Layer, ...]:
    """Return the layers Keras' own list shows, without inputs."""
    return tuple(layer for layer in visible_layers(model) if not is_input(layer))


def is_input(layer: Layer) -> bool:
    """Whether ``layer`` is only the input of a model."""
    return type(layer).__name__ == "InputLayer"


def matches_layer_list(model: Model, items: tuple[object, ...]) -> bool:
    """Whether ``items`` are exactly this model's layers, with or without the input."""
    if not items:
        return False
    shown = visible_layers(model)
    if same_items(items, shown):
        return True
    given = tuple(i for i in items if is_layer(i) and not is_input(i))
    if len(given) < len(items) - 1:
        return False
    return same_items(given, tuple(layer for layer in shown if not is_input(layer)))


def same_items(a: tuple[object, ...], b: tuple[object, ...]) -> bool:
    """Whether two sequences hold the same objects in the same order."""
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def is_built(layer: Layer) -> bool:
    """Whether the layer has been built."""
    return bool(getattr(layer, "built", False))


def was_called(layer: Layer) -> bool:
    """Whether the layer was ever called on a symbolic tensor."""
    return bool(getattr(layer, "_inbound_nodes", ()))


def is_run_alone(layer: Layer) -> bool:
    """Whether the layer was called on data, and never on a symbolic tensor."""
    return bool(getattr(layer, "_called", False)) and not was_called(layer)


def is_called_apart(layer: Layer, models: Iterable[Model]) -> bool:
    """Whether a layer was called on tensors none of which comes from an input of one of the models."""
    sources = _sources(getattr(layer, "_inbound_nodes", ()))
    theirs = {id(operation) for model in models for operation in graph_operations(model)}
    return bool(sources) and theirs.isdisjoint(sources)


def _sources(nodes: Iterable[Node]) -> set[int]:
    """Return the identities of the input layers that nodes go back to."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        parents = list(getattr(node, "parent_nodes", ()))
        operation = operation_of(node)
        if not parents and operation is not None and is_input(operation):
            found.add(id(operation))
        waiting += parents
    return found


def is_keras_property(owner: object, attribute: str) -> bool:
    """Whether reading ``owner.attribute`` runs no code but Keras' own."""
    definer = class_with(type(owner), attribute)
    return definer is None or is_stock(definer)  # ``None``: an attribute of the instance, or none


def fresh_copy_property(owner: object, attribute: str) -> bool:
    """Whether ``owner.attribute`` is a property of Keras that returns a new container at each read."""
    if not isinstance(getattr(type(owner), attribute, None), property):
        return False
    if not is_keras_property(owner, attribute):
        return False
    try:
        first, second = getattr(owner, attribute), getattr(owner, attribute)
    except Exception:
        return False
    return isinstance(first, (list, dict)) and first is not second


def is_compiled(model: Model) -> bool:
    """Whether a model has been compiled."""
    return bool(getattr(model, "_is_compiled" if is_keras_2(model) else "compiled", False))


def compile_objects(model: Model) -> dict[str, Any]:
    """Return what ``compile`` was given, by argument name; empty when the model is not compiled.

    Losses and metrics are the user's own objects (functions, instances, lists), as Keras keeps
    them in ``CompileLoss`` and ``CompileMetrics``.
    """
    if not is_compiled(model):
        return {}
    found = {"optimizer": getattr(model, "optimizer", None)}
    if is_keras_2(model):
        return {**found, **dict(getattr(getattr(model, "_compile_config", None), "config", {}) or {})}
    loss = getattr(model, "_compile_loss", None)
    found["loss"] = getattr(loss, "_user_loss", None)
    found["loss_weights"] = getattr(loss, "_user_loss_weights", None)
    metrics = getattr(model, "_compile_metrics", None)
    found["metrics"] = getattr(metrics, "_user_metrics", None)
    found["weighted_metrics"] = getattr(metrics, "_user_weighted_metrics", None)
    return {name: value for name, value in found.items() if value is not None}


def compile_argument_of(model: Model, value: object) -> str | None:
    """Return the name of the compile argument that is or holds ``value``, or ``None``."""
    for name, given in compile_objects(model).items():
        if any(item is value for item in flat_items(given)):
            return name
    return None


def shown_argument(model: Model, name: str) -> Any:
    """Return what the model's attribute of a compile argument shows, ``None`` where it has none."""
    return vars(model).get(name)


def is_argument_read(model: Model, name: str) -> bool:
    """Whether a compile argument has been made into Keras' own objects, so that it is not read again."""
    holder = "_compile_metrics" if name.endswith("metrics") else "_compile_loss"
    return bool(getattr(getattr(model, holder, None), "built", False))


def compile_containers(model: Model) -> Iterator[tuple[str, Any]]:
    """Yield the lists and dicts of the user's that ``compile`` was given, with the argument's name."""
    for name, value in compile_objects(model).items():
        if isinstance(value, (list, dict)):
            yield name, value


def flat_items(value: object, depth: int = 4) -> Iterator[Any]:
    """Yield ``value`` and, through lists, tuples and dicts, all it holds."""
    yield value
    if depth == 0:
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flat_items(item, depth - 1)
