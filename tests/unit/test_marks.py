"""Marks: a value is recognised later, by what it holds or by identity, and kept alive by nothing."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

from keras_guard._adapter.marks import (
    UNKNOWN,
    in_words,
    is_marked,
    is_unknown,
    mark_of,
    mark_of_length,
    mark_of_object,
    same_value,
)
from keras_guard._data.missing import MISSING


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

    def method(self) -> None:
        """Bound again at each read."""


class Hostile:
    """Raises when it is compared, hashed or printed."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __repr__(self) -> str:
        raise RuntimeError("printed")


def _adder(number: int) -> Any:
    def add(x: int) -> int:
        return x + number

    return add


PAIRS = {
    "number": (1, 2),
    "bool": (1, True),
    "float": (1, 1.5),
    "scalar": (0.25, np.float32(0.5)),
    "scalar-bool": (1, np.bool_(True)),
    "text": ("a", "b"),
    "none": (None, 0),
    "missing": (MISSING, None),
    "not-a-number": (float("nan"), 0.0),
    "list": ([1], [2]),
    "list-length": ([1], [1, 1]),
    "nested": ([1, [2, "a"]], [1, [2, "b"]]),
    "dict": ({"a": 2}, {"a": 3}),
    "dict-keys": ({"a": 2}, {"b": 2}),
    "array": (np.zeros(3), np.ones(3)),
    "array-shape": (np.zeros(3), np.zeros((3, 1))),
    "array-dtype": (np.zeros(3), np.ones(3, "float32")),
    "array-bool": (np.zeros(3), np.zeros(3, bool)),
    "large-array": (np.zeros(5_000), np.ones(5_000)),
    "function": (_adder, _holding_itself),
    "closure": (_adder(1), _adder(2)),
    "object": (Thing(), Thing()),
    "hostile": (Hostile(), Hostile()),
    "other-kind": ([1], 1),
}


@pytest.mark.parametrize(("value", "other"), PAIRS.values(), ids=PAIRS)
def test_marks_recognise_their_value_and_no_other(value: Any, other: Any) -> None:
    """A mark knows the value it was made of, and tells it from another one."""
    mark = mark_of(value)
    assert is_marked(mark, value)
    assert not is_marked(mark, other)
    assert not is_marked(mark_of(other), value)
    assert same_value(value, value)
    assert not same_value(value, other)


@pytest.mark.parametrize(
    ("value", "twin"),
    [
        ([1, (2,)], (1, [2])),
        (np.arange(3), np.arange(3)),
        (_adder(1), _adder(1)),
        ({"a": [1]}, {"a": [1]}),
        (1, 1.0),
        (0.1, np.float32(0.1)),
        (2, np.int64(2)),
        (float("nan"), np.float32("nan")),
        (np.array([0.1, 2]), np.array([0.1, 2], "float32")),
        (np.linspace(0, 1, 5_000), np.linspace(0, 1, 5_000).astype("float32")),
        (np.arange(3), np.arange(3.0)),
    ],
)
def test_what_means_the_same_is_the_same(value: Any, twin: Any) -> None:
    """Running a cell again makes every value again; equal ones are no change."""
    assert is_marked(mark_of(value), twin)
    assert is_marked(mark_of(twin), value)


@pytest.mark.parametrize(
    "value",
    [_holding_itself(), _bomb(), list(range(1_000)), {i: i for i in range(1_000)}, {Thing(): 1}],
    ids=["itself", "bomb", "long", "large-dict", "keys-of-objects"],
)
def test_what_cannot_be_compared_counts_as_the_same(value: Any) -> None:
    """A change that is missed costs less than one that is made up."""
    mark = mark_of(value)
    assert is_marked(mark, value)
    assert is_marked(UNKNOWN, object())
    assert is_unknown(UNKNOWN)


def test_an_array_changed_in_place_is_another_value() -> None:
    """The content counts, not the object."""
    array = np.zeros(4)
    mark = mark_of(array)
    array[1] = 5
    assert not is_marked(mark, array)


def test_marks_hold_no_object() -> None:
    """An object is recognised by identity and freed as if it had not been marked; its methods are recognised too."""
    thing = Thing()
    reference = weakref.ref(thing)
    mark, method = mark_of(thing), mark_of(thing.method)
    assert is_marked(mark, thing)
    assert is_marked(method, thing.method)
    del thing
    assert reference() is None
    assert not is_marked(mark, None)


def test_a_function_that_is_gone_is_known_by_its_code() -> None:
    """The cell that defined a function ran again: the same code is the same function."""

    def first(x: int) -> int:
        return x + 1

    mark = mark_of(first)
    del first

    def second(x: int) -> int:
        return x + 1

    def third(x: int) -> int:
        return x - 1

    assert is_marked(mark, second)
    assert not is_marked(mark, third)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.5, "0.5"), ([1, 2], "[1, 2]"), ((2, 2), "(2, 2)"), (np.zeros(3), "an array of shape (3,)"), ({}, "{}"),
     ({"a": [1]}, "{'a': [1]}"), (dict.fromkeys(range(9)), "a dict"), (Thing(), "another Thing"),
     (list(range(9)), "[0, 1, 2, 3, ...]")],
    ids=["number", "list", "tuple", "array", "empty", "dict", "long-dict", "object", "long"],
)  # fmt: skip
def test_marks_in_words(value: Any, words: str) -> None:
    """A card can say what was marked, after the object is gone."""
    assert in_words(mark_of(value)) == words


@pytest.mark.parametrize("value", [[1, 2], (1, 2), {"a": 1, "b": 2}, "ab", np.zeros((2, 3))])
def test_a_mark_of_a_length_knows_no_items(value: Any) -> None:
    """Only how many there are counts."""
    mark = mark_of_length(value)
    assert is_marked(mark, value)
    assert is_marked(mark, ["a", "b"])
    assert not is_marked(mark, [1, 2, 3])
    assert not is_marked(mark, 2)
    assert in_words(mark) == "something of length 2"


def test_a_mark_of_an_object_knows_this_one_only() -> None:
    """An object with a state is never another one; it is not kept alive."""
    thing = Thing()
    mark = mark_of_object(thing, alike=False)
    assert is_marked(mark, thing)
    assert not is_marked(mark, Thing())
    assert in_words(mark) == "an earlier Thing"
    del thing
    assert not is_marked(mark, Thing())
