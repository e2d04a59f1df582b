"""Operations of a graph (``keras.ops.mean(x)``) as calls of Keras' public functions."""

from __future__ import annotations

import inspect
import itertools
import sys
from dataclasses import dataclass
from types import FunctionType

from .._data.types import Arguments, Layer
from .describe import config_of
from .layer_config import NotExpressibleError, constructor_parameters, snake_case
from .layer_fit import public_path


@dataclass(frozen=True)
class OperationWords:
    """The public function that records an operation.

    Attributes:
        path: Where Keras' public interface holds it, such as ``ops.mean``; empty for ``x[key]``.
        arguments: What the operation was made with, by the function's argument names.
        leading: Those of them that the function takes before what the operation is called with.
    """

    path: str
    arguments: Arguments
    leading: tuple[str, ...] = ()


def operation_words(operation: Layer) -> OperationWords:
    """Return the function that records an equal operation; the operation is no layer.

    Raises:
        NotExpressibleError: Where no public function is known to do so.
    """
    cls: type = type(operation)
    name = cls.__name__
    if name == "GetItem":
        return OperationWords("", {})
    function, path = _function_of(cls)
    given = {key: value for key, value in (config_of(operation) or {}).items() if key != "name"}
    parameters = inspect.signature(function).parameters
    unknown = [key for key in given if key not in parameters]
    if unknown:
        raise NotExpressibleError(f"keras.{path} takes no {unknown[0]}")
    needed = constructor_parameters(cls)[0].keys() - given.keys() - {"name"}
    for key in needed & set(parameters):
        if not hasattr(operation, key):
            raise NotExpressibleError(f"{name} does not tell its {key}")
        given[key] = getattr(operation, key)
    kept = {key: value for key, value in given.items() if not _is_default(value, parameters[key].default)}
    leading = tuple(itertools.takewhile(lambda key: key in given, parameters))
    kept.update((key, given[key]) for key in leading)
    return OperationWords(path, kept, leading)


def _function_of(cls: type) -> tuple[FunctionType, str]:
    """Find the function that makes an operation of a class: by its name, or as the only one that mentions it."""
    module = sys.modules.get(cls.__module__)
    mentions = [
        value
        for value in vars(module).values()
        if isinstance(value, FunctionType) and cls.__name__ in value.__code__.co_names
    ]
    public = [(function, path) for function in mentions if (path := public_path(function)) is not None]
    named = [pair for pair in public if pair[0].__name__ == snake_case(cls.__name__)]
    found = named or public
    if len(found) != 1:
        raise NotExpressibleError(f"no public function is known for {cls.__name__}")
    return found[0]


def _is_default(value: object, default: object) -> bool:
    return type(value) is type(default) and bool(value == default)
