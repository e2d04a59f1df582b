"""What a trace read from the attributes of one object, and what they are now."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from types import MethodType
from typing import Any, NamedTuple

from .._data.missing import MISSING
from .adapted_state import ADAPTED, learned_now
from .attribute_reads import OPTIMIZER_SETTINGS, STEPS
from .keras_types import TYPES
from .marks import Mark, mark_of
from .same_code import PLAIN

#: The mark of what a trace did not read.
NOT_READ = object()
#: What is noted where an object has no such attribute. Methods that are assigned to an object take the place of
#: its class's; some settings come with their method.
_ASKED = STEPS | {f"_{name}" for name in OPTIMIZER_SETTINGS}


class OwnerFacts(NamedTuple):
    """What a trace read from the attributes of one object.

    Attributes:
        owner: Returns the object while it lives.
        names: The attributes that its class reads.
        read: Those of them that it had.
        marks: What these were; ``NOT_READ`` for the state of a variable.
        learned: What ``adapt`` taught it, ``NOT_READ`` where its class learns nothing.
    """

    owner: Callable[[], Any]
    names: frozenset[str]
    read: tuple[str, ...]
    marks: Sequence[Mark]
    learned: Mark

    def mark(self, name: str) -> Mark:
        """Return the mark of an attribute, ``NOT_READ`` where the trace did not read it."""
        if name == ADAPTED:
            return self.learned
        if name in self.read:
            return self.marks[self.read.index(name)]
        return MISSING if name in _ASKED and name in self.names else NOT_READ


def owner_facts(owner: object, names: frozenset[str], shared: dict[int, Mark]) -> OwnerFacts:
    """Read what a trace made now reads from the attributes of one object.

    Args:
        owner: The object.
        names: The attributes that its class reads.
        shared: Marks of values that are not plain, by identity; layers share their functions. It is filled.
    """
    own = vars(owner)
    layout, marks = _values_read(names, own)
    kinds = tuple(map(type, marks))
    others = layout.not_plain.get(kinds)
    if others is None:
        others = layout.not_plain[kinds] = _not_plain(layout.names, kinds)
    if others:
        marks = list(marks)
        for index, name, is_state in others:
            marks[index] = NOT_READ if is_state else _mark_read(owner, name, marks[index], shared)
    learned = learned_now(owner) if ADAPTED in names else NOT_READ
    return OwnerFacts(weakref.ref(owner), names, layout.names, marks, learned)


def _mark_read(owner: object, name: str, value: Any, shared: dict[int, Mark]) -> Mark:
    if name in STEPS and _is_own_method(owner, name, value):
        return MISSING
    mark = shared.get(id(value), NOT_READ)
    if mark is NOT_READ:
        mark = shared[id(value)] = mark_of(value)
    return mark


class _Layout(NamedTuple):
    """Which of the attributes that a class reads an object has: most objects of a class have the same ones.

    Attributes:
        names: Those that it has.
        absent: Those that it has not.
        values: Returns the values from the attributes of an object.
        not_plain: Which of the values are not plain, by the types of all values.
    """

    names: tuple[str, ...]
    absent: frozenset[str]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    not_plain: dict[tuple[type, ...], tuple[_Other, ...]]


#: The layout of the last object whose class reads these names.
_LAYOUTS: dict[frozenset[str], _Layout] = {}


def _values_read(names: frozenset[str], own: dict[str, Any]) -> tuple[_Layout, Sequence[Any]]:
    layout = _LAYOUTS.get(names)
    if layout is not None and own.keys().isdisjoint(layout.absent):
        try:
            return layout, layout.values(own)
        except KeyError:
            pass  # it has fewer of them
    layout = _LAYOUTS[names] = _layout_of(names, own)
    return layout, layout.values(own)


def _layout_of(names: frozenset[str], own: Mapping[str, Any]) -> _Layout:
    read = tuple(name for name in own if name in names)
    if len(read) > 1:
        return _Layout(read, names.difference(read), itemgetter(*read), {})
    return _Layout(read, names.difference(read), lambda own: tuple(own[name] for name in read), {})


#: Of a value that is not plain: its index, its name, and whether it is the state of a variable.
_Other = tuple[int, str, bool]


def _not_plain(names: tuple[str, ...], kinds: tuple[type, ...]) -> tuple[_Other, ...]:
    """Return where values are not plain.

    A schedule may take the place of the variable of a learning rate, so that one is no mere state.
    """
    return tuple(
        (index, name, kind in TYPES.variable and name != "_learning_rate")
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True))
        if kind not in PLAIN
    )


def value_of(owner: object, name: str) -> Any:
    """Return what an attribute is now, as :func:`facts_now` reads it: no property of the user's runs."""
    if name == ADAPTED:
        return learned_now(owner)
    own = vars(owner)
    value = own.get(name, own.get(f"_{name}", MISSING))
    return MISSING if _is_own_method(owner, name, value) else value


def _is_own_method(owner: object, name: str, value: object) -> bool:
    """Whether an attribute is the method that the class has: one that was replaced and put back."""
    if type(value) is not MethodType or value.__self__ is not owner:
        return False
    return value.__func__ is getattr(type(owner), name, None)
