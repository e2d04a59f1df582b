"""A rebuilt model trains on where the old one was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers

import keras_guard
from keras_guard import InsertAfter, Replace, copy_optimizer_state, rebuild

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(3)
X = RNG.uniform(size=(16, 6)).astype("float32")
Y = RNG.uniform(size=(16, 4)).astype("float32")
STYLES = ["replay", "copy"]


def _multi(**options: Any) -> Any:
    return optimizers.MultiOptimizer(lambda variable: optimizers.Adam(0.01), **options)


def _all_optimizers() -> dict[str, Callable[[], Any]]:
    """Return how to make each optimizer of this Keras, and the ones with more state than usual."""
    found: dict[str, Callable[[], Any]] = {}
    for name in dir(optimizers):
        cls = getattr(optimizers, name)
        if (
            isinstance(cls, type)
            and issubclass(cls, optimizers.Optimizer)
            and cls is not optimizers.Optimizer
        ):
            found[name] = cls
    found.pop("Optimizer", None)
    found.pop("MultiOptimizer", None)  # takes a function of the user's, and has no config
    found["LossScaleOptimizer"] = lambda: optimizers.LossScaleOptimizer(
        optimizers.Adam(0.01), initial_scale=64.0
    )
    found["SGD-momentum"] = lambda: optimizers.SGD(0.05, momentum=0.9)
    found["SGD-nesterov"] = lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    found["RMSprop-centered"] = lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True)
    found["Adam-amsgrad"] = lambda: optimizers.Adam(0.01, amsgrad=True)
    found["Adam-ema"] = lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=5)
    found["Adam-accumulating"] = lambda: optimizers.Adam(0.01, gradient_accumulation_steps=3)
    found["Adam-schedule"] = lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.05, 3, 0.7))
    return found


OPTIMIZERS = _all_optimizers()
#: One of each kind of state: none, slots, a scale, averages, gathered gradients, a schedule. The sweeps take all.
KINDS_OF_STATE = {
    "SGD", "SGD-momentum", "Adam", "Adam-ema", "Adam-accumulating", "Adam-schedule", "Ftrl", "LossScaleOptimizer",
}  # fmt: skip


def _model(optimizer: Any) -> Any:
    """Build the same model each time, of layers with state of their own, and train it a little."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, kernel_initializer=keras.initializers.GlorotUniform(seed=1), name="a"),
            layers.BatchNormalization(name="norm"),
            layers.Dense(5, kernel_initializer=keras.initializers.GlorotUniform(seed=2), name="b"),
            layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=3), name="c"),
        ]
    )
    model.compile(optimizer, "mse")
    _losses(model, 7)
    return model


def _losses(model: Any, steps: int) -> list[float]:
    return [float(model.train_on_batch(X, Y)) for _ in range(steps)]


def _rebuilt(model: Any, edits: Any = (), style: str = "replay", **options: Any) -> Any:
    names = {"model": model, "keras": keras, "layers": layers, "keras_guard": keras_guard}
    found = rebuild(model, edits, namespace=names, style=style, **options)
    return found.run(dict(names))


#: Each kind of state in one style, and one optimizer in every style; the others are for the sweeps.
_PAIRS = [
    pytest.param(
        name,
        style,
        id=f"{name}-{style}",
        marks=() if number == 0 or (style == STYLES[0] and name in KINDS_OF_STATE) else pytest.mark.slow,
    )
    for number, name in enumerate(OPTIMIZERS)
    for style in STYLES
]


@pytest.mark.parametrize(("name", "style"), _PAIRS)
def test_an_equal_model_trains_on_as_if_it_had_never_been_rebuilt(name: str, style: str) -> None:
    """Twenty more steps give the same losses, for every optimizer of Keras."""
    wanted = _losses(_model(OPTIMIZERS[name]()), 20)
    found = _losses(_rebuilt(_model(OPTIMIZERS[name]()), style=style), 20)
    np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=0)


def _functional(optimizer: Any, inner: bool = True) -> Any:
    """Build a model that calls a nested one, with layers of the same name in both."""
    nested = keras.Sequential(
        [keras.Input((5,)), layers.Dense(5, name="a"), layers.Dense(5, name="b")], name="nested"
    )
    entry = keras.Input((6,))
    value = layers.Dense(5, name="a")(entry)
    value = nested(value) if inner else value
    model = keras.Model(entry, layers.Dense(4, name="c")(value))
    model.compile(optimizer, "mse")
    _losses(model, 7)
    return model


def _slots(model: Any, variable: Any) -> list[Any]:
    number = next(n for n, v in enumerate(model.trainable_variables) if v is variable)
    optimizer = model.optimizer
    return [np.asarray(optimizer._momentums[number]), np.asarray(optimizer._velocities[number])]


