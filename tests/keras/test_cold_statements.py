"""What a statement binds after its probes were switched off is found when the model is used."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

BUILD = """import keras
from keras import layers
stages = {"head": layers.Dense(2)}
model = keras.Sequential([keras.Input((4,)), layers.Dense(3), stages["head"]])
spare = layers.Dense(2)
def fill(items):
    for key, value in items:
        stages[key] = value"""
COUNTS = "[(index % 7, index) for index in range(5000)]"


def test_a_cold_statements_edit_is_found_at_use(guarded: Any) -> None:
    """The card opens when the stale model is used, without the line of the edit."""
    guarded.run(BUILD, f"fill({COUNTS} + [('head', spare)])\nmodel(keras.ops.ones((1, 4)))")
    (card,) = guarded.last_states().values()
    assert (card.code, card.state.value) == ("KG102", "open")
    assert not guarded.faults


@pytest.mark.parametrize(
    "between",
    [
        pytest.param("fill([('head', layers.Dense(2))])", id="new layer"),
        pytest.param("keras.Sequential([layers.Dense(1)])\nfill([('head', spare)])", id="new model"),
    ],
)
def test_a_new_layer_or_model_switches_the_probes_on(guarded: Any, between: str) -> None:
    """A statement that was cold reports the edit of a layer made since, with its line."""
    guarded.run(BUILD, f"fill({COUNTS})\n{between}")
    (card,) = guarded.last_states().values()
    assert (card.code, card.state.value, card.span.line) == ("KG102", "pending", 8)


def test_a_new_cell_switches_the_probes_on(guarded: Any) -> None:
    """The next cell's edit is reported where it is made."""
    guarded.run(BUILD, f"fill({COUNTS})", "fill([('head', spare)])")
    (card,) = guarded.last_states().values()
    assert (card.code, card.span.line) == ("KG102", 8)
