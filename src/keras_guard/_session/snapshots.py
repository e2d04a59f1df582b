"""Snapshots of what names hold, compared statement by statement; they keep nothing alive."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .._adapter.keras_types import TYPES
from .._adapter.tracked_lists import is_tracked_list
from .._data.place import Place
from .containers import is_looked_into, is_plain, walk


def weak(value: object) -> Callable[[], Any]:
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
        return kind is types.FunctionType or issubclass(value, TYPES.watched)
    return issubclass(kind, TYPES.watched)


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
    """What a name held: watched objects and lists of layers, by place."""

    objects: dict[Place, Callable[[], Any]] = field(default_factory=dict)
    lists: dict[Place, ListPicture] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.objects or self.lists)


def take(name: str, value: Any) -> Snapshot:
    """Take a snapshot of what a name holds now."""
    snapshot = Snapshot()
    kind = type(value)
    if issubclass(kind, _CLASSES) or issubclass(kind, TYPES.watched):
        if is_watched(value):
            snapshot.objects[Place(name)] = weak(value)
        return snapshot
    if is_plain(value) or not is_looked_into(kind) or is_tracked_list(value):
        return snapshot
    for place, item in walk([(Place(name), value)], (*_CLASSES, *TYPES.watched, *TYPES.symbolic)):
        if type(item) is list:
            if any(issubclass(kind, _listed()) for kind in set(map(type, item))):
                snapshot.lists[place] = ListPicture(id(item), tuple(map(weak, item)), tuple(map(id, item)))
        elif is_watched(item):
            snapshot.objects[place] = weak(item)
    return snapshot


def _listed() -> tuple[type, ...]:
    return TYPES.layer + TYPES.symbolic + TYPES.metric