@pytest.mark.parametrize("style", STYLES)
def test_the_state_follows_its_weight_and_no_other(style: str) -> None:
    """A wider head starts fresh; the moments of every kept weight are those it had."""
    model = _functional("adam")
    made = _rebuilt(model, [Replace("c", layers.Dense(4, name="c"))], style)
    for way in (["a"], ["nested", "a"], ["nested", "b"]):
        old, new = model, made
        for name in way:
            old, new = old.get_layer(name), new.get_layer(name)
        for a, b in zip(new.trainable_variables, old.trainable_variables, strict=True):
            for found, wanted in zip(_slots(made, a), _slots(model, b), strict=True):
                np.testing.assert_array_equal(found, wanted)
    head = made.get_layer("c")
    assert not any(slot.any() for variable in head.trainable_variables for slot in _slots(made, variable))
    assert int(made.optimizer.iterations) == 7


@pytest.mark.parametrize("style", STYLES)
def test_an_inserted_layer_leaves_the_state_of_the_others(style: str) -> None:
    """New weights in the middle move the others to other places in the optimizer's lists."""
    model = _model("adam")
    made = _rebuilt(model, [InsertAfter("norm", layers.Dense(5, name="new"))], style)
    for name in ("a", "b", "c"):
        for a, b in zip(
            made.get_layer(name).trainable_variables, model.get_layer(name).trainable_variables, strict=True
        ):
            np.testing.assert_array_equal(_slots(made, a)[0], _slots(model, b)[0])


def test_the_optimizer_starts_fresh_on_request() -> None:
    """``fresh_optimizer=True`` leaves the state where it is."""
    made = _rebuilt(_model("adam"), fresh_optimizer=True)
    assert int(made.optimizer.iterations) == 0


def test_a_model_that_was_not_trained_needs_no_such_lines() -> None:
    """Without state there is nothing to copy."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4)])
    model.compile("adam", "mse")
    assert "optimizer." not in rebuild(model, namespace={"model": model, "keras": keras}).source


def test_the_lines_are_plain_where_names_suffice() -> None:
    """A replaced head needs no function of keras_guard; a recreated layer of the same name does."""
    model = _model("adam")
    names = {"model": model, "keras": keras, "layers": layers}
    plain = rebuild(model, [Replace("c", layers.Dense(4, name="head"))], namespace=names).source
    assert "keras_guard" not in plain
    assert "variable.assign(state[variable.name])" in plain
    recreated = rebuild(model, [Replace("b", layers.Dense(9, name="wide"))], namespace=names).source
    assert 'keras_guard.copy_optimizer_state(model, rebuilt, fresh=["c"])' in recreated


def test_a_frozen_layer_keeps_its_place() -> None:
    """Weights that are not trained have no state, and the others have theirs."""
    model = _functional("adam", inner=False)
    model.get_layer("a").trainable = False
    model.compile(model.optimizer.__class__(0.01), "mse")
    _losses(model, 3)
    made = _rebuilt(model)
    (kernel, _), (old, _) = made.trainable_variables, model.trainable_variables
    np.testing.assert_array_equal(_slots(made, kernel)[0], _slots(model, old)[0])


def test_models_built_by_hand_can_train_on_too() -> None:
    """``copy_optimizer_state`` is for everybody: here a clone with the same weights."""
    wanted = _losses(_model("adam"), 5)
    model = _model("adam")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    clone.compile("adam", "mse")
    copy_optimizer_state(model, clone)
    np.testing.assert_allclose(_losses(clone, 5), wanted, atol=1e-6)


# Attributes


@pytest.mark.parametrize("style", STYLES)
def test_attributes_of_the_user_are_kept_or_named(style: str) -> None:
    """Plain ones and the history are copied; what belongs to the old model is named in a note."""
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, name="c")])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.class_names = ["cat", "dog"]
    model.stop_training = True
    model.other = keras.Variable(1.0)
    names = {"model": model, "keras": keras, "layers": layers}
    found = rebuild(model, namespace=names, style=style)
    made = found.run(dict(names))
    assert made.class_names == ["cat", "dog"]
    assert made.stop_training is True
    assert made.history is model.history
    assert any("'other'" in note for note in found.notes)


def test_a_file_that_stands_alone_says_that_it_starts_over() -> None:
    """The source of a trained model has one line about it; that of a model that was not trained has none."""
    model = _model(optimizers.Adam(0.01))
    said = "# Stands alone: weights and optimizer start from their initial state."
    untrained = keras.models.clone_model(model)
    untrained.compile(optimizers.Adam(0.01), "mse")
    assert said not in rebuild(untrained, namespace={"model": untrained}, style="source").source
    found = rebuild(model, namespace={"model": model}, style="source")
    assert found.source.count(said) == 1
    assert not int(found.run({}).optimizer.iterations)
