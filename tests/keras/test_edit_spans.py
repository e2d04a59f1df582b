"""Edits that are noticed when the model is used are marked at the line that made them."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

BUILD = """
import numpy as np, keras
from keras import layers
X, Y = np.zeros((4, 4), "float32"), np.zeros((4, 1), "float32")
loss = keras.losses.Huber(delta=1.0)
alpha = 0.5
def penalty(t, p):
    return alpha * keras.ops.mean(t - p)
model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
"""


def _places(cards: list[Any]) -> list[tuple[str, int | None, int | None]]:
    """Return where each open card is; one that is shown again, with what ran, is one."""
    opened = {card.id: card.span for card in cards if card.state.value == "open"}
    codes = {card.id: card.code for card in cards}
    return [(codes[key], span.execution_count, span.line) for key, span in opened.items()]


@pytest.mark.parametrize("between", ["t = 1", "def broken(:", "%%bash\ntrue", "!true\nt = 2"])
def test_line_is_found_whatever_cells_lie_between(guarded: Any, between: str) -> None:
    """Cells that are no Python, or never ran, are passed over."""
    guarded.run(BUILD, "model.compile('sgd', loss)", "model.evaluate(X, Y, verbose=0)")
    guarded.shell.run_cell(between, store_history=True)
    guarded.run("t = 3\nloss.delta = 9.0")
    guarded.shell.run_cell(between, store_history=True)
    number = guarded.shell.execution_count
    cards = guarded.run("e = model.evaluate(X, Y, verbose=0)")
    assert _places(cards) == [("KG204", number - 2, 2)]


def test_line_of_a_global_that_a_trace_holds(guarded: Any) -> None:
    """A number that the traced loss read is marked where it was bound last."""
    guarded.run(
        BUILD, "model.compile('sgd', penalty)", "e = model.evaluate(X, Y, verbose=0)", "\nalpha = 2.0"
    )
    number = guarded.shell.execution_count
    assert _places(guarded.run("e = model.evaluate(X, Y, verbose=0)")) == [("KG204", number - 1, 2)]
