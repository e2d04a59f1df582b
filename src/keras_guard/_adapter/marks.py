"""Marks: what a value was, kept to tell later whether a value is still the same.

This is the only definition of equality in the package. A mark keeps no object of the user's alive: plain
values are kept as they are, small containers as marks of their items, arrays by their content,
functions by their code, and any other object by a weak reference. ``==`` is called on plain values only.
"""

from __future__ import annotations

import hashlib
import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._data.missing import MISSING
from .describe import brief_dict, brief_value
from .same_code import PLAIN, same_instructions, same_meaning
from .same_numbers import NUMBERS, in_single_precision, is_number, same_number

#: A mark, or a plain value that is its own mark.
Mark = Any

#: Containers with more items, or with containers nested deeper, are not compared.
_MAX_ITEMS = 64
_MAX_DEPTH = 3
#: Arrays with more bytes are recognised by identity.
_MAX_BYTES = 8_000_000
_MAX_KEPT_BYTES = 1_024


def mark_of(value: Any, depth: int = _MAX_DEPTH) -> Mark:
    """Return the mark of a value; a plain value, or a tuple of such, is its own mark."""
    kind = type(value)
    if kind in PLAIN or (kind is tuple and PLAIN.issuperset(map(type, value))):
        return value
    value = unwrapped(value)
    kind = type(value)
    if kind is types.FunctionType:
        return _FunctionMark(weakref.ref(value), value.__code__)
    if issubclass(kind, (list, tuple)):
        return _sequence_mark(value, depth)
    if issubclass(kind, dict):
        fits = depth > 0 and dict.__len__(value) <= _MAX_ITEMS
        return _dict_mark(value, depth) if fits else UNKNOWN
    if kind.__module__ == "numpy" and hasattr(kind, "tobytes"):
        return _array_mark(value)
    try:
        return _ObjectMark(weakref.ref(value), kind)
    except TypeError:
        return UNKNOWN


def is_marked(mark: Mark, value: object) -> bool:
    """Whether a value is the one that was marked, or means the same. What cannot be compared counts as the same."""
    kind, value = type(mark), unwrapped(value)
    if kind is tuple:
        return _are_marked(mark, value)
    if kind in NUMBERS and is_number(value):
        return same_number(mark, value)
    if kind in PLAIN:
        return type(value) is kind and bool(value == mark or (value != value and mark != mark))  # noqa: PLR0124
    found: bool = mark.is_of(value)
    return found


def unwrapped(value: Any) -> Any:
    """Return the function of a method, the numbers of a small tensor, and what a wrapper of TensorFlow's holds."""
    kind = type(value)
    if kind is types.MethodType:
        return value.__func__
    if kind.__module__ == "tensorflow.python.trackable.data_structures":
        return list(value) if issubclass(kind, list) else getattr(value, "__wrapped__", value)
    if kind.__name__ == "EagerTensor" and kind.__module__.startswith("tensorflow."):
        return value.numpy() if (value.shape.num_elements() or 0) <= _MAX_ITEMS else value
    return value


def _are_marked(marks: tuple[Mark, ...], value: object) -> bool:
    if not issubclass(type(value), (list, tuple)):
        return False
    items = list(_items(value))
    return len(items) == len(marks) and all(map(is_marked, marks, items))


def mark_of_length(value: Any) -> Mark:
    """Return the mark of how many items a value has, whatever they are; its own mark where that cannot be said."""
    length = _length_of(value)
    return mark_of(value) if length is None else _LengthMark(length)


def is_length(mark: Mark) -> bool:
    """Whether a mark is that of a length."""
    return type(mark) is _LengthMark


def _length_of(value: Any) -> int | None:
    """Return how many items a value has. No code of the user's runs."""
    value = unwrapped(value)
    for kind in (list, tuple, dict, str, bytes):
        if issubclass(type(value), kind):
            return kind.__len__(value)
    shape = value.shape if type(value).__module__ == "numpy" and hasattr(value, "shape") else ()
    return int(shape[0]) if shape else None


def mark_of_object(value: object, alike: bool) -> Mark:
    """Return the mark of an object that code calls: that of no other, or also that of one with the same config."""
    return (_EarlierMark if alike else _IdentityMark)(weakref.ref(value), type(value))


def same_value(old: object, new: object) -> bool:
    """Whether two values are the same, or mean the same."""
    return old is new or is_marked(mark_of(old), new)


def is_unknown(mark: Mark) -> bool:
    """Whether a mark cannot tell one value from another."""
    return mark is UNKNOWN


def can_change_in_place(mark: Mark) -> bool:
    """Whether what was marked is a container or an array, which no write of an attribute has to change."""
    return isinstance(mark, (_SequenceMark, _DictMark, _ArrayMark))


def in_words(mark: Mark) -> str:
    """Return what was marked as a sentence can say it."""
    if type(mark) is tuple:
        mark = _SequenceMark(mark, is_list=False)
    return brief_value(mark) if type(mark) in PLAIN else str(mark)


def _items(value: Any) -> Any:
    return (list if issubclass(type(value), list) else tuple).__iter__(value)


