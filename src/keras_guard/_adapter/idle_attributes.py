"""Which attributes the user's own classes read in branches only that an instance does not run."""

from __future__ import annotations

import functools
from types import CodeType

from .._data.types import Layer
from .attribute_reads import (
    INERT,
    attributes_loaded,
    read_by_user_code,
    read_when_called,
    user_methods,
)
from .code_reads import plain_value
from .idle_code import idle_instructions
from .stock import is_stock


def without_idle(owner: Layer, names: frozenset[str]) -> frozenset[str]:
    """Leave out those of the attributes that the class of a layer or model reads that a trace made now does not."""
    return names if is_stock(owner.__class__) else names - _idle(owner)


def _idle(owner: Layer) -> frozenset[str]:
    read = read_by_user_code(owner.__class__)
    reached: set[str] = set()
    for name, function in user_methods(owner.__class__):
        if name not in INERT:
            idle = idle_instructions(function.__code__, functools.partial(plain_value, function, owner))
            reached |= _loaded_by(function.__code__, idle)
    if read <= reached:
        return frozenset()
    library = next((base for base in owner.__class__.__mro__ if is_stock(base)), None)
    return read - reached - (read_when_called(library) if library is not None else set())


@functools.lru_cache(maxsize=1_024)
def _loaded_by(code: CodeType, idle: frozenset[int]) -> frozenset[str]:
    return frozenset(attributes_loaded(code, idle))
