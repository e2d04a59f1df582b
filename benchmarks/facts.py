"""The measured facts of ``docs/matrix.md``: ``KERAS_BACKEND=jax python benchmarks/facts.py [--check]``.

``--check`` compares what the Keras of this environment does with the page and fails where they differ.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

PAGE = Path(__file__).resolve().parent.parent / "docs" / "matrix.md"
COLUMNS = {"tensorflow": 1, "jax": 2, "torch": 3}

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


def flip_before_the_first_fit() -> bool:
    """Whether a layer frozen between ``compile`` and the first ``fit`` stands still."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.get_layer("a").trainable = False
    return not _moves(model, model.get_layer("a"))


def item_of_layers() -> bool:
    """Whether an assignment to ``model.layers[0]`` changes the model."""
    model = _model(layers.Dense(1))
    model.layers[0] = layers.Dense(5)
    return tuple(model.predict(X, verbose=0).shape) == (32, 5)


def set_layers() -> bool:
    """Whether ``model.layers = [...]`` is accepted."""
    _model(layers.Dense(1)).layers = []
    return True


def _functional() -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(3)(inputs)))


def set_outputs_of_functional() -> bool:
    """Whether ``model.outputs = [...]`` is accepted by a Functional."""
    model = _functional()
    model.outputs = [model.layers[-2].output]
    return True


def set_outputs_of_sequential() -> bool:
    """Whether ``model.outputs = [...]`` is accepted by a Sequential, after a ``pop``."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.pop()
    model.outputs = [model.layers[-1].output]
    return True


def _with_head(model: Any) -> Any:
    model.head = layers.Dense(2, kernel_initializer="ones")
    model.head.build((None, 4))
    return model


def attached_in_layers() -> bool:
    """Whether a layer that is an attribute of a Functional is in ``model.layers``."""
    model = _with_head(_functional())
    return any(layer is model.head for layer in model.layers)


def attached_trained() -> bool:
    """Whether ``fit`` changes such a layer."""
    model = _with_head(_functional())
    model.compile("sgd", "mse")
    return _moves(model, model.head)


def attached_saved() -> bool:
    """Whether ``load_weights`` of a model with the same attribute gives it the weights that were saved."""
    model, other = _with_head(_functional()), _with_head(_functional())
    model.head.kernel.assign(np.full((4, 2), 7.0))
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(f"{folder}/a.weights.h5")
        other.load_weights(f"{folder}/a.weights.h5")
    return bool(np.allclose(other.head.get_weights()[0], 7.0))


def attached_loaded() -> bool:
    """Whether the model that ``load_model`` makes has the attribute."""
    with tempfile.TemporaryDirectory() as folder:
        _with_head(_functional()).save(f"{folder}/a.keras")
        return hasattr(keras.models.load_model(f"{folder}/a.keras"), "head")


def _same_weights(model: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(model.get_weights(), other.get_weights(), strict=True))


def clone_keeps() -> bool:
    """Whether ``clone_model`` keeps weights."""
    model = _functional()
    return _same_weights(model, keras.models.clone_model(model))


def clone_function_keeps() -> bool:
    """Whether it keeps them with a ``clone_function`` that returns the layer."""
    model = _functional()
    return _same_weights(model, keras.models.clone_model(model, clone_function=lambda layer: layer))


def clone_function_inserts() -> bool:
    """Whether a ``clone_function`` that returns a function inserts a layer."""

    def with_dropout(layer: Any) -> Any:
        return lambda x: layers.Dropout(0.5)(layer(x))

    model = keras.models.clone_model(_functional(), clone_function=with_dropout)
    return sum(isinstance(layer, layers.Dropout) for layer in model.layers) == 2


#: Facts whose answer depends on the backend: the row of the page, what measures it, and the words for yes and no.
AFTER_A_RUN: dict[str, Callable[[], bool]] = {
    "freeze a layer after `fit`, `fit` again": freeze_after_fit,
    "unfreeze a layer after `fit`, `fit` again": unfreeze_after_fit,
    "`rate` after a training step": rate_after_fit,
    "`activation` after `predict`": activation_after_predict,
    "`model.loss` after `fit`": loss_attribute_after_fit,
    "`optimizer.learning_rate` after `fit`": learning_rate_after_fit,
    "`optimizer.clipnorm` after `fit`": clipnorm_after_fit,
    "`adapt` after `predict`": adapt_after_predict,
    "`add` after `predict`": add_after_predict,
    "`units` of a built layer": unit_edit_of_built_layer,
}
#: Facts of Keras itself.
OF_KERAS: dict[str, Callable[[], bool]] = {
    "a flip of `trainable` between `compile` and the first `fit` counts": flip_before_the_first_fit,
    "`model.layers[0] = layer` changes the model": item_of_layers,
    "`model.layers = [...]` is accepted": set_layers,
    "`model.outputs = [...]` is accepted by a Functional": set_outputs_of_functional,
    "`model.outputs = [...]` is accepted by a Sequential, after a `pop`": set_outputs_of_sequential,
    "a layer attached to a Functional is in `model.layers`": attached_in_layers,
    "`fit` trains it": attached_trained,
    "`load_weights` of a model with the same attribute restores it": attached_saved,
    "the model that `load_model` makes has the attribute": attached_loaded,
    "`clone_model` keeps weights": clone_keeps,
    "it keeps them with a `clone_function` that returns the layer": clone_function_keeps,
    "a `clone_function` that returns a function inserts a layer": clone_function_inserts,
}


def _answer(fact: Callable[[], bool], yes: str, no: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return yes if fact() else no
    except Exception:
        return "Keras raises"


def measured() -> dict[str, str]:
    """Return the answer of every fact, by its row on the page."""
    found = {row: _answer(fact, "takes effect", "lost") for row, fact in AFTER_A_RUN.items()}
    return found | {row: _answer(fact, "yes", "no") for row, fact in OF_KERAS.items()}


def on_the_page(backend: str, text: str) -> dict[str, str]:
    """Return the answers that the page gives for a backend."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"\s*\|\s*", line.strip().strip("|"))]
        if cells[0] in AFTER_A_RUN:
            found[cells[0]] = cells[COLUMNS[backend]]
        elif cells[0] in OF_KERAS:
            found[cells[0]] = cells[1]
    return found


def main() -> int:
    """Print one row a fact; with ``--check`` return 1 if one is not what the page says."""
    backend = keras.backend.backend()
    print(f"keras {keras.__version__} on {backend}")
    found = measured()
    for row, answer in found.items():
        print(f"| {row} | {answer} |")
    if "--check" not in sys.argv[1:]:
        return 0
    page = on_the_page(backend, PAGE.read_text(encoding="utf-8"))
    wrong = [row for row in {**found, **page} if found.get(row) != page.get(row)]
    for row in wrong:
        print(f"CHANGED: {row}: measured {found.get(row)!r}, docs/matrix.md says {page.get(row)!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
