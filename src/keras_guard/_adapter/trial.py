"""Trying a model on random data: one call, one loss, one round of metrics."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from .._data.types import Model, Structure, Tensor
from .compile_facts import compile_arguments
from .describe import size_of
from .graph import flat_with_paths, map_structure, spec_of
from .keras_types import keras
from .read_graph import functional_of

T = TypeVar("T")

_SIZES = (8, 32, 64, 3, 1)


def forward(model: Model) -> tuple[Any, Any]:
    """Call a model on a small batch of random data, and return data and output; unknown sizes are tried until one works.

    Raises:
        Exception: What the model raised for the first size tried.
    """
    samples = (
        _sample(model, size, fill)
        for size in (_SIZES if _has_unknown_sizes(model) else _SIZES[:1])
        for fill in ((1, 0) if _has_integers(model) else (1,))
    )
    return _first_that_works(lambda data: (data, model(data, training=False)), samples)


def _first_that_works(function: Callable[[Any], T], values: Iterable[Any]) -> T:
    """Return what a function makes of the first value it takes; raises what it raised for the first, where it takes none."""
    failure: Exception | None = None
    for value in values:
        try:
            return function(value)
        except Exception as error:
            failure = failure or error
    assert failure is not None
    raise failure


def parameters(model: Model) -> int:
    """Return the number of parameters."""
    return sum(map(size_of, model.weights))


def _has_unknown_sizes(model: Model) -> bool:
    return any(n is None for t in model.inputs for n in (t.shape or ())[1:])


def _has_integers(model: Model) -> bool:
    return any("int" in str(t.dtype) for t in model.inputs)


def _sample(model: Model, size: int, fill: int) -> Structure:
    structure = model.input if functional_of(model) is model else model.inputs[0]
    return map_structure(lambda tensor: _tensor(tensor, size, fill), structure)


def _tensor(tensor: Tensor, size: int, fill: int) -> Tensor:
    numpy: Any = sys.modules["numpy"]
    shape = [2 if n is None else n for n in (tensor.shape or ())[:1]]
    shape += [size if n is None else n for n in (tensor.shape or ())[1:]]
    dtype = spec_of(tensor).dtype
    if "string" in dtype:
        tensorflow: Any = sys.modules["tensorflow"]
        return tensorflow.fill(shape, "a")
    if "int" in dtype or "bool" in dtype:
        return _as_tensor(numpy.full(shape, fill, dtype))
    values = numpy.random.default_rng(0).uniform(0.1, 1.0, shape).astype("float32")
    return _as_tensor(values, dtype)


def _as_tensor(values: object, dtype: str | None = None) -> Tensor:
    ops = getattr(keras(), "ops", None) or sys.modules["tensorflow"]
    return ops.convert_to_tensor(values, dtype=dtype)


# The compiled loss


def has_loss(model: Model) -> bool:
    """Whether a model was compiled with a loss."""
    return compile_arguments(model).get("loss") is not None


def score(model: Model, data: object, made: object) -> None:
    """Compute the compiled loss and metrics of what a model made of some data once.

    Raises:
        Exception: What the first kind of random targets raised, where none works.
    """

    def compute(targets: Structure) -> None:
        model.compute_loss(x=data, y=targets, y_pred=made)
        model.compute_metrics(data, targets, made, None)

    _first_that_works(compute, _targets(model, made))


def _targets(model: Model, made: object) -> Iterator[Any]:
    """Yield targets: as each loss wants them, then of the shape of the outputs, of their labels, flat."""
    loss = compile_arguments(model).get("loss")
    yield _mapped(made, lambda path, t: (_labels if _is_sparse(_loss_at(loss, path)) else _alike)(t))
    for make in (_alike, _labels, _flat):
        yield _mapped(made, partial(_of_any_path, make))


def _of_any_path(make: Callable[[Any], Any], path: tuple[object, ...], tensor: Tensor) -> Any:
    return make(tensor)


def _mapped(made: object, function: Callable[[tuple[Any, ...], Any], Any]) -> Structure:
    leaves = iter([function(path, tensor) for path, tensor in flat_with_paths(made)])
    if isinstance(made, Mapping):  # flattened in the order of sorted keys
        return {key: next(leaves) for key in sorted(made)}
    return map_structure(lambda tensor: next(leaves), made)


def _loss_at(loss: object, path: tuple[object, ...]) -> Any:
    for key in path:
        if isinstance(loss, dict):
            loss = loss.get(key)
        elif isinstance(loss, (list, tuple)) and isinstance(key, int) and key < len(loss):
            loss = loss[key]
    return loss


def _is_sparse(loss: object) -> bool:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return "sparse" in str(name).lower()


def _alike(tensor: Tensor) -> Tensor:
    numpy: Any = sys.modules["numpy"]
    return _as_tensor(numpy.random.default_rng(1).uniform(0.1, 0.9, tuple(tensor.shape)).astype("float32"))


def _labels(tensor: Tensor) -> Tensor:
    numpy: Any = sys.modules["numpy"]
    return _as_tensor(numpy.zeros((*tuple(tensor.shape)[:-1], 1), "int32"))


def _flat(tensor: Tensor) -> Tensor:
    numpy: Any = sys.modules["numpy"]
    return _as_tensor(numpy.zeros(tuple(tensor.shape)[:1], "float32"))
