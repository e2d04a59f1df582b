"""Several edits of one rebuild: each starts from what the ones before it made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from keras_guard import InsertAfter, RebuildRefused, Remove, Replace, rebuild

pytestmark = pytest.mark.keras


def _sequential() -> Any:
    return keras.Sequential([keras.Input((4,)), *(_dense(name) for name in "abc")])


def _functional() -> Any:
    inputs = value = keras.Input((4,))
    for name in "abc":
        value = _dense(name)(value)
    return keras.Model(inputs, value)


def _dense(name: str) -> Any:
    return layers.Dense(4, name=name)


Edits = Callable[[Any, Any], list[Any]]

READ: dict[str, tuple[Edits, list[str]]] = {
    "replace-then-after-the-old": (lambda n, m: [Replace("a", n), InsertAfter("a", m)], ["n", "m", "b", "c"]),
    "replace-then-after-the-new": (lambda n, m: [Replace("a", n), InsertAfter(n, m)], ["n", "m", "b", "c"]),
    "replace-then-after-its-name": (
        lambda n, m: [Replace("a", n), InsertAfter("n", m)],
        ["n", "m", "b", "c"],
    ),
    "after-then-replace": (lambda n, m: [InsertAfter("a", m), Replace("a", n)], ["n", "m", "b", "c"]),
    "replace-twice": (lambda n, m: [Replace("a", n), Replace("a", m)], ["m", "b", "c"]),
    "replace-the-new": (lambda n, m: [Replace("a", n), Replace(n, m)], ["m", "b", "c"]),
    "after-the-new": (lambda n, m: [InsertAfter("a", n), InsertAfter(n, m)], ["a", "n", "m", "b", "c"]),
    "after-twice": (lambda n, m: [InsertAfter("a", n), InsertAfter("a", m)], ["a", "m", "n", "b", "c"]),
    "replace-then-remove-the-old": (lambda n, m: [Replace("a", n), Remove("a")], ["b", "c"]),
    "replace-then-remove-the-new": (lambda n, m: [Replace("a", n), Remove(n)], ["b", "c"]),
    "insert-then-remove": (lambda n, m: [InsertAfter("a", n), Remove(n)], ["a", "b", "c"]),
    "insert-then-remove-the-anchor": (lambda n, m: [InsertAfter("a", n), Remove("a")], ["n", "b", "c"]),
    "same-name-then-remove": (lambda n, m: [Replace("a", _dense("a")), Remove("a")], ["b", "c"]),
    "a-freed-name": (
        lambda n, m: [Remove("b"), Replace("a", _dense("b")), InsertAfter("b", m)],
        ["b", "m", "c"],
    ),
}

REFUSED: dict[str, tuple[Edits, str]] = {
    "remove-twice": (lambda n, m: [Remove("b"), Remove("b")], "already taken out"),
    "after-the-removed": (lambda n, m: [Remove("b"), InsertAfter("b", n)], "already taken out"),
    "replace-the-removed": (lambda n, m: [Remove("b"), Replace("b", n)], "already taken out"),
    "after-a-removed-new-layer": (
        lambda n, m: [Replace("a", n), Remove("a"), InsertAfter(n, m)],
        "already taken out",
    ),
    "a-name-taken-twice": (lambda n, m: [Replace("a", _dense("b")), Remove("b")], "in 2 places"),
    "one-layer-for-two": (lambda n, m: [Replace("a", n), Replace("b", n), Replace(n, m)], "in 2 places"),
    "never-there": (lambda n, m: [Replace("a", n), Remove(m)], "no layer of"),
}


@pytest.mark.parametrize("build", [_sequential, _functional])
@pytest.mark.parametrize(("edits", "expected"), READ.values(), ids=READ.keys())
def test_a_later_edit_sees_the_earlier_ones(build: Any, edits: Edits, expected: list[str]) -> None:
    """It may name the old layer for its place, or the new one; a list of layers says what came of it."""
    names = {"model": build(), "n": _dense("n"), "m": _dense("m")}
    made = rebuild(names["model"], edits(names["n"], names["m"]), namespace=names).run(dict(names))
    assert [x.name for x in made.layers if not isinstance(x, layers.InputLayer)] == expected


@pytest.mark.parametrize("build", [_sequential, _functional])
@pytest.mark.parametrize(("edits", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_an_edit_of_what_is_gone_or_ambiguous_is_refused(build: Any, edits: Edits, reason: str) -> None:
    """It is never dropped in silence."""
    names = {"model": build(), "n": _dense("n"), "m": _dense("m")}
    with pytest.raises(RebuildRefused, match=reason):
        rebuild(names["model"], edits(names["n"], names["m"]), namespace=names)
