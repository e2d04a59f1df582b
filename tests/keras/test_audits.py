"""What ``check`` finds on models that were edited while nobody watched, and where it must find nothing.

The models stand in ``audits.txt``: ``=== name`` begins one, ``#: KG101`` names what must be found of ``m``.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import keras_guard
from keras_guard._render.as_text import render_text
from keras_guard._rules import RULES, Rule

from .test_rule_pages import _cells, _skip_where_nothing_is_lost

pytestmark = pytest.mark.keras

PRELUDE = """
import keras
import numpy as np
from keras import layers
X, Y = np.random.rand(8, 4).astype("float32"), np.random.rand(8, 1).astype("float32")
def make(**compiled):
    inputs = keras.Input((4,), name="given")
    x = layers.Dense(3, name="hidden")(inputs)
    m = keras.Model(inputs, layers.Dense(1, name="last")(x))
    m.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return m
"""


def _models() -> list[Any]:
    found = []
    for text in Path(__file__).with_name("audits.txt").read_text().split("=== ")[1:]:
        name, _, code = text.partition("\n")
        expected = [line.removeprefix("#: ") for line in code.splitlines() if line.startswith("#: ")]
        found.append(pytest.param(name, code, expected, id=name.replace(" ", "-")))
    return found


@pytest.mark.parametrize(("name", "code", "expected"), _models())
def test_an_unwatched_edit_is_found(golden: Any, name: str, code: str, expected: list[str]) -> None:
    """``keras_guard.check`` says what the live objects show, in the words agreed on, and nothing more."""
    import keras

    keras.backend.clear_session(free_memory=False)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(PRELUDE + code, namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", keras_guard.KerasGuardWarning)
        found = keras_guard.check(namespace["m"], namespace=namespace)
    assert [diagnostic.code for diagnostic in found] == expected
    if found:
        golden("audits", name, "\n".join(map(render_text, found)))


@pytest.mark.parametrize("rule", [pytest.param(rule, id=code) for code, rule in RULES.items()])
def test_what_was_seen_is_not_found_once_more(rule: Rule, guarded: Any) -> None:
    """After a rule's example, ``check`` adds no second card to the one that is there."""
    _skip_where_nothing_is_lost(rule)
    guarded.run(*_cells(rule.page.example))
    before = guarded.last_states().keys()
    guarded.run("%keras_guard check")
    assert guarded.last_states().keys() == before
