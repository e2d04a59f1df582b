"""The user's own lists and dicts that ``compile`` was given, watched for edits in place."""

from __future__ import annotations

import weakref
from typing import Any

from .._adapter.membership import compile_containers
from .edits import ValueMark

_Picture = tuple[ValueMark, ...]


class GivenContainers:
    """Remembers the containers by identity, and holds neither them nor their items."""

    def __init__(self) -> None:
        self._given: dict[int, tuple[weakref.ref[Any], str, _Picture]] = {}

    def note(self, model: Any) -> None:
        """Note what a model was compiled with."""
        for number in [n for n, (ref, _, _) in self._given.items() if ref() in (None, model)]:
            del self._given[number]
        for argument, container in compile_containers(model):
            self._given[id(container)] = (weakref.ref(model), argument, _picture(container))

    def holds(self, value: Any) -> bool:
        """Whether a value is one of the containers."""
        return type(value) in (list, dict) and self._owner(value) is not None

    def _owner(self, value: Any) -> tuple[Any, str, _Picture] | None:
        entry = self._given.get(id(value))
        model = entry[0]() if entry is not None else None
        if entry is None or model is None:
            return None
        for argument, container in compile_containers(model):
            if container is value and argument == entry[1]:
                return model, argument, entry[2]
        return None

    def edited(self, value: Any) -> tuple[Any, str] | None:
        """Return the model and the argument of a container that changed since; each change is told once."""
        found = self._owner(value) if type(value) in (list, dict) else None
        if found is None:
            return None
        model, argument, before = found
        items = _items(value)
        if len(items) == len(before) and all(m.is_mark_of(i) for m, i in zip(before, items, strict=True)):
            return None
        self._given[id(value)] = (weakref.ref(model), argument, _picture(value))
        return model, argument


def _items(container: Any) -> list[Any]:
    return (
        [part for pair in container.items() for part in pair]
        if isinstance(container, dict)
        else list(container)
    )


def _picture(container: Any) -> _Picture:
    return tuple(ValueMark(item) for item in _items(container))
