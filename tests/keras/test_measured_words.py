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


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize(
    ("before", "after", "batches", "rows"),
    [
        pytest.param(1, 4, 2, 16, id="one to four"),
        pytest.param(2, 4, 4, 64, id="two to four"),
        pytest.param(4, 2, 8, 64, id="four to two"),
    ],
)
def test_steps_per_execution(before: int, after: int, batches: int, rows: int) -> None:
    """Traced, `fit` and `evaluate` run so many of every so many batches once there are more steps; `predict` from one on."""
    x, y = _data()
    model = _fitted(before)
    model.fit(x, y, batch_size=8, verbose=0)
    model.evaluate(x, y, batch_size=8, verbose=0)
    model.predict(x, batch_size=8, verbose=0)
    trained = int(model.optimizer.iterations)
    model.steps_per_execution = after
    model.fit(x, y, batch_size=8, verbose=0)
    assert int(model.optimizer.iterations) - trained == batches
    model.evaluate(x, y, batch_size=8, verbose=0)
    assert int(model.metrics[0].count) == batches * 8
    assert len(model.predict(x, batch_size=8, verbose=0)) == rows
