"""What the guard asks of a user's layers gives no warning of Keras' own."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

MODEL = """
import warnings
import keras, numpy as np
from keras import layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
model.compile("sgd", "mse")
p = model.predict(np.ones((2, 4)), verbose=0)
given = []
warnings.showwarning = lambda message, *args, **kwargs: given.append(str(message))
warnings.simplefilter("always")
"""


def test_a_card_about_a_lambda(guarded: Any) -> None:
    """Keras warns when a config with a lambda is made; the user did not ask for the config that a card is made of."""
    guarded.run(
        MODEL, "model.layers[0].activation = lambda x: 3 * x", "p = model.predict(np.ones((2, 4)), verbose=0)"
    )
    assert {card.code for card in guarded.shown} == {"KG201"}
    assert guarded.shell.user_ns["given"] == []
    guarded.run("c = model.layers[0].get_config()")
    assert len(guarded.shell.user_ns["given"]) == 1
