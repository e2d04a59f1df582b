"""What the helps say for a change while ``fit`` runs takes effect, and nothing is reported."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

HEAD = """
import keras
import numpy as np
from keras import layers, ops
X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 1)).astype("float32")
ON = True
class Change(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if ON and epoch == 1: change(self.model)
def fit():
    keras.utils.set_random_seed(1)
    model = make()
    model.fit(X, Y, epochs=3, verbose=0, shuffle=False, callbacks=[Change()])
    return model
def net(*more):
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), *more, layers.Dense(1, name="b")])
"""
VARIABLE = """
weight = keras.Variable(1.0, trainable=False)
def loss(t, p): return weight * ops.mean(ops.square(t - p))
def make(): weight.assign(1.0); m = net(); m.compile("sgd", loss); return m
def change(model): weight.assign(0.0)
"""
LOSS_WEIGHTS = """
weight = keras.Variable(1.0, trainable=False)
def make(): weight.assign(1.0); m = net(); m.compile("sgd", ["mse"], loss_weights=[weight]); return m
def change(model): weight.assign(0.0)
"""
FREEZE = """
def make(): m = net(); m.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse"); return m
def change(model):
    model.get_layer("a").trainable = False
    model.make_train_function(force=True)
"""
DROPOUT = """
def make(): m = net(layers.Dropout(0.5, name="d")); m.compile("adam", "mse"); return m
def change(model):
    model.get_layer("d").rate = 0.0
    model.make_train_function(force=True)
"""
REGULARIZER = """
def make():
    m = keras.Sequential([keras.Input((4,)), layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))])
    m.compile("adam", "mse"); return m
def change(model):
    model.layers[0].kernel_regularizer.l2 = 5.0
    model.make_train_function(force=True)
"""
CLIPPING = """
def make(): m = net(); m.compile("sgd", "mse"); return m
def change(model):
    model.optimizer.clipnorm = 1e-4
    model.make_train_function(force=True)
"""
UNFREEZE = """
def make():
    m = net(); opt = keras.optimizers.SGD(0.1, momentum=0.9); opt.build(m.trainable_variables)
    m.get_layer("a").trainable = False
    m.compile(opt, "mse"); return m
def change(model):
    model.get_layer("a").trainable = True
    model.make_train_function(force=True)
"""
COMPILE = """
def make(): m = net(); m.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse"); return m
def change(model):
    model.get_layer("a").trainable = False
    model.compile(optimizer=model.optimizer, loss="mse")
    model.make_train_function()
"""
CURES = [
    pytest.param(VARIABLE, id="variable-in-the-loss"),
    pytest.param(LOSS_WEIGHTS, id="variable-as-loss-weight"),
    pytest.param(FREEZE, id="freeze"),
    pytest.param(DROPOUT, id="dropout"),
    pytest.param(REGULARIZER, id="regularizer"),
    pytest.param(CLIPPING, id="clipnorm"),
    pytest.param(UNFREEZE, id="unfreeze-with-a-built-optimizer"),
    pytest.param(COMPILE, id="compile-in-a-callback"),
]


@pytest.mark.parametrize("code", CURES)
def test_the_change_takes_effect_while_it_trains(guarded: Any, code: str) -> None:
    """The weights end elsewhere than without the change, the optimizer goes on, and no card stays open."""
    guarded.run(HEAD, code, "changed = fit()", "ON = False", "plain = fit()")
    names = guarded.shell.user_ns
    changed, plain = names["changed"], names["plain"]
    pairs = zip(changed.get_weights(), plain.get_weights(), strict=True)
    assert any((a != b).any() for a, b in pairs)
    assert int(changed.optimizer.iterations) == int(plain.optimizer.iterations) == 3
    assert {d.state.value for d in guarded.last_states().values()} <= {"resolved"}


def test_a_frozen_layer_stands_still_and_the_moments_go_on(guarded: Any) -> None:
    """After ``make_train_function`` the same optimizer trains what is left, with the moments it had."""
    guarded.run(HEAD, FREEZE, "model = make(); model.fit(X, Y, epochs=2, verbose=0); opt = model.optimizer")
    guarded.run("before = model.get_weights(), np.asarray(opt.momentums[2])\nchange(model)")
    guarded.run("same = (before[1] == np.asarray(opt.momentums[2])).all()")
    guarded.run("history = model.fit(X, Y, verbose=0)")
    names = guarded.shell.user_ns
    model, (weights, _) = names["model"], names["before"]
    assert model.optimizer is names["opt"]
    assert names["same"]
    assert (model.get_weights()[0] == weights[0]).all()
    assert (model.get_weights()[2] != weights[2]).any()
