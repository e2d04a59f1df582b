"""The map by identity: it holds nothing alive, and asks no object of the user's to compare itself."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from keras_guard._data.identity import IdentityMap


class Hostile:
    """Raises when it is compared or hashed."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")


def test_values_by_object() -> None:
    """Each object has its own value, even one that refuses to be compared."""
    found: IdentityMap[int] = IdentityMap()
    first, second = Hostile(), Hostile()
    found[first], found[second] = 1, 2
    found[first] = 3
    assert (found.get(first, 0), found.get(second, 0), found.get(Hostile(), 0)) == (3, 2, 0)
    assert [value for _, value in found.items()] == [3, 2]
    found.discard(first)
    assert first not in found
    assert second in found


def test_entry_goes_with_its_object() -> None:
    """An object that dies takes its entry along."""
    found: IdentityMap[int] = IdentityMap()
    item = Hostile()
    found[item] = 1
    del item
    assert not found
    assert list(found.items()) == []


def test_number_of_a_dead_object_finds_nothing() -> None:
    """A new object that got the number of a dead one does not get its value."""
    found: IdentityMap[int] = IdentityMap()
    held: list[Any] = [Hostile()]
    found[held[0]] = 1
    reference = found._entries[id(held[0])]
    held.clear()
    other = Hostile()
    found._entries[id(other)] = reference
    assert other not in found
    assert found.get(other, None) is None


def test_what_takes_no_weak_reference_is_refused() -> None:
    """A list or a number cannot be kept: nothing would drop it."""
    found: IdentityMap[int] = IdentityMap()
    with pytest.raises(TypeError):
        found[[1]] = 1


def test_dropping_an_entry_runs_no_python_code() -> None:
    """An interrupt in a callback of a weak reference is printed and lost, so there is no Python code to interrupt."""
    found: IdentityMap[int] = IdentityMap()
    item = Hostile()
    found[item] = 1
    called: list[str] = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: called.append(frame.f_code.co_name) if event == "call" else None)
    del item
    sys.setprofile(before)
    assert not found
    assert called == []
