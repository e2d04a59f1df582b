"""Cards of settings resolve when their model goes on without what was set, and the views say what the code says."""

from __future__ import annotations

from typing import Any

import pytest

from keras_guard import KerasGuardWarning, check

from .test_idioms import PRELUDE

pytestmark = pytest.mark.keras

MODEL = (
    'm = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)]); m.compile("sgd", {loss})\n'
)
KEPT = """
class Net(keras.Model):
    def __init__(self):
        super().__init__(); self.first = layers.Dense(3); self.parts = [self.first, layers.Dense(1)]
    def call(self, x):
        for part in self.parts: x = part(x)
        return x
m = Net()
"""
GIVEN = """
class Net(keras.Model):
    def __init__(self, parts):
        super().__init__(); self.parts = parts
    def call(self, x):
        for part in self.parts: x = part(x)
        return x
parts = [layers.Dense(3), layers.Dense(1)]
m = Net(parts)
"""
SHARED = """
i = keras.Input((4,)); z = layers.Dense(2)(i)
encoder = keras.Model(i, z); m = keras.Model(i, layers.Dense(4)(z)); m.compile("sgd", "mse"); h = m.fit(X, X, verbose=0)
"""
FROZEN = MODEL.format(loss='"mse"') + "m.layers[0].trainable = False; m.trainable = True"
TRAINED = 'm.compile("sgd", "mse"); h = m.fit(X, Y, verbose=0)'
FITTED = MODEL.format(loss='"mse"') + "h = m.fit(X, Y, verbose=0)"


@pytest.mark.parametrize(
    ("cells", "cure"),
    [
        pytest.param(
            ["loss = keras.losses.Huber(delta=2.0)\n" + MODEL.format(loss="loss"), "loss.delta = 5.0", "e = m.evaluate(X, Y, verbose=0)"],
            'm.compile("sgd", "mae")',
            id="argument-of-a-loss",
        ),
        pytest.param([FITTED, "m.optimizer.lr = 0.5"], 'm.compile("adam", "mse")', id="former-name"),
        pytest.param([FITTED, "m.optimizer.lr = 0.5"], "del m.optimizer.lr", id="former-name-deleted"),
        pytest.param([FITTED, "m.optimizer.momentum = 0.5"], 'm.compile("sgd", "mse")', id="setting"),
        pytest.param([KEPT, "m.first = layers.Dense(5)"], "m.first = m.parts[0]", id="kept-in-list"),
        pytest.param([GIVEN, "parts.append(layers.Dense(2))", "y = m(X)"], "m = Net(parts)", id="added-to-given-list"),
        pytest.param([GIVEN, "part = parts.pop()", "y = m(X)"], "m = Net(parts)", id="taken-from-given-list"),
        pytest.param(
            [FITTED + "\nm.head = m.layers[-1]", "m.head = layers.Dense(2)", "p = m.predict(X, verbose=0)"], "m.head = m.layers[-1]", id="attribute"
        ),
        pytest.param([FITTED, "m._layers.append(layers.Dense(2))"], "d = m._layers.pop()", id="record"),
        pytest.param(
            [SHARED, "encoder.trainable = False", "h = m.fit(X, X, verbose=0)"], 'm.compile("sgd", "mse")', id="flags-of-a-part"
        ),
        pytest.param([FROZEN, TRAINED], f"m.trainable = False; m.trainable = True; {TRAINED}", id="flag-passed-on"),
        pytest.param(
            [FROZEN, TRAINED], f"for layer in m.layers: layer.trainable = True\n{TRAINED}", id="flag-of-each-layer"
        ),
        pytest.param([FROZEN, TRAINED], f"m.layers[0].trainable = False; {TRAINED}", id="flag-frozen-on-purpose"),
    ],
)  # fmt: skip
def test_a_card_resolves(guarded: Any, cells: list[str], cure: str) -> None:
    """The card is there until the model is compiled without what was set, or the edit is taken back."""
    guarded.run(PRELUDE, *cells)
    assert [card.state.value for card in guarded.last_states().values()] in (["open"], ["pending"])
    guarded.run(cure)
    assert [card.state.value for card in guarded.last_states().values()] == ["resolved"]


def test_a_record_in_another_order_stays_open(guarded: Any) -> None:
    """What was taken out of a record and put back elsewhere is not what the model runs."""
    guarded.run(PRELUDE, FITTED, "first = m._layers.pop(1)")
    guarded.run("m._layers.append(first)")
    states = [card.state.value for card in guarded.last_states().values() if card.code == "KG103"]
    assert states[0] == "open"


@pytest.mark.parametrize(
    ("edit", "declared"),
    [
        pytest.param("m.optimizer = keras.optimizers.Adam()", "optimizer=Adam", id="another"),
        pytest.param("m.optimizer.momentum = 0.5", "optimizer=SGD(momentum=0.5)", id="setting"),
    ],
)
def test_diff_says_what_the_code_says(guarded: Any, capsys: Any, edit: str, declared: str) -> None:
    """The declared optimizer is the one of the code, not the one that the trace holds."""
    guarded.run(PRELUDE, FITTED, edit)
    capsys.readouterr()
    guarded.run("%keras_guard diff m")
    assert declared in capsys.readouterr().out


def test_check_finds_what_was_not_watched_beside_a_card(guarded: Any) -> None:
    """A layer that has a card does not hide one that was edited while the guard was off."""
    guarded.run(PRELUDE, FITTED, "m.layers[0].units = 7", "%keras_guard off", "m.layers[1].units = 9")
    guarded.run("%keras_guard on")
    with pytest.warns(KerasGuardWarning):
        found = check(guarded.shell.user_ns["m"], namespace=guarded.shell.user_ns)
    assert sum(finding.code == "KG201" for finding in found) == 2


def test_a_policy_is_of_the_model_that_is_used(guarded: Any) -> None:
    """Of two models that were built before the policy was set, the card names the one that is used."""
    guarded.run(PRELUDE, FITTED, "other = keras.Sequential([keras.Input((4,)), layers.Dense(1)])")
    guarded.run('keras.config.set_dtype_policy("mixed_float16")')
    guarded.run('other.compile("sgd", "mse")\nkeras.config.set_dtype_policy("float32")')
    (card,) = guarded.last_states().values()
    assert card.model == "other"
