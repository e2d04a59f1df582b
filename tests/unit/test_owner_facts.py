"""What a trace read from the attributes of objects, one after the other, whatever attributes they have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_guard._adapter.marks import is_marked
from keras_guard._adapter.owner_facts import NOT_READ, owner_facts, value_of
from keras_guard._data.missing import MISSING

NAMES = frozenset("abcdef")
VALUES = st.one_of(
    st.integers(), st.text(), st.none(), st.lists(st.integers()), st.tuples(st.integers()), st.just(len)
)
OBJECTS = st.dictionaries(st.sampled_from("abcdefxyz"), VALUES)


class Owner:
    """Any object with attributes."""

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


@given(st.lists(OBJECTS, max_size=8))
def test_each_object_has_the_marks_of_its_own_attributes(objects: list[dict[str, Any]]) -> None:
    """Which attributes an earlier object of the class had does not change what is read of the next one."""
    for attributes in objects:
        facts = owner_facts(Owner(**attributes), NAMES, {})
        for name in NAMES:
            mark = facts.mark(name)
            if name in attributes:
                assert is_marked(mark, attributes[name])
            else:
                assert mark is NOT_READ


@given(OBJECTS, OBJECTS)
def test_another_value_has_another_mark(before: dict[str, Any], after: dict[str, Any]) -> None:
    """A plain value that an attribute has now is the one that was read, or it is another one."""
    owner = Owner(**before)
    facts = owner_facts(owner, NAMES, {})
    vars(owner).update(after)
    for name in NAMES & before.keys():
        assert is_marked(facts.mark(name), value_of(owner, name)) == _is_same(before[name], vars(owner)[name])


def _is_same(before: object, after: object) -> bool:
    if isinstance(before, (list, tuple)):
        return isinstance(after, (list, tuple)) and list(before) == list(after)
    return type(before) is type(after) and before == after


def test_nothing_else_is_read() -> None:
    """What the class does not read has no mark, and what is asked of every object has one where it is missing."""
    facts = owner_facts(Owner(other=1), frozenset({"call", "units"}), {})
    assert facts.mark("other") is NOT_READ
    assert facts.mark("units") is NOT_READ
    assert facts.mark("call") is MISSING


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_attributes(count: int) -> None:
    """An object may have none of the attributes, or one."""
    attributes = dict(zip("ab", (3, 4), strict=True))
    owner = Owner(**{name: attributes[name] for name in sorted(attributes)[:count]})
    facts = owner_facts(owner, NAMES, {})
    assert [facts.mark(name) for name in facts.read] == [3, 4][:count]


def test_an_object_is_not_kept_alive() -> None:
    """Neither the object nor a value of it that is not plain lives on because it was read."""
    import gc
    import weakref

    class Part:
        pass

    owner = Owner(a=Part(), b=1)
    references = weakref.ref(owner), weakref.ref(owner.a)
    facts = owner_facts(owner, NAMES, {})
    del owner
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert facts.owner() is None
