"""Handles: numbers under which emitted code reaches objects that have no name.

``keras_guard.held(3)`` gives the object back as long as something else keeps it alive (the
model it belongs to, or the :class:`Rebuild`); a handle itself keeps nothing alive.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

_objects: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)


def hold(value: object) -> int:
    """Return a number for an object, the same one each time."""
    for number, known in list(_objects.items()):
        if known is value:
            return number
    number = next(_numbers)
    _objects[number] = value
    return number


def held(number: int) -> Any:
    """Return the object behind a handle that a rebuild wrote into its code.

    Args:
        number: The handle's number.

    Returns:
        The live object.

    Raises:
        LookupError: When the object is gone; ask for the rebuild again.
    """
    found = _objects.get(number)
    if found is None:
        raise LookupError(f"keras_guard holds no object {number} any more; ask for the rebuild again")
    return found
