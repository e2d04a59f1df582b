"""What the user's own code in a traced function reads from globals, which a trace holds as constants.

A global is named as it is read: ``ALPHA``, ``cfg["alpha"]``, ``cfg.alpha``. Helpers that the code calls
are looked into, too. Only numbers, texts, booleans, tuples of these and small arrays count: what else is
in a container may change in place, and objects may hold state of their own.
"""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._data.missing import MISSING
from .._data.place import Attribute, Item, Place
from .describe import brief_value
from .reads import is_keras_class

_PLAIN = frozenset({bool, int, float, str})
_MAX_ITEMS = 1_024
_MAX_HELPERS = 64
#: What is asked of an array is not what is in it.
_FORM = frozenset({"shape", "dtype", "ndim", "size"})


@dataclass(frozen=True)
class ArrayValue:
    """The content of a small array."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes


def comparable(value: Any) -> Any:
    """Return a value, or what stands for its content; ``MISSING`` for what cannot be compared."""
    if type(value) in _PLAIN or (type(value) is tuple and all(type(item) in _PLAIN for item in value)):
        return value
    if type(value).__module__ == "numpy" and 0 < getattr(value, "size", 0) <= _MAX_ITEMS:
        return ArrayValue(str(value.dtype), tuple(value.shape), value.tobytes())
    return MISSING


def in_words(value: Any) -> str:
    """Return a value as a sentence can say it."""
    return f"an array of shape {value.shape}" if isinstance(value, ArrayValue) else brief_value(value)


def value_at(namespace: Mapping[str, Any], place: Place) -> Any:
    """Return what is at a place now, as :func:`comparable` makes it."""
    if place.steps:
        holder = Place(place.root, place.steps[:-1]).read(namespace)
        if not (type(holder) is dict or _keeps_settings(holder)):
            return MISSING
    return comparable(place.read(namespace))


def _keeps_settings(value: Any) -> bool:
    """Whether an object, or a class, is one of the user's own that keeps settings."""
    kind = value if issubclass(type(value), type) else type(value)
    own = kind.__module__ == "__main__" and not any(is_keras_class(base) for base in kind.__mro__)
    return own or kind is types.SimpleNamespace


def functions_read(function: Any, namespace: dict[str, Any]) -> dict[str, types.FunctionType]:
    """Return the functions of the notebook that a function calls by their global names, helpers of helpers included."""
    found: dict[str, types.FunctionType] = {}
    waiting = [_plain_function(function, namespace)]
    while waiting and len(found) < _MAX_HELPERS:
        current = waiting.pop()
        for name in _names(current.__code__) if current is not None else ():
            helper = _plain_function(namespace.get(name), namespace)
            if helper is not None and name not in found:
                found[name] = helper
                waiting.append(helper)
    return found


def globals_read(function: Any, namespace: dict[str, Any]) -> dict[Place, Any]:
    """Return the values a user's function and its helpers read from ``namespace``, by place."""
    plain = _plain_function(function, namespace)
    values: dict[Place, Any] = {}
    for reader in (plain, *functions_read(function, namespace).values()) if plain is not None else ():
        for place in _places(reader.__code__):
            value = value_at(namespace, place)
            if value is not MISSING:
                values[place] = value
    return values


def _plain_function(value: Any, namespace: dict[str, Any]) -> types.FunctionType | None:
    function = inspect.unwrap(value) if callable(value) else None
    own = isinstance(function, types.FunctionType) and function.__globals__ is namespace
    return function if own else None


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


@functools.lru_cache(maxsize=512)
def _names(code: types.CodeType) -> tuple[str, ...]:
    names = (
        str(instruction.argval)
        for part in _codes(code)
        for instruction in dis.get_instructions(part)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    )
    return tuple(dict.fromkeys(names))


@functools.lru_cache(maxsize=512)
def _places(code: types.CodeType) -> tuple[Place, ...]:
    """Return the places code reads and never writes, as it reads them: a count it keeps itself is none."""
    read: list[Place] = []
    written: set[str] = set()
    for part in _codes(code):
        steps = [step for step in dis.get_instructions(part) if step.opname not in _BETWEEN]
        for index, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                read += _place(str(step.argval), steps[index + 1 : index + 3])
            elif step.opname in ("STORE_GLOBAL", "STORE_ATTR"):
                written.add(str(step.argval))
            elif step.opname == "STORE_SUBSCR":
                written.add("[")
    return tuple(place for place in dict.fromkeys(read) if not _is_written(place, written))


_BETWEEN = frozenset({"PUSH_NULL", "CACHE", "EXTENDED_ARG"})


def _place(name: str, after: list[dis.Instruction]) -> list[Place]:
    root = Place(name)
    operations = [(step.opname, step.argval) for step in after]
    if operations and operations[0][0] in ("LOAD_ATTR", "LOAD_METHOD"):
        return [] if operations[0][1] in _FORM else [root, root / Attribute(operations[0][1])]
    if len(operations) == 2 and operations[0][0].startswith(("LOAD_CONST", "LOAD_SMALL_INT")):
        key = operations[0][1]
        subscript = after[1].opname == "BINARY_SUBSCR" or after[1].argrepr == "[]"
        if subscript and type(key) in (str, int):
            return [root, root / Item(key)]
    return [root]


def _is_written(place: Place, written: set[str]) -> bool:
    if not place.steps:
        return place.root in written
    step = place.steps[-1]
    return step.name in written if isinstance(step, Attribute) else "[" in written
