"""A map from objects to values, by identity, that keeps no object alive."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from typing import Any, Generic, TypeVar

V = TypeVar("V")
D = TypeVar("D")


class IdentityMap(Generic[V]):
    """A map from objects to values; an entry is dropped when its object dies.

    Objects are compared by identity only: ``==`` and ``hash`` of a user's object are not called. A
    number (``id``) that a new object got after the old one died finds nothing.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[Any], V]] = {}

    def __setitem__(self, item: object, value: V) -> None:
        """Keep a value for an object.

        Raises:
            TypeError: When the object takes no weak reference.
        """
        number = id(item)
        # No function in Python: an interrupt that came while it ran would be printed and lost, and not reach the
        # user's code. What it does is `entries.pop(number, dead)`; the number is not used again before it has run.
        self._entries[number] = (weakref.ref(item, partial(self._entries.pop, number)), value)

    def get(self, item: object, default: D) -> V | D:
        """Return the value of an object, or a default."""
        found = self._entries.get(id(item))
        return found[1] if found is not None and found[0]() is item else default

    def __contains__(self, item: object) -> bool:
        found = self._entries.get(id(item))
        return found is not None and found[0]() is item

    def discard(self, item: object) -> None:
        """Drop the entry of an object, if there is one."""
        if item in self:
            del self._entries[id(item)]

    def items(self) -> Iterator[tuple[Any, V]]:
        """Yield the living objects with their values, in the order in which they were added."""
        for reference, value in list(self._entries.values()):
            item = reference()
            if item is not None:
                yield item, value

    def __bool__(self) -> bool:
        return bool(self._entries)

    def clear(self) -> None:
        """Drop every entry."""
        self._entries.clear()
