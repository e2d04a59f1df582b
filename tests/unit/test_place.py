"""Places: parsed from text, spelled as text, read without running code of the user's."""

from __future__ import annotations

import types
from collections import namedtuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_guard._data.missing import MISSING
from keras_guard._data.place import Attribute, Item, Place

STEPS = st.one_of(
    st.sampled_from(["a", "head", "layers_1"]).map(Attribute),
    st.text(max_size=8).map(Item),
    st.integers(-3, 300).map(Item),
)


class Loud:
    """Raises when anybody asks it for anything."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("touched")


class Settings:
    """An object of the user's own, with a property that must not run."""

    shared = 4

    def __init__(self) -> None:
        self.head = 3

    @property
    def computed(self) -> int:
        """Fail the test."""
        raise RuntimeError("a property ran")


Pair = namedtuple("Pair", "left right")
NAMESPACE: dict[str, Any] = {
    "d": 1,
    "none": None,
    "nets": {"a": 2, 'a"b': 3, "a'b": 4, 7: 5, "back\\slash": 6},
    "items": [[10, 11], (12,)],
    "settings": Settings(),
    "space": types.SimpleNamespace(h=8),
    "pair": Pair(1, 2),
    "Settings": Settings,
    "loud": Loud(),
}


@given(st.sampled_from(["x", "model"]), st.lists(STEPS, max_size=4))
def test_text_and_place_are_one(root: str, steps: list[Any]) -> None:
    """What a place is spelled as names the same place, whatever its keys hold."""
    place = Place(root, tuple(steps))
    assert Place.parse(str(place)) == place


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("d", 1),
        ("none", None),
        ('nets["a"]', 2),
        ("nets['a\"b']", 3),
        ('nets["a\'b"]', 4),
        ("nets[7]", 5),
        ("nets['back\\\\slash']", 6),
        ("items[0][-1]", 11),
        ("items[1][0]", 12),
        ("settings.head", 3),
        ("settings.shared", 4),
        ("Settings.shared", 4),
        ("space.h", 8),
        ("pair.right", 2),
    ],
)
def test_reading(text: str, value: object) -> None:
    """A place is read through dicts, lists, tuples, attributes and class attributes."""
    assert Place.parse(text).read(NAMESPACE) == value


@pytest.mark.parametrize(
    "text",
    [
        "gone",
        "d.x",
        "nets['z']",
        "items[9]",
        "items['a']",
        "settings.computed",
        "loud.x",
        "loud[0]",
        "gone.a.b",
    ],
)
def test_nothing_there(text: str) -> None:
    """A place that holds nothing, or whose reading would run code of the user's, reads as missing."""
    assert Place.parse(text).read(NAMESPACE) is MISSING


@pytest.mark.parametrize("text", ["", "f()", "a[i]", "a.b()", "1", "a b", "a[1:2]", "a[None]"])
def test_no_place(text: str) -> None:
    """What names no place is refused with a text that says so."""
    with pytest.raises(ValueError, match="is not"):
        Place.parse(text)


@pytest.mark.parametrize(
    ("place", "other", "below"),
    [
        ("a.b", "a", True),
        ("a", "a", True),
        ("a", "a.b", False),
        ("ab", "a", False),
        ('a["x"].b', 'a["x"]', True),
    ],
)
def test_below(place: str, other: str, below: bool) -> None:
    """A place is below another one when it begins with all of its steps."""
    assert Place.parse(place).is_below(Place.parse(other)) is below


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nets['a'].head", 'nets["a"].head'),
        ("nets['a', 1]", 'nets[("a", 1)]'),
        ("nets['\u0440\u0430y']", r'nets["\u0440\u0430y"]'),
        ("nets[('a',)]", 'nets[("a",)]'),
        ("nets[0.5]", "nets[0.5]"),
    ],
)
def test_a_place_as_code(text: str, code: str) -> None:
    """Keys are literals in double quotes, and letters that look like others are escaped."""
    place = Place.parse(text)
    assert place.code() == code
    assert Place.parse(code) == place


class Holder:
    """An object with a property that can be assigned."""

    def __init__(self) -> None:
        self._net = 1

    @property
    def net(self) -> int:
        """What was assigned."""
        return self._net

    @net.setter
    def net(self, value: int) -> None:
        self._net = value


@pytest.mark.parametrize("text", ["x", "x.net", "x['a']", "x[0]", "x['a', 1].net"])
def test_what_is_assigned_is_found(text: str) -> None:
    """A name, a property, an item of a dict or list, and a place behind a tuple as key."""
    kinds: dict[str, Any] = {
        "x.net": Holder(),
        "x['a']": {},
        "x[0]": [1],
        "x['a', 1].net": {("a", 1): Holder()},
    }
    namespace = {"x": kinds.get(text)}
    place = Place.parse(text)
    place.assign(namespace, 7)
    assert place.get(namespace) == 7


def test_a_name_is_taken_away_again() -> None:
    """Assigning ``MISSING`` unbinds a name, and leaves what is at another place."""
    namespace = {"x": {"a": 1}, "y": 2}
    Place.parse("y").assign(namespace, MISSING)
    Place.parse("x['a']").assign(namespace, MISSING)
    assert namespace == {"x": {"a": 1}}
    assert Place.parse("x['b']").get(namespace) is MISSING
    assert Place.parse("x.b").get(namespace) is MISSING
