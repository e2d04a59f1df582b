"""With the guard loaded, programs do exactly what they do without it."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, example, given, settings

from .programs import PROGRAMS
from .runner import Process

pytestmark = pytest.mark.keras

_SETTINGS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    print_blob=True,
)


def _check(both: tuple[Process, Process], program: list[str]) -> None:
    for process in both:
        process.send("program", program)
    plain, guarded = (process.receive() for process in both)
    assert guarded.pop("faults") == []
    plain.pop("faults")
    for index, (mine, theirs) in enumerate(zip(guarded["cells"], plain["cells"], strict=True)):
        assert mine == theirs, f"cell {index}:\n{program[index]}"
    assert guarded["left"] == plain["left"]


@given(PROGRAMS)
@settings(_SETTINGS, max_examples=60)
@example(["model.layers[0] = layers.Dense(2)\nmodel.layers[0].units"])
@example(["model.layers.pop()"])
@example(["numbers.append(numbers)", "numbers.append(1)"])
@example(["def work():\n    thing.layers[0] = give(1)\n    numbers[9] = give(1)\nwork()"])
def test_same_behaviour(both: tuple[Process, Process], program: list[str]) -> None:
    """Results, outputs, errors, traceback lines and columns, and names left are the same."""
    _check(both, program)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@given(PROGRAMS)
@settings(_SETTINGS, max_examples=int(os.environ.get("KERAS_GUARD_PROGRAMS", "10000")))
def test_same_behaviour_of_many(both: tuple[Process, Process], program: list[str]) -> None:
    """The same for ten thousand programs, or as many as ``KERAS_GUARD_PROGRAMS`` says."""
    _check(both, program)
