"""Two cards of one cell: each has a display of its own, and each is updated there, whichever is resolved first."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

BUILD = """
import keras, numpy as np
from keras import layers
first = layers.Dense(3)
second = layers.Dense(2)
inputs = keras.Input((4,))
model = keras.Model(inputs, second(first(inputs)))
other = keras.Model(inputs, layers.Dense(1)(inputs))
"""


def _shown(kernel: Kernel, *codes: str) -> dict[str, str]:
    """Run cells and return what a front end shows in each display at the end, as it applies the messages."""
    displays: dict[str, str] = {}
    for run in kernel.cells(*codes):
        for card in run.cards:
            assert card.display_id is not None
            assert card.update == (card.display_id in displays), (
                "an update of what was never shown, or a second display"
            )
            displays[card.display_id] = f"{card.payload['id']} {card.state} {card.text.splitlines()[0]}"
    return displays


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")], ids=["first-first", "second-first"])
def test_two_pending_cards_of_one_cell(kernel: Kernel, order: tuple[str, str]) -> None:
    """Each card has its own id; resolving one leaves the other as it was, and both end resolved in their own place."""
    cures = {"a": "first = model.layers[1]", "b": "second = model.layers[2]"}
    edits = "first = layers.Dense(30)\nsecond = layers.Dense(20)"
    (edited, *later) = kernel.cells(BUILD, edits, cures[order[0]], cures[order[1]])[1:]
    cards = {card.payload["span"]["line"]: card for card in edited.cards}
    assert {card.state for card in cards.values()} == {"pending"}
    a, b = cards[1].display_id, cards[2].display_id
    assert None not in (a, b)
    assert a != b
    ids = {"a": a, "b": b}
    for run, which in zip(later, order, strict=True):
        assert [(card.display_id, card.state, card.update) for card in run.cards] == [
            (ids[which], "resolved", True)
        ]


def test_two_open_cards_of_one_cell_resolved_by_one_statement(kernel: Kernel) -> None:
    """A rebuild that cures both updates both displays, each with its own text."""
    shown = _shown(
        kernel,
        BUILD,
        "model.layers[1] = layers.Dense(30)\nother.layers[1] = layers.Dense(10)",
        "model = keras.Model(inputs, layers.Dense(2)(layers.Dense(30)(inputs)))\n"
        "other = keras.Model(inputs, layers.Dense(10)(inputs))",
    )
    assert len(shown) == 2
    for display_id, text in shown.items():
        card_id, state, _ = text.split(" ", 2)
        assert card_id == display_id
        assert state == "resolved"
    assert len({text.split("`")[3] for text in shown.values()}) == 2, "each names its own model"


def test_the_text_alone_says_it(kernel: Kernel) -> None:
    """A program that reads only ``text/plain`` gets state, code, model and place, without colours, in each message."""
    edited = kernel.cells(BUILD, "first = layers.Dense(30)\nmodel.layers[2] = layers.Dense(5)")[1]
    for card in edited.cards:
        first = card.text.splitlines()[0]
        word = {"open": "warning"}.get(card.state, card.state)
        assert first.startswith(f"keras_guard {word} [{card.code}]: ")
        assert "`model`" in first or "`model.layers`" in first
        assert "\x1b" not in card.text
        assert len(card.text.splitlines()) <= 15
