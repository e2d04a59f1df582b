"""When which attribute of which object was changed, and what it was before."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from .._adapter.adapted_state import ADAPTED, adapted_state
from .._data.identity import IdentityMap
from .._data.missing import MISSING


class ValueMark:
    """Remembers a value well enough to recognise it, without keeping a user's object alive."""

    __slots__ = ("_plain", "_reference")

    def __init__(self, value: Any) -> None:
        value = getattr(value, "__func__", value)  # a bound method is made anew at each read
        self._plain = value if is_plain(value) else None
        self._reference: Callable[[], Any] | None = None
        if not is_plain(value):
            try:
                self._reference = weakref.ref(value)
            except TypeError:
                kind = type(value)
                self._plain, self._reference = (kind, repr(value)[:200]), None

    def is_mark_of(self, value: Any) -> bool:
        """Whether ``value`` is the value remembered."""
        value = getattr(value, "__func__", value)
        if self._reference is not None:
            return value is not None and self._reference() is value  # a dead reference gives None
        if is_plain(value):
            return type(value) is type(self._plain) and value == self._plain
        return bool((type(value), repr(value)[:200]) == self._plain)


def is_plain(value: Any, depth: int = 3) -> bool:
    """Whether a value can be kept and compared as it is.

    Args:
        value: Any value.
        depth: How many lists may stand in each other; a list can hold itself, or grow exponentially.
    """
    if issubclass(type(value), (tuple, list)):
        return depth > 0 and len(value) <= 16 and all(is_plain(item, depth - 1) for item in value)
    return value is None or value is MISSING or issubclass(type(value), (bool, int, float, str))


def _value_of(target: Any, name: str) -> Any:
    return adapted_state(target) if name == ADAPTED else getattr(target, name, MISSING)


class EditHistory:
    """Numbers every edit; holds no object alive."""

    def __init__(self) -> None:
        self.number = 0
        self._edits: IdentityMap[dict[str, list[tuple[int, ValueMark]]]] = IdentityMap()

    def note(self, target: Any, name: str, old: Any) -> int:
        """Note that an attribute was changed from ``old``; returns the edit's number."""
        self.number += 1
        edits = self._edits.get(target, None)
        if edits is None:
            edits = self._edits[target] = {}
        marks = edits.setdefault(name, [])
        marks.append((self.number, ValueMark(old)))
        del marks[:-64]
        return self.number

    def _marks(self, target: Any, name: str) -> list[tuple[int, ValueMark]]:
        edits = self._edits.get(target, None)
        return edits.get(name, []) if edits is not None else []

    def bump(self) -> int:
        """Count an edit that is no attribute of one object."""
        self.number += 1
        return self.number

    def first(self, target: Any, name: str) -> int:
        """Return the number of the first edit of an attribute that is remembered, 0 for none."""
        marks = self._marks(target, name)
        return marks[0][0] if marks else 0

    def changed_since(self, target: Any, name: str, number: int) -> bool:
        """Whether the attribute's value now differs from the one it had at edit ``number``."""
        later = [mark for at, mark in self._marks(target, name) if at > number]
        return bool(later) and not later[0].is_mark_of(_value_of(target, name))
