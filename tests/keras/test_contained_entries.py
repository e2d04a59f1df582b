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


class _Broken:
    """A span that cannot be read."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("a span that raises")


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


@pytest.mark.parametrize(
    "cell", [pytest.param("f = layers.Dense(2)", id="no use"), pytest.param("m.summary()", id="use")]
)
def test_an_entry_whose_claims_raise_is_dropped(guarded: Any, cell: str) -> None:
    """What asks every entry for its claims at the end of a cell drops one that raises, and asks the others."""
    guarded.run(TWO_MODELS, "d = layers.Dense(9)", "e = layers.Dense(9)")
    first, second = guarded.session.ledger.live()
    first.claims = _breaking
    guarded.run(cell)
    assert guarded.session.ledger.live()[:1] == [second]
    assert any("a proof that raises" in fault for fault in guarded.faults)
    guarded.faults.clear()


def test_a_withdrawn_edit_whose_span_raises(guarded: Any) -> None:
    """An entry that fails while withdrawn edits are looked for is dropped, and the other one is resolved."""
    guarded.run(TWO_MODELS, "d = layers.Dense(9)", "a = 1\nb = 2\ne = layers.Dense(9)")
    first, second = guarded.session.ledger.live()
    first.finding.span = _Broken()
    guarded.run("a = 1\nb = 2")
    assert guarded.session.ledger.live() == []
    assert "without the edit" in (second.diagnostic.resolution or "")
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


EDITED = "scale = 2.\nnames = ['a']\nopt.clipnorm = .5"
MODEL = (
    TWO_MODELS
    + """
opt = keras.optimizers.SGD(.1)
m.compile(opt, "mse")
h = m.fit(X, X[:, :1], verbose=0)
"""
)


@pytest.mark.parametrize(
    ("again", "ends"),
    [
        pytest.param("scale = 2.\nnames = ['a']", True, id="without the line"),
        pytest.param("scale = 2.\nnames = ['a']\n# opt.clipnorm = .5", True, id="the line is a comment"),
        pytest.param("scale = 2.\nnames = ['a']\nprint(scale)", True, id="another line in its place"),
        pytest.param("names = ['a']", False, id="one line of it"),
        pytest.param("scale = 2.\nprint(m.name)", False, id="another cell"),
        pytest.param(EDITED, False, id="the same cell"),
    ],
)
def test_a_cell_without_identity_run_again(guarded: Any, again: str, ends: bool) -> None:
    """In a terminal, a block that is run again without the edit withdraws it; other code does not."""
    guarded.run(MODEL, EDITED)
    (entry,) = guarded.session.ledger.live()
    guarded.run(again)
    assert (guarded.session.ledger.live() == []) is ends
    assert entry.live is not ends
