"""Which classes are Keras' own, which class has a member, and what a function takes."""

from __future__ import annotations

import functools
import inspect
from typing import Any


def is_stock(cls: type) -> bool:
    """Whether a class is Keras' own."""
    return is_stock_module(cls.__module__)


@functools.lru_cache(maxsize=4_096)
def is_stock_module(name: str) -> bool:
    """Whether a module is Keras' own."""
    return name.partition(".")[0] in ("keras", "tf_keras")


def class_with(cls: type, name: str) -> type | None:
    """Return the class that defines a member of a class: itself, or one of its bases."""
    return next((base for base in cls.__mro__ if name in vars(base)), None)


def parameters_of(function: Any) -> dict[str, inspect.Parameter]:
    """Return what a function takes, by name; nothing where it has no signature."""
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}
