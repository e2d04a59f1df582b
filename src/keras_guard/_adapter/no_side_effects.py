"""Running code on the user's own layers without side effects.

Calling a layer adds nodes to it, may build it, and moves counters and seeds. Everything that can
change is recorded before and restored after, in the same objects, so that the user's model is
unchanged.
"""

from __future__ import annotations

import contextlib
import gc
import io
import random
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from .._data.types import Layer, Model, Tensor, Variable
from .dispatch import unheard
from .graph_facts import sub_layers
from .keras_types import TYPES, is_keras_2, is_layer, is_model, keras, lookup
from .membership import graph_layers, graph_operations
from .read_graph import functional_of


@contextlib.contextmanager
def global_state_kept() -> Iterator[None]:
    """Put the global random states and Keras' name counters back on leaving; no shell hears of what is done."""
    numpy: Any = sys.modules.get("numpy")
    python_state = random.getstate()
    numpy_state = numpy.random.get_state() if numpy is not None else None
    tracker = lookup("keras.src.backend.common.global_state", "GLOBAL_STATE_TRACKER")
    kept = _Snapshot()
    kept.add(tracker)
    for counters in (lookup("tf_keras.src.backend", "PER_GRAPH_OBJECT_NAME_UIDS") or {}).values():
        kept.add_mapping(counters)
    registry = "keras.src.saving.object_registration"  # which a class that is defined again would change
    for name in ("GLOBAL_CUSTOM_OBJECTS", "GLOBAL_CUSTOM_NAMES"):
        kept.add_mapping(lookup(registry, name) or {})
    seeds = getattr(tracker, "global_seed_generator", None)
    if seeds is not None:
        kept.add_values([seeds.state])
    try:
        with unheard():
            yield
    finally:
        kept.restore()
        random.setstate(python_state)
        if numpy is not None:
            numpy.random.set_state(numpy_state)


@contextlib.contextmanager
def no_trace(models: Iterable[Model], layers: Iterable[Layer]) -> Iterator[None]:
    """Put models, all their layers and ``layers`` back to what they were, on leaving."""
    kept = _Snapshot()
    for thing in _everything(models, layers):
        kept.add(thing)
        kept.add_values(_states_of(thing))
        seeds = getattr(thing, "_seed_generators", ())
        kept.add_values([seed.state for seed in seeds if getattr(seed, "state", None) is not None])
    with global_state_kept(), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            kept.restore()
    gc.collect()


def _states_of(thing: Any) -> Iterable[Any]:
    if issubclass(type(thing), TYPES.metric):
        return list(thing.variables)
    if not is_keras_2(thing):
        return getattr(thing, "_non_trainable_variables", ()) or ()
    return getattr(thing, "non_trainable_weights", ())


def as_numpy(variable: Variable) -> Tensor:
    """Return the value of a variable."""
    ops = getattr(keras(), "ops", None)
    return variable.numpy() if ops is None else ops.convert_to_numpy(variable)


def same_values(old: Variable, new: Variable) -> bool:
    """Whether two variables have the same shape and values; what is no number is equal to itself."""
    numpy: Any = sys.modules["numpy"]
    a, b = as_numpy(old), as_numpy(new)
    return bool(numpy.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def _everything(models: Iterable[Model], layers: Iterable[Layer]) -> Iterator[Any]:
    seen: set[int] = set()
    for start in [*models, *layers]:
        for thing in _with_parts(start):
            if id(thing) not in seen:
                seen.add(id(thing))
                yield thing


def _with_parts(thing: object) -> Iterator[Any]:
    yield thing
    if is_model(thing):
        layers = list(graph_layers(thing))
        yield from layers
        for model in [thing, *filter(is_model, layers)]:
            yield from graph_operations(model)
            functional = functional_of(model)
            if functional is not None:
                yield functional
    if is_layer(thing):
        for part in sub_layers(thing):
            yield part
            if is_model(part):
                yield from graph_operations(part)


class _Snapshot:
    """Attributes and containers of objects, and values of variables."""

    def __init__(self) -> None:
        self._attributes: list[tuple[Any, dict[str, Any]]] = []
        self._containers: list[tuple[Any, Any]] = []
        self._values: list[tuple[Any, Any]] = []

    def add(self, thing: object) -> None:
        attributes = getattr(thing, "__dict__", None)
        if not isinstance(attributes, dict):
            return
        self._attributes.append((attributes, dict(attributes)))
        for value in list(attributes.values()):
            self._add_container(value, depth=1)
        tracker = attributes.get("_tracker")
        if tracker is not None and hasattr(tracker, "stored_ids"):
            self._attributes.append((vars(tracker), dict(vars(tracker))))
            self._add_container(tracker.stored_ids, depth=1)

    def _add_container(self, value: object, depth: int) -> None:
        if not issubclass(type(value), (list, dict, set)):
            value = getattr(value, "__wrapped__", None)  # TensorFlow's proxy around a dict
        if isinstance(value, list):
            self._containers.append((value, list(value)))
            storage = getattr(value, "_storage", None)  # TensorFlow's list keeps a second one
            if isinstance(storage, list) and storage is not value:
                self._containers.append((storage, list(storage)))
        elif isinstance(value, dict):
            self._containers.append((value, dict(value)))
            for item in value.values() if depth else ():
                self._add_container(item, depth - 1)
        elif isinstance(value, set):
            self._containers.append((value, set(value)))

    def add_mapping(self, mapping: dict[Any, Any]) -> None:
        self._containers.append((mapping, dict(mapping)))

    def add_values(self, variables: Iterable[Variable]) -> None:
        for variable in variables:
            try:
                self._values.append((variable, as_numpy(variable)))
            except Exception:  # a variable without a value yet
                continue

    def restore(self) -> None:
        for attributes, saved in self._attributes:
            for key in [key for key in attributes if key not in saved]:
                del attributes[key]
            attributes.update(saved)
        for container, saved in self._containers:
            _refill(container, saved)
        for variable, saved in self._values:
            now = as_numpy(variable)
            if now.shape == saved.shape and (now != saved).any():
                variable.assign(saved)


def _refill(container: Any, saved: Any) -> None:
    """Give a container its old content without its own, tracking methods."""
    if isinstance(container, list):
        if len(container) != len(saved) or any(a is not b for a, b in zip(container, saved, strict=True)):
            list.__setitem__(container, slice(None), saved)
    elif isinstance(container, dict):
        dict.clear(container)
        dict.update(container, saved)
    else:
        set.clear(container)
        set.update(container, saved)
