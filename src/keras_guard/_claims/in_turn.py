"""What a loop that runs does with two models in each turn."""

from __future__ import annotations

from .._adapter.traces import TRAINING
from .._data.types import Model
from .base import Desk

#: Methods that give a model the weights of another one.
_GIVES_WEIGHTS = frozenset({"set_weights", "load_weights"})


def is_trained_in_turn(model: Model, desk: Desk) -> bool:
    """Whether a loop that runs trains a model in each turn, beside what it trains now."""
    return desk.code_in_turn().calls_each(desk.names_of(model), TRAINING)


def serves_in_turn(part: Model, model: Model, desk: Desk) -> bool:
    """Whether a loop that runs trains one model in each turn, and reads the other one without training it."""
    turn, names = desk.code_in_turn(), desk.names_of(part)
    return (
        turn.calls_each(desk.names_of(model), TRAINING)
        and not turn.read.isdisjoint(names)
        and not turn.calls(names, TRAINING | _GIVES_WEIGHTS)
    )
