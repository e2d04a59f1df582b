"""Which values are remembered as they are, and which are recognised without being held."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from keras_guard._session.edits import EditHistory, ValueMark, is_plain


def _holding_itself() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


def _bomb() -> list[Any]:
    value: list[Any] = [0] * 16
    for _ in range(60):
        value = [value] * 16
    return value


class Thing:
    """Anything a weak reference can point at."""

    rate = 1

    def method(self) -> None:
        """Bound anew at each read."""


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, True),
        (1.5, True),
        ("relu", True),
        ((2, 2), True),
        ([["a", 1], [None]], True),
        (list(range(17)), False),
        (Thing(), False),
        ([Thing()], False),
        (_holding_itself(), False),
        (_bomb(), False),
    ],
    ids=["none", "number", "text", "tuple", "nested", "long", "object", "list-of-object", "itself", "bomb"],
)
def test_plain_values(value: Any, plain: bool) -> None:
    """Small values of numbers and texts are plain; a list that holds itself or explodes is told apart at once."""
    assert is_plain(value) is plain


@pytest.mark.parametrize(
    ("value", "other"),
    [(1, 2), (1, True), (1, 1.0), ("a", "b"), ([1], [2]), (_holding_itself(), [1]), ({1: 2}, {1: 3})],
    ids=["number", "bool", "float", "text", "list", "itself", "dict"],
)
def test_marks_recognise_their_value_and_no_other(value: Any, other: Any) -> None:
    """A mark knows the value it was made of, by value and type."""
    mark = ValueMark(value)
    assert mark.is_mark_of(value)
    assert not mark.is_mark_of(other)


def test_marks_hold_no_object() -> None:
    """An object is recognised by identity and freed as if nobody had looked; its methods are recognised too."""
    thing = Thing()
    reference = weakref.ref(thing)
    mark, method = ValueMark(thing), ValueMark(thing.method)
    assert mark.is_mark_of(thing)
    assert not mark.is_mark_of(Thing())
    assert method.is_mark_of(thing.method)
    del thing
    assert reference() is None
    assert not mark.is_mark_of(None)


def test_history_compares_with_the_value_before() -> None:
    """An edit counts as a change until the value is back, seen from the numbers before it."""
    history, thing = EditHistory(), Thing()
    first = history.note(thing, "rate", 1)
    thing.rate = 2
    assert history.first(thing, "rate") == first
    assert history.changed_since(thing, "rate", first - 1)
    assert not history.changed_since(thing, "rate", first)
    thing.rate = 1
    assert not history.changed_since(thing, "rate", first - 1)
    assert history.bump() == first + 1
    assert not history.changed_since(Thing(), "rate", 0)
    assert history.first(Thing(), "rate") == 0


def test_history_is_bounded_and_forgets_the_dead() -> None:
    """Of one attribute the last 64 edits are kept, and none of an object that is gone."""
    history, thing = EditHistory(), Thing()
    for number in range(100):
        history.note(thing, "rate", number)
    assert history.first(thing, "rate") == 37
    del thing
    assert not history._edits
