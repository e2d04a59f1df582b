"""Containment: what gets out into the user's cell, and what is counted instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keras_guard._data.meant import Meant
from keras_guard._session.containment import Containment, Intended


class MuteError(Exception):
    """Cannot even be described."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def _raising(error: BaseException) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


@pytest.mark.parametrize("way", ["wrap", "shield"])
@pytest.mark.parametrize(
    "error",
    [ValueError("x"), RecursionError("deep"), MemoryError(), SystemExit(3), GeneratorExit()],
    ids=repr,
)
def test_faults_are_counted_and_go_no_further(way: str, error: BaseException) -> None:
    """Whatever a function raises is counted under its type and message, its first traceback kept."""
    containment = Containment()
    function = getattr(containment, way)(_raising(error))
    assert function() is None
    assert function() is None
    label = f"{type(error).__name__}: {error}"
    assert containment.faults == {label: 2}
    assert list(containment.details) == [label]
    assert "in fail" in containment.details[label]


@pytest.mark.parametrize("way", ["wrap", "shield"])
def test_ctrl_c_is_the_users(way: str) -> None:
    """An interrupt gets out, and is no fault."""
    containment = Containment()
    with pytest.raises(KeyboardInterrupt):
        getattr(containment, way)(_raising(KeyboardInterrupt()))()
    assert not containment.faults


def test_strict_mode_raises_what_it_means() -> None:
    """What strict mode wraps comes out as itself, without the guard as its cause; a mark passes the shield."""
    containment = Containment()
    with pytest.raises(LookupError, match="lost") as caught:
        containment.wrap(_raising(Intended(LookupError("lost"))))()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    with pytest.raises(Meant):
        containment.shield(_raising(Meant()))()
    assert not containment.faults


def test_the_guard_does_not_hear_itself() -> None:
    """A wrapped function called by a wrapped function does nothing; afterwards it works again, also after a fault."""
    containment = Containment()
    calls: list[str] = []

    def inner() -> str:
        calls.append("inner")
        return "inner"

    contained = containment.wrap(inner)

    def outer() -> str:
        assert contained() is None
        return "outer"

    assert containment.wrap(outer)() == "outer"
    assert calls == []
    containment.wrap(_raising(ValueError()))()
    assert contained() == "inner"


def test_faults_without_words_are_counted() -> None:
    """An error that cannot be described is counted by its type; when even that fails, by number."""
    containment = Containment()
    containment.wrap(_raising(MuteError()))()
    assert set(containment.faults) == {"MuteError"}
    containment.faults = None  # type: ignore[assignment] # as if counting had no memory left
    containment.note(ValueError())
    assert containment.uncounted == 1


def test_details_are_bounded() -> None:
    """Of very many kinds of faults twenty tracebacks are kept."""
    containment = Containment()
    for number in range(30):
        containment.note(ValueError(str(number)))
    assert (len(containment.faults), len(containment.details)) == (30, 20)
