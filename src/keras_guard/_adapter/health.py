"""Facts that tell why a model does not change; they are read only, and no model is called."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

from .._data.identity import IdentityMap
from .._data.types import Layer, Model, Variable
from .compiled_objects import scoring_objects
from .describe import size_of
from .graph import Call, Graph
from .keras_types import TYPES, is_keras_2, is_layer, is_model
from .membership import compile_objects, graph_layers, holds, is_compiled, tracked_layers
from .no_side_effects import as_numpy
from .optimizer_state import known_variables
from .read_graph import functional_of, read_graph
from .stock import class_with, is_stock

#: Operations whose gradient is nothing, beside those that give whole numbers or truth values.
_NO_GRADIENT = frozenset(
    {"StopGradient", "Sign", "Floor", "Ceil", "Round", "Trunc", "FloorDivide", "ZerosLike", "OnesLike", "OneHot"}
)  # fmt: skip
_FLOATING = ("float", "bfloat", "complex")

#: By variable, its norm.
Norms = IdentityMap[float]


class CannotTellError(Exception):
    """A check that cannot run; the text says why."""


def layer_words(layer: Layer) -> str:
    """Name a layer: ``Dense "head"``."""
    return f'{type(layer).__name__} "{layer.name}"'


def path_of(variable: Variable) -> str:
    """Return how Keras names a variable."""
    return str(getattr(variable, "path", None) or variable.name)


def masked_flags(model: Model) -> list[tuple[Layer, Layer]]:
    """Return the layers that say they train while a layer or model around them is frozen, with the latter."""
    found: dict[int, tuple[Layer, Layer]] = {}
    for holder in (model, *graph_layers(model)):
        if holder.trainable:
            continue
        for part in graph_layers(holder):
            variables = getattr(part, "_trainable_variables", ())
            if part.trainable and any(getattr(v, "trainable", True) for v in variables):
                found.setdefault(id(part), (part, holder))
    return list(found.values())


def unknown_to_optimizer(model: Model) -> tuple[list[Variable], list[Variable]]:
    """Return the trainable variables that the optimizer was not built for, and those it has beside the model's.

    Raises:
        CannotTellError: Where there is no optimizer, or it has trained nothing yet.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise CannotTellError("the model has no optimizer")
    if is_keras_2(model) or not getattr(optimizer, "built", False):
        raise CannotTellError("the optimizer has trained nothing yet")
    known = {id(variable): variable for variable in known_variables(optimizer)}
    own = {id(variable) for variable in model.variables}
    unknown = [v for v in model.trainable_variables if id(v) not in known]
    return unknown, [v for number, v in known.items() if number not in own]


def learning_rate(model: Model) -> float | None:
    """Return the rate that the optimizer trains with; ``None`` where a schedule or nothing gives it."""
    optimizer = getattr(model, "optimizer", None)
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is None or not isinstance(rate, TYPES.variable):
        return None
    return float(as_numpy(rate))


def attached_layers(model: Model) -> list[tuple[str, Layer]]:
    """Return the layers that are attributes of a model of layers but are not called in its graph."""
    _readable_graph(model)
    found = [(name, value) for name, value in list(vars(model).items()) if not name.startswith("_")]
    return [(name, v) for name, v in found if is_layer(v) and not is_model(v) and not holds(model, v)]


def _readable_graph(model: Model) -> Model:
    """Return the Functional that runs; raises where there is none."""
    functional = functional_of(model)
    if functional is None:
        raise CannotTellError("its graph is the Python code of its class")
    return functional


def only_tracked(model: Model) -> list[Layer]:
    """Return the layers that Keras keeps a record of and the graph does not call."""
    functional = _readable_graph(model)
    called = {id(layer) for layer in graph_layers(functional)}
    return [
        part for part in tracked_layers(model)
        if id(part) not in called and part is not functional and not is_model(part)
    ]  # fmt: skip


# What a loss reaches