class _Unknown:
    """The mark of what cannot be compared."""

    def is_of(self, value: object) -> bool:
        return True

    def __str__(self) -> str:
        return "another object"


UNKNOWN = _Unknown()


@dataclass(frozen=True, eq=False)
class _FunctionMark:
    """A function, by its code: running a cell again defines it again."""

    reference: Callable[[], Any]
    code: types.CodeType

    def is_of(self, value: object) -> bool:
        living = self.reference()
        if living is value or type(value) is not types.FunctionType:
            return living is value and living is not None
        return same_meaning(living, value) if living is not None else self._same_code(value)

    def _same_code(self, value: types.FunctionType) -> bool:
        return value.__code__ is self.code or same_instructions(self.code, value.__code__)

    def __str__(self) -> str:
        return f"the function `{self.code.co_name}`"


@dataclass(frozen=True, eq=False)
class _SequenceMark:
    """A list or tuple; Keras and TensorFlow hand lists out as wrappers of their own, so the class does not count."""

    items: tuple[Mark, ...]
    is_list: bool

    def is_of(self, value: object) -> bool:
        return _are_marked(self.items, value)

    def __str__(self) -> str:
        inner = ", ".join(map(in_words, self.items[:4])) + ", ..." * (len(self.items) > 4)
        return f"[{inner}]" if self.is_list else f"({inner})"


@dataclass(frozen=True, eq=False)
class _DictMark:
    """A dict, by its keys and values."""

    items: dict[Any, Mark]

    def is_of(self, value: Any) -> bool:
        if not issubclass(type(value), dict) or dict.__len__(value) != len(self.items):
            return False
        return all(is_marked(mark, dict.get(value, key, MISSING)) for key, mark in self.items.items())

    def __str__(self) -> str:
        if len(self.items) > 4:
            return "a dict"
        return brief_dict({key: in_words(mark) for key, mark in self.items.items()})


def _sequence_mark(value: Any, depth: int) -> Mark:
    items = tuple(_items(value)) if depth else ()
    if not depth or len(items) > _MAX_ITEMS:
        return UNKNOWN
    if not PLAIN.issuperset(map(type, items)):
        items = tuple(mark_of(item, depth - 1) for item in items)
    return _SequenceMark(items, issubclass(type(value), list))


def _dict_mark(value: Any, depth: int) -> Mark:
    items = dict(dict.items(value))
    if not all(type(key) in PLAIN for key in items):
        return UNKNOWN
    return _DictMark({key: mark_of(item, depth - 1) for key, item in items.items()})


@dataclass(frozen=True, eq=False)
class _ArrayMark:
    """The content of an array: as it is, and its numbers as any type may hold them."""

    dtype: str
    shape: tuple[int, ...]
    content: bytes
    numbers: bytes | None

    def is_of(self, value: object) -> bool:
        other = _array_mark(_as_array(value)) if type(value) in NUMBERS else mark_of(value)
        if type(other) is not _ArrayMark or other.shape != self.shape:
            return False
        if other.dtype == self.dtype:
            return other.content == self.content
        return self.numbers is not None and other.numbers == self.numbers

    def __str__(self) -> str:
        return f"an array of shape {self.shape}" if self.shape else self._number()

    def _number(self) -> str:
        import numpy as np  # never before Keras brought it along

        return brief_value(np.frombuffer(self.content, self.dtype)[0].item())


def _array_mark(value: Any) -> Mark:
    if value.dtype.hasobject or value.nbytes > _MAX_BYTES:
        return UNKNOWN
    content = _brief(value.tobytes())
    numbers = content if value.dtype.name == "float32" else in_single_precision(value)
    return _ArrayMark(str(value.dtype), tuple(value.shape), content, numbers and _brief(numbers))


def _brief(content: bytes) -> bytes:
    return content if len(content) <= _MAX_KEPT_BYTES else hashlib.blake2b(content, digest_size=16).digest()


def _as_array(number: object) -> Any:
    import numpy as np  # never before Keras brought it along

    return np.asarray(number)


@dataclass(frozen=True)
class _LengthMark:
    """How many items a value has."""

    length: int

    def is_of(self, value: object) -> bool:
        return _length_of(value) == self.length

    def __str__(self) -> str:
        return f"something of length {self.length}"


@dataclass(frozen=True, eq=False)
class _ObjectMark:
    """Any other object, by identity; two objects with the same class and config mean the same."""

    reference: Callable[[], Any]
    kind: type

    def is_of(self, value: object) -> bool:
        living = self.reference()
        if living is value:
            return living is not None
        return living is not None and type(value) is self.kind and _same_config(living, value)

    def __str__(self) -> str:
        return f"another {self.kind.__name__}"


class _EarlierMark(_ObjectMark):
    """An object that code called."""

    def __str__(self) -> str:
        return f"an earlier {self.kind.__name__}"


class _IdentityMark(_EarlierMark):
    """One object, and no other that is alike: it has a state."""

    def is_of(self, value: object) -> bool:
        return self.reference() is value


def _same_config(old: object, new: object) -> bool:
    return callable(getattr(type(old), "get_config", None)) and same_meaning(old, new)
