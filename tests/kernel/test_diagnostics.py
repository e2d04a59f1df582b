"""``keras_guard.diagnostics``: a program that drives a kernel asks for the live cards."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.card_schema import CARD_SCHEMA
from tests.support.kernel import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

BUILD = """
import keras, numpy as np
from keras import layers
head = layers.Dense(2)
model = keras.Sequential([keras.Input((4,)), layers.Dense(3), head])
"""


def _live(kernel: Kernel) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kernel.value("__import__('keras_guard').diagnostics()")
    return found


def test_a_program_asks_for_the_live_cards(kernel: Kernel) -> None:
    """What a silent request returns is what the front end received: pending, then open with its uses, then gone."""
    kernel.ok(BUILD)
    assert _live(kernel) == []
    (shown,) = kernel.ok("head = layers.Dense(5)").cards
    assert _live(kernel) == [shown.payload]
    kernel.ok("model(np.ones((1, 4)))\nmodel(np.ones((1, 4)));")
    (card,) = _live(kernel)
    assert (card["id"], card["state"]) == (shown.payload["id"], "open")
    assert card["happened"] == "2 `call` ran with the old `head`"
    CARD_SCHEMA.validate(card)
    kernel.ok(BUILD)
    assert _live(kernel) == []


def test_asking_shows_nothing(kernel: Kernel) -> None:
    """The question sends no message of its own, and the later cell sees the edits as ever."""
    kernel.ok(
        BUILD,
    )
    run = kernel.run("pass", silent=True, user_expressions={"v": "__import__('keras_guard').diagnostics()"})
    assert run.cards == []
    assert kernel.ok("model.layers.pop();").briefs == [("KG101", "open", 1)]


def test_without_the_guard_there_is_nothing(start_kernel: Any) -> None:
    """In a kernel where the guard is not loaded the answer is an empty list, and nothing is imported for it."""
    kernel = start_kernel("")
    assert kernel.value("__import__('keras_guard').diagnostics()") == []
    assert kernel.value("'keras' in __import__('sys').modules") is False