def unreached_variables(model: Model) -> list[Variable]:
    """Return the trainable variables that no loss has a gradient for, by the graph alone.

    Raises:
        CannotTellError: Where the graph or the loss is Python code of the user's.
    """
    functional = _readable_graph(model)
    if not is_compiled(model):
        raise CannotTellError("it was never compiled, so there is no loss")
    if not is_stock(class_with(type(model), "train_step") or type(model)):
        raise CannotTellError("its `train_step` is Python code of its class")
    if any(not is_stock(type(layer)) for layer in graph_layers(model)):
        raise CannotTellError("layers of your own may add losses")
    graph = read_graph(functional)
    reached = _reached(graph, _scored(model, graph))
    return [v for v in model.trainable_variables if id(v) not in reached]


def _scored(model: Model, graph: Graph) -> list[Any]:
    """Return the outputs that a loss is computed of."""
    outputs = graph.flat_outputs()
    given = compile_objects(model)
    loss, weights = given.get("loss"), given.get("loss_weights")
    if loss is None:
        return []
    names = [str(name) for name in getattr(model, "output_names", ())]
    keep = [True] * len(outputs)
    for values, empty in ((loss, (None,)), (weights, (0, 0.0))):
        if isinstance(values, dict):
            if not set(values) <= set(names) or len(names) != len(outputs):
                raise CannotTellError("its losses are keyed by something else than its outputs")
            part = [values.get(name, empty[0] if values is loss else 1) for name in names]
        elif isinstance(values, (list, tuple)) and len(values) == len(outputs):
            part = list(values)
        else:
            continue
        keep = [k and not any(v is e or (type(v) is type(e) and v == e) for e in empty)
                for k, v in zip(keep, part, strict=True)]  # fmt: skip
    return [output for output, kept in zip(outputs, keep, strict=True) if kept]


def _reached(graph: Graph, outputs: Iterable[Any]) -> set[int]:
    """Return the identities of the variables that a gradient from some outputs comes to."""
    waiting = [value.call for value in outputs if value.call is not None]
    seen: set[int] = set()
    found: set[int] = set()
    while waiting:
        call = waiting.pop()
        if id(call) in seen:
            continue
        seen.add(id(call))
        found |= _variables_reached(call)
        if type(call.operation).__name__ not in _NO_GRADIENT:
            waiting += [
                value.call for value in call.inputs()
                if value.call is not None and value.spec.dtype.startswith(_FLOATING)
            ]  # fmt: skip
    return found


def _variables_reached(call: Call) -> set[int]:
    operation = call.operation
    inner = functional_of(operation) if is_model(operation) else None
    if inner is not None:
        graph = read_graph(inner)
        return _reached(graph, graph.flat_outputs())
    return {id(variable) for variable in getattr(operation, "trainable_variables", ())}


# Norms


def norms_of(model: Model, limit: int) -> Norms | None:
    """Return the norm of each weight of a model; ``None`` for one without, or with more parameters than the limit."""
    weights = list(model.weights)
    if not weights or sum(map(size_of, weights)) > limit:
        return None
    norms: Norms = IdentityMap()
    for weight in weights:
        norms[weight] = _norm(weight)
    return norms


def movement(model: Model, before: Norms) -> tuple[list[Variable], list[Variable], list[Variable]]:
    """Return the weights whose norm is another one than it was, those where it is not, and those that are no numbers."""
    moved: list[Variable] = []
    still: list[Variable] = []
    broken: list[Variable] = []
    for weight in model.weights:
        now = _norm(weight)
        if not math.isfinite(now):
            broken.append(weight)
        elif weight in before:
            (still if now == before.get(weight, now) else moved).append(weight)
    return moved, still, broken


def _norm(weight: Variable) -> float:
    numpy: Any = sys.modules["numpy"]
    values = numpy.asarray(as_numpy(weight))
    return float(numpy.sqrt(numpy.square(values.astype("float64")).sum()))


# Metrics


def metrics_of(model: Model) -> list[Any]:
    """Return the metric objects that a model was compiled with."""
    return list(filter(is_metric, scoring_objects(model)))


def is_metric(value: object) -> bool:
    """Whether a value is a metric of Keras."""
    return issubclass(type(value), TYPES.metric)
