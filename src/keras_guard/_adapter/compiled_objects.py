"""The losses, metrics, regularizers and schedules that a traced function runs, as objects with attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .._data.types import Layer, Model, Optimizer
from .attribute_reads import SCORING_KINDS
from .keras_types import TYPES, keras, keras_of
from .marks import same_value
from .membership import compile_argument_of, compile_objects, flat_items
from .quiet import no_warnings
from .stock import is_stock

_SCORED_BY = ("loss", "metrics", "weighted_metrics")
#: Names that ``compile`` itself replaces, by the shapes of the outputs.
_COMPILED_NAMES = frozenset({"accuracy", "acc", "crossentropy", "ce"})
_PLAIN = frozenset({bool, int, float, str, tuple, type(None)})


def held_objects(model: Model, kind: str, layers: Iterable[Layer]) -> Iterator[Any]:
    """Yield the losses, metrics, regularizers, constraints and schedules that a traced function of one kind runs."""
    if kind in SCORING_KINDS:
        for item, _, argument in carried_by_weights(layers):
            if kind == "train" or argument != _CONSTRAINT:
                yield item
        yield from scoring_objects(model)
    if kind == "train":
        schedule = _schedule(compile_objects(model).get("optimizer"))
        if schedule is not None:
            yield schedule


def scoring_objects(model: Model) -> list[Any]:
    """Return the losses and metrics that a model was compiled with."""
    given = compile_objects(model)
    items = (item for argument in _SCORED_BY for item in flat_items(given.get(argument)))
    return [item for item in items if issubclass(type(item), TYPES.loss + TYPES.metric)]


#: Only a training step applies them.
_CONSTRAINT = "constraint"


def carried_by_weights(layers: Iterable[Layer]) -> Iterator[tuple[Any, Layer, str]]:
    """Yield the regularizers and constraints of layers, each with the first layer that has it and its kind."""
    seen: set[int] = set()
    for layer in layers:
        found = [
            (item, argument)
            for weight in getattr(layer, "_trainable_variables", ())
            for argument in ("regularizer", _CONSTRAINT)
            if (item := getattr(weight, argument, None)) is not None
        ]
        if (item := getattr(layer, "activity_regularizer", None)) is not None:
            found.append((item, "regularizer"))
        for item, argument in found:
            if id(item) not in seen and hasattr(item, "get_config"):
                seen.add(id(item))
                yield item, layer, argument


def _schedule(optimizer: Optimizer) -> Any:
    rate = getattr(optimizer, "_learning_rate", None)
    return rate if callable(rate) and callable(getattr(rate, "get_config", None)) else None


def argument_of(model: Model, value: object) -> str | None:
    """Return the argument of ``compile`` that a loss, metric or schedule came with, or ``None``."""
    if _schedule(getattr(model, "optimizer", None)) is value:
        return "optimizer"
    return compile_argument_of(model, value)


def may_be_compiled(model: Model, value: object) -> bool:
    """Whether ``compile`` would take metrics of these names: a list with ``"loss"`` in it is for something else."""
    names = {item for item in flat_items(value) if type(item) is str}
    with keras_of(model):
        return all(map(_is_metric_name, names))


def _is_metric_name(name: str) -> bool:
    if name in _COMPILED_NAMES:
        return True
    try:
        with no_warnings():
            keras().metrics.get(name)
    except ValueError:
        return False
    return True


#: Where a loss or metric that wraps a function keeps the arguments it passes on.
GIVEN = "_fn_kwargs"


def unapplied_arguments(value: object) -> dict[str, Any]:
    """Return the arguments that a loss or metric of Keras uses, where its attributes say something else.

    Those that wrap a function pass it the arguments of their constructor, whatever becomes of the attributes.
    """
    given = getattr(value, GIVEN, None)
    if not isinstance(given, dict) or not is_stock(value.__class__):
        return {}
    shown = vars(value)
    return {
        name: held
        for name, held in given.items()
        if name in shown and type(held) in _PLAIN and not same_value(held, shown[name])
    }
