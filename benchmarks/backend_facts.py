"""What an edit does once a model has run, on this backend: ``KERAS_BACKEND=jax python benchmarks/backend_facts.py``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

X = np.random.default_rng(0).uniform(0.5, 1.0, (32, 4)).astype("float32")
Y = np.zeros((32, 1), "float32")


def _model(*stack: Any) -> Any:
    model = keras.Sequential([keras.Input((4,)), *stack])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def _moves(model: Any, layer: Any) -> bool:
    before = [weight.copy() for weight in layer.get_weights()]
    model.fit(X, Y, verbose=0)
    return any(np.any(a != b) for a, b in zip(before, layer.get_weights(), strict=True))


def freeze_after_fit() -> bool:
    """Whether a layer frozen after ``fit`` stands still in the next one."""
    model = _model(layers.Dense(3, name="a"), layers.Dense(1))
    model.fit(X, Y, verbose=0)
    model.get_layer("a").trainable = False
    return not _moves(model, model.get_layer("a"))


def unfreeze_after_fit() -> bool:
    """Whether a layer unfrozen after ``fit`` moves in the next one."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a", trainable=False), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.get_layer("a").trainable = True
    return _moves(model, model.get_layer("a"))


def rate_after_fit() -> bool:
    """Whether another dropout rate counts in the next training step."""
    model = keras.Sequential([keras.Input((400,)), layers.Dropout(0.5, seed=1)])
    ones = np.ones((2, 400), "float32")
    model.compile("sgd", "mse")
    model.train_on_batch(ones, ones)
    model.layers[0].rate = 0.0
    return float(np.ravel(model.train_on_batch(ones, ones))[0]) < 0.1


def activation_after_predict() -> bool:
    """Whether another activation counts in the next ``predict``."""
    model = _model(layers.Dense(1, kernel_initializer="ones"))
    model.predict(X, verbose=0)
    model.layers[0].activation = lambda x: x * 0 - 7.0
    return bool(np.allclose(model.predict(X, verbose=0), -7.0))


def loss_attribute_after_fit() -> bool:
    """Whether another ``model.loss`` counts in the next ``evaluate``."""
    model = _model(layers.Dense(1))
    model.fit(X, Y, verbose=0)
    before = model.evaluate(X, Y + 9.0, verbose=0)
    model.loss = "mae"
    return not np.isclose(before, model.evaluate(X, Y + 9.0, verbose=0), rtol=1e-3)


def learning_rate_after_fit() -> bool:
    """Whether another ``optimizer.learning_rate`` counts in the next ``fit``."""
    model = _model(layers.Dense(1))
    model.fit(X, Y, verbose=0)
    model.optimizer.learning_rate = 0.0
    return not _moves(model, model.layers[0])


def clipnorm_after_fit() -> bool:
    """Whether another ``optimizer.clipnorm`` counts in the next ``fit``."""
    model = _model(layers.Dense(1))
    model.fit(X, Y, verbose=0)
    model.optimizer.clipnorm = 1e-12
    before = model.layers[0].get_weights()[0].copy()
    model.fit(X, Y + 5.0, verbose=0)
    return bool(np.allclose(before, model.layers[0].get_weights()[0], atol=1e-6))


def adapt_after_predict() -> bool:
    """Whether a new ``adapt`` counts in the next ``predict``."""
    norm = layers.Normalization()
    norm.adapt(X)
    model = _model(norm)
    before = model.predict(X, verbose=0)
    norm.adapt(X * 50)
    return not np.allclose(before, model.predict(X, verbose=0), atol=1e-3)


def add_after_predict() -> bool:
    """Whether a layer added after ``predict`` runs in the next one."""
    model = _model(layers.Dense(1))
    model.predict(X, verbose=0)
    model.add(layers.Rescaling(0.0))
    return bool(np.allclose(model.predict(X, verbose=0), 0.0))


def unit_edit_of_built_layer() -> bool:
    """Whether another ``units`` of a built layer counts."""
    model = _model(layers.Dense(1))
    model.layers[0].units = 5
    return tuple(model.predict(X, verbose=0).shape) == (32, 5)


FACTS: list[Callable[[], bool]] = [
    freeze_after_fit, unfreeze_after_fit, rate_after_fit, activation_after_predict, loss_attribute_after_fit,
    learning_rate_after_fit, clipnorm_after_fit, adapt_after_predict, add_after_predict, unit_edit_of_built_layer,
]  # fmt: skip


def main() -> None:
    """Print one row a fact."""
    print(f"keras {keras.__version__} on {keras.backend.backend()}")
    for fact in FACTS:
        try:
            answer = "takes effect" if fact() else "lost"
        except Exception as error:
            answer = f"raises {type(error).__name__}"
        print(f"| {fact.__name__} | {answer} |")


if __name__ == "__main__":
    main()
