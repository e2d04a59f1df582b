"""Small pictures of what names hold, compared statement by statement; they keep nothing alive."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .._adapter.face import FACE, is_compile_object, is_layer
from .reach import is_plain_object

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
    return (
        is_layer(value)
        or is_compile_object(value)
        or isinstance(value, types.FunctionType)
        or (isinstance(value, type) and issubclass(value, FACE.layer or ()))
    )


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
    if is_watched(value):
        snapshot.objects[""] = weak(value)
    else:
        _scan("", value, snapshot, depth=2)
    if isinstance(value, (bool, int, float, str)):
        snapshot.values[""] = value
    return snapshot


def _scan(path: str, value: Any, snapshot: Snapshot, depth: int) -> None:
    if type(value) is list:
        _scan_list(path, value, snapshot)
    for part, item in _slots(value):
        if is_watched(item):
            snapshot.objects[path + part] = weak(item)
        elif depth > 1 and (type(item) in (list, dict) or is_plain_object(item)):
            _scan(path + part, item, snapshot, depth - 1)


def _scan_list(path: str, value: list[Any], snapshot: Snapshot) -> None:
    if not value or len(value) > _MAX_SCAN:
        return
    watched = FACE.layer + FACE.symbolic + FACE.metric
    if any(isinstance(item, watched) for item in value):
        snapshot.lists[path] = ListPicture(
            id(value), tuple(weak(item) for item in value), tuple(id(item) for item in value)
        )


def _slots(value: Any) -> Iterator[tuple[str, Any]]:
    if type(value) is dict:
        for key, item in list(value.items())[:_MAX_SCAN]:
            if isinstance(key, (str, int)):
                yield f"[{key!r}]" if isinstance(key, int) else f'["{key}"]', item
    elif type(value) in (list, tuple):
        for index, item in enumerate(value[:_MAX_SCAN]):
            yield f"[{index}]", item
    elif is_plain_object(value):
        for name, item in list(vars(value).items())[:_MAX_SCAN]:
            yield f".{name}", item
