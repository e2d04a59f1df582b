"""Small pictures of what names hold, compared statement by statement; they keep nothing alive."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from .._adapter.face import FACE
from .reach import holds_any, is_named_tuple, is_plain_class

_MAX_SCAN = 4096


def weak(value: Any) -> Callable[[], Any]:
    """Return a weak reference, or a reference to nothing for what takes none."""
    try:
        return weakref.ref(value)
    except TypeError:
        return _gone


def _gone() -> None:
    return None


def is_watched(value: Any) -> bool:
    """Whether rebinding a name that holds ``value`` can matter to a model."""
    kind = type(value)
    if issubclass(kind, _CLASSES):
        return kind is types.FunctionType or issubclass(value, FACE.watched)
    return issubclass(kind, FACE.watched)


_CLASSES = (type, types.FunctionType)


@dataclass(frozen=True)
class ListPicture:
    """The items of one list object at one time."""

    identity: int
    items: tuple[Callable[[], Any], ...]
    numbers: tuple[int, ...]

    def living(self) -> tuple[Any, ...] | None:
        """Return the items, or ``None`` when one of them is gone."""
        items = tuple(ref() for ref in self.items)
        return None if any(item is None for item in items) else items


@dataclass(frozen=True)
class Snapshot:
    """What a name held: watched objects by path (``""`` is the name itself), lists of layers by path."""

    objects: dict[str, Callable[[], Any]] = field(default_factory=dict)
    lists: dict[str, ListPicture] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.objects or self.lists)


def take(value: Any) -> Snapshot:
    """Take a snapshot of what a name holds now."""
    snapshot = Snapshot()
    kind = type(value)
    if kind in _SCALARS:
        if kind in _NUMBERS:
            snapshot.values[""] = value
        return snapshot
    if is_watched(value):
        snapshot.objects[""] = weak(value)
    elif holds_any(value, _sought()):
        _Scan(snapshot).scan("", value, depth=2)
    return snapshot


_NUMBERS = frozenset({bool, int, float, str})
_SCALARS = _NUMBERS | {bytes, complex, type(None), range, slice, types.ModuleType, types.BuiltinFunctionType}


class _Scan:
    """Looks through containers, by the kinds of their items first: most hold nothing watched."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._budget = _MAX_SCAN

    def scan(self, path: str, value: Any, depth: int) -> None:
        items = _items(value)
        if not items or len(items) > self._budget:
            return
        self._budget -= len(items)
        kinds = set(map(type, items))
        if type(value) is list and any(issubclass(kind, _listed()) for kind in kinds):
            self._snapshot.lists[path] = ListPicture(
                id(value), tuple(weak(item) for item in value), tuple(id(item) for item in value)
            )
        inner = {kind for kind in kinds if depth > 1 and is_looked_into(kind)}
        outer = {kind for kind in kinds if issubclass(kind, (*_CLASSES, *FACE.watched))}
        if not inner and not outer:
            return
        for part, item in _slots(value):
            if type(item) in outer and is_watched(item):
                self._snapshot.objects[path + part] = weak(item)
            elif type(item) in inner:
                self.scan(path + part, item, depth - 1)


def _sought() -> tuple[type, ...]:
    return (*_CLASSES, *FACE.watched, *FACE.symbolic)


def _listed() -> tuple[type, ...]:
    return FACE.layer + FACE.symbolic + FACE.metric


def is_looked_into(kind: type) -> bool:
    """Whether objects of a class are looked into: lists, dicts, named tuples, and the user's own."""
    return kind is list or kind is dict or is_named_tuple(kind) or is_plain_class(kind)


def _items(value: Any) -> Collection[Any]:
    kind = type(value)
    if kind is dict:
        return list(value.values())
    if kind is list or kind is tuple or is_named_tuple(kind):
        items: Collection[Any] = value
        return items
    return list(vars(value).values()) if is_plain_class(kind) else ()


def _slots(value: Any) -> Iterator[tuple[str, Any]]:
    kind = type(value)
    if kind is dict:
        for key, item in list(value.items()):
            if isinstance(key, (str, int)):
                yield f"[{key!r}]" if isinstance(key, int) else f'["{key}"]', item
    elif kind is list or kind is tuple:
        for index, item in enumerate(tuple(value)):
            yield f"[{index}]", item
    elif is_named_tuple(kind):
        for name, item in zip(kind._fields, value, strict=False):
            yield f".{name}", item
    else:
        for name, item in list(vars(value).items()):
            yield f".{name}", item
