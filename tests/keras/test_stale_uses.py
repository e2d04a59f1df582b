"""A card says what ran stale when it has ended, and is updated in place."""

from __future__ import annotations

from typing import Any

import pytest

from keras_guard._shell.entry_lines import events_of

pytestmark = pytest.mark.keras

MODEL = """
import keras, numpy as np
from keras import layers
X, Y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
d = layers.Dense(3)
model = keras.Sequential([keras.Input((4,)), d, layers.Dense(1)])
model.compile("sgd", "mse")
"""
EDIT = "d = layers.Dense(7)"


def _happened(shown: list[Any]) -> list[str]:
    return [card.happened for card in shown if card.state.value == "open"]


def test_nothing_is_said_before_it_ran(guarded: Any) -> None:
    """The card that opens before a fit says nothing of it; when the fit has ended, the same card does."""
    guarded.run(MODEL, EDIT)
    shown = guarded.run("h = model.fit(X, Y, verbose=0)")
    assert _happened(shown) == ["", "1 `fit` ran with the old `d`"]
    assert len({card.id for card in shown}) == 1


def test_a_loop_updates_its_card_once(guarded: Any) -> None:
    """The first use of a loop is shown at once, the others when the cell ends."""
    guarded.run(MODEL, EDIT)
    shown = guarded.run("for _ in range(5): l = model.train_on_batch(X, Y)")
    ran = "`train_on_batch` ran with the old `d`"
    assert _happened(shown) == ["", f"1 {ran}", f"5 {ran}"]


def test_a_use_that_raises_at_once_did_not_run(guarded: Any) -> None:
    """A fit that Keras refuses is not counted; the next one, which runs, is."""
    guarded.run(MODEL, EDIT)
    result = guarded.shell.run_cell("h = model.fit(X, Y[:3], verbose=0)", store_history=True)
    assert type(result.error_in_exec).__name__ == "ValueError"
    assert _happened(guarded.shown) == [""]
    guarded.run("h = model.fit(X, Y, verbose=0)")
    assert _happened(guarded.shown)[-1] == "1 `fit` ran with the old `d`"


def test_a_call_before_the_edit_is_withdrawn_is_counted(guarded: Any) -> None:
    """A call that ran stale is in the card, also where the same cell brings the views together behind it."""
    guarded.run(MODEL, "old = d\n" + EDIT, "y = model(X)\nd = old")
    (card,) = [shown for shown in guarded.shown if shown.state.value == "resolved"]
    assert card.happened == "1 `call` ran with the old `d`"


def test_training_of_nothing_is_over_when_it_ended(guarded: Any) -> None:
    """KG205 is resolved by the end of its training, and says what ran."""
    guarded.run(MODEL, "model.trainable = False", "l = model.train_on_batch(X, Y)")
    (card,) = [shown for shown in guarded.shown if shown.state.value == "resolved"]
    assert (card.code, card.happened) == ("KG205", "1 `train_on_batch` ran and trained no weight")
    assert guarded.session.ledger.live() == []


RATE = "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, 'relu'), layers.Dense(1)])"


def _predicted(guarded: Any) -> list[Any]:
    """Edit an activation of a model that predicted, and call the model."""
    guarded.run(
        MODEL + RATE, "p = model.predict(X, verbose=0)", "model.layers[0].activation = keras.ops.tanh"
    )
    return list(guarded.run("y = model(X)"))


def test_a_use_that_sees_the_edit_resolves_its_card(guarded: Any) -> None:
    """The pending card is resolved in place by a call, and opens under the same id when the trace runs."""
    _predicted(guarded)
    shown = guarded.run("p = model.predict(X, verbose=0)")
    states = [card.state.value for card in guarded.shown if card.code == "KG201"]
    assert states[:3] == ["pending", "resolved", "open"]
    assert len({card.id for card in guarded.shown}) == 1
    assert _happened(shown)[-1].startswith("1 `predict` ran with activation")
    (entry,) = guarded.extension.session.ledger.shown()
    told = [row[4] for row in events_of([entry]) if row[2] == "resolved"]
    assert told == ["a use showed that the edit was made for it"]


def test_a_seen_edit_is_named_when_it_is_asked_for(guarded: Any) -> None:
    """What is resolved by a use that saw the edit is pending again when the user asks for the model."""
    (resolved,) = _predicted(guarded)
    assert resolved.state.value == "resolved"
    assert [card.state.value for card in guarded.run("%keras_guard check model")] == ["pending"]


def test_a_seen_edit_that_is_taken_back_shows_nothing(guarded: Any) -> None:
    """The card of an edit that was seen stays as it is when the views agree again, and does not open."""
    _predicted(guarded)
    assert guarded.run("model.compile()", "p = model.predict(X, verbose=0)") == []


def test_the_same_statement_run_again_waits_again(guarded: Any) -> None:
    """A function that edits is called once more after its edit was seen: the same card is pending again."""
    guarded.run(MODEL + RATE, "p = model.predict(X, verbose=0)")
    guarded.run("def edit(f): model.layers[0].activation = f", "edit(keras.ops.tanh)", "y = model(X)")
    guarded.run("edit(keras.ops.sin)")
    assert [card.state.value for card in guarded.shown] == ["pending", "resolved", "pending"]
    assert len({card.id for card in guarded.shown}) == 1
