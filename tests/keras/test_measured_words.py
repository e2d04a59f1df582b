"""What cards say of Keras, measured on living models: the sentence and the measurement are in one test."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras


def _fitted(steps: int) -> Any:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=steps)
    return model


def _data() -> tuple[Any, Any]:
    import numpy as np

    return np.ones((64, 4), "float32"), np.ones((64, 1), "float32")


@pytest.mark.parametrize(("before", "after", "part"), [(1, 4, 4), (2, 4, 2), (4, 2, 1)])
def test_steps_per_execution(before: int, after: int, part: int) -> None:
    """A traced `fit` runs so many of every so many batches once `steps_per_execution` is raised, and `predict` too."""
    x, y = _data()
    model = _fitted(before)
    model.fit(x, y, batch_size=8, verbose=0)
    model.predict(x, batch_size=8, verbose=0)
    trained = int(model.optimizer.iterations)
    model.steps_per_execution = after
    model.fit(x, y, batch_size=8, verbose=0)
    assert int(model.optimizer.iterations) - trained == 8 // part
    assert len(model.predict(x, batch_size=8, verbose=0)) == 64 // part
