"""A fault in one entry is counted, and the entry is dropped; all others go on."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

TWO_MODELS = """
import keras, numpy as np
from keras import layers
X = np.zeros((8, 4), "float32")
d, e = layers.Dense(3), layers.Dense(3)
m = keras.Sequential([keras.Input((4,)), d, layers.Dense(1)])
n = keras.Sequential([keras.Input((4,)), e, layers.Dense(1)])
"""


def _breaking(*_: Any) -> bool:
    raise RuntimeError("a proof that raises")


@pytest.mark.parametrize("question", ["holds", "opened_by", "edits"])
def test_a_broken_entry_is_dropped(guarded: Any, question: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry whose proof raises is counted and dropped; the other one opens, and status answers."""
    guarded.run(TWO_MODELS, "d = layers.Dense(9)", "e = layers.Dense(9)")
    first, second = guarded.session.ledger.live()
    setattr(first.finding.claim, question, _breaking)
    guarded.run("m.predict(X, verbose=0)", "n.predict(X, verbose=0)")
    guarded.run("get_ipython().run_line_magic('keras_guard', 'status')")
    said = capsys.readouterr().out
    assert "a proof that raises" in said
    assert second.state.value == "open"
    assert guarded.session.ledger.live() == [second]
    guarded.faults.clear()


def test_status_asks_no_proof(guarded: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """``status`` shows what the ledger holds; it runs no proof, which is what may be broken."""
    guarded.run(TWO_MODELS, "d = layers.Dense(9)")
    entries = guarded.session.entries
    settle, entries.settle = entries.settle, _breaking
    guarded.run("get_ipython().run_line_magic('keras_guard', 'status')")
    entries.settle = settle
    guarded.faults.clear()  # of the end of the cell, which does ask
    assert "pending  KG102" in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["# weights", "# model.layers[0]\n# get_weights", "\n# losses\n\n"])
def test_a_cell_of_comments(guarded: Any, cell: str) -> None:
    """A cell of comments only that holds a watched word passes without a fault."""
    guarded.run(TWO_MODELS, cell)
