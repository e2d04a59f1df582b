"""Whether ``compile`` fixes ``trainable`` is measured on the running Keras, and KG202 and KG205 follow it."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from keras_guard._adapter import compiled_flags

from .conftest import GuardedShell

pytestmark = pytest.mark.keras

PRELUDE = """
import keras, numpy as np
from keras import layers
X, Y = np.ones((8, 4), "float32"), np.zeros((8, 1), "float32")
def make():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="body"), layers.Dense(1, name="head")])
def moved(model, step):
    before = [w.copy() for w in model.get_weights()]
    step()
    return any((a != b).any() for a, b in zip(before, model.get_weights()))
"""


class _FixesFlags:
    """A Keras in which a model trains by the flags of its last ``compile``, as upstream changes proposed."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        import keras

        trainer = next(cls for cls in keras.Model.__mro__ if "train_step" in vars(cls))
        compile_before, step_before = keras.Model.compile, trainer.train_step

        def compile(model: Any, *args: Any, **kwargs: Any) -> Any:
            done = compile_before(model, *args, **kwargs)
            vars(model)["_variables_at_compile"] = tuple(model.trainable_variables)
            return done

        def train_step(model: Any, data: Any) -> Any:
            fixed = vars(model)["_variables_at_compile"]
            with pytest.MonkeyPatch.context() as inside:
                inside.setattr(
                    keras.Model, "trainable_weights", property(lambda _: list(fixed)), raising=False
                )
                return step_before(model, data)

        patch.setattr(keras.Model, "compile", compile)
        patch.setattr(trainer, "train_step", train_step)


@pytest.fixture
def measured() -> Iterator[None]:
    """Measure at the next question, before and after the test."""
    compiled_flags.forget_measurement()
    yield
    compiled_flags.forget_measurement()


@pytest.fixture
def fixing(measured: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> GuardedShell:
    """Return a guarded shell over a Keras whose ``compile`` fixes the flags."""
    _FixesFlags(monkeypatch)
    guarded: GuardedShell = request.getfixturevalue("guarded")
    guarded.run(PRELUDE)
    return guarded


def _needs_tensorflow() -> None:
    import keras

    if keras.backend.backend() != "tensorflow":
        pytest.skip("the patch is written for the train step of TensorFlow")


def test_the_running_keras_is_measured(guarded: GuardedShell, measured: None) -> None:
    """The answer of the measurement is what a model of one's own does; the released versions do not fix the flags."""
    guarded.run(
        PRELUDE,
        'm = make(); m.compile("sgd", "mse"); m.trainable = False\nr = moved(m, lambda: m.train_on_batch(X, Y))',
    )
    assert compiled_flags.compile_fixes_flags() is guarded.shell.user_ns["r"]


def test_it_is_measured_once_and_leaves_nothing(
    guarded: GuardedShell, measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random states, names of layers and optimizers are as before, no card is shown, and the second question is free."""
    import keras

    guarded.run(PRELUDE)
    keras.utils.set_random_seed(3)
    wanted = (random.random(), np.random.rand(), float(keras.random.uniform(())), keras.layers.Dense(1).name)
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    compiled_flags.compile_fixes_flags()
    found = (random.random(), np.random.rand(), float(keras.random.uniform(())), keras.layers.Dense(1).name)
    assert found == wanted
    assert not guarded.shown
    monkeypatch.setattr(compiled_flags, "_measure", lambda: pytest.fail("measured twice"))
    compiled_flags.compile_fixes_flags()


def test_no_flip_of_a_compiled_model_no_measurement(
    guarded: GuardedShell, measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freezing before ``compile``, the usual transfer learning, measures nothing."""
    monkeypatch.setattr(compiled_flags, "_measure", lambda: pytest.fail("measured"))
    guarded.run(
        PRELUDE, 'm = make(); m.layers[0].trainable = False; m.compile("sgd", "mse"); m.fit(X, Y, verbose=0)'
    )
    assert not guarded.shown


def test_a_keras_that_cannot_be_measured_counts_as_not_fixing(
    measured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the measurement is an answer, and is not repeated."""
    calls: list[None] = []

    def fail() -> bool:
        calls.append(None)
        raise RuntimeError("no such Keras")

    monkeypatch.setattr(compiled_flags, "_measure", fail)
    assert compiled_flags.compile_fixes_flags() is False
    assert compiled_flags.compile_fixes_flags() is False
    assert len(calls) == 1


def test_inside_a_trace_nothing_is_measured(measured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question waits for a time at which nothing is traced."""
    _needs_tensorflow()
    import tensorflow as tf

    monkeypatch.setattr(compiled_flags, "_measure", lambda: True)
    assert "tensorflow" in sys.modules
    inside: list[bool] = []
    tf.function(lambda: inside.append(compiled_flags.compile_fixes_flags()))()
    assert inside == [False]
    assert compiled_flags.compile_fixes_flags() is True


def test_the_patched_keras_is_measured_as_fixing(fixing: GuardedShell) -> None:
    """The patch of these tests is a Keras that behaves the other way, and the measurement says so."""
    _needs_tensorflow()
    fixing.run(
        'm = make(); m.compile("sgd", "mse"); m.trainable = False\nr = moved(m, lambda: m.fit(X, Y, verbose=0))'
    )
    assert fixing.shell.user_ns["r"]
    assert compiled_flags.compile_fixes_flags() is True


def test_where_compile_fixes_flags_a_flip_before_the_first_fit_is_reported(fixing: GuardedShell) -> None:
    """A flip between ``compile`` and the first ``fit`` opens at the ``fit``; the words say who fixed the flags."""
    _needs_tensorflow()
    fixing.run('m = make()\nm.compile("sgd", "mse")', "m.layers[0].trainable = False")
    opened = [d for d in fixing.run("h = m.fit(X, Y, verbose=0)") if d.state.value == "open"]
    assert {(d.code, d.id) for d in opened} == {("KG202", opened[0].id)}
    assert any("when it was compiled" in note for note in opened[0].notes)
    assert [d.state.value for d in fixing.run('m.compile("sgd", "mse")')] == ["resolved"]


def test_where_compile_fixes_flags_the_old_gan_recipe_is_legal(fixing: GuardedShell) -> None:
    """``D.compile(); D.trainable = False; gan.compile()``: no KG202, no KG205, and the discriminator trains by itself."""
    _needs_tensorflow()
    fixing.run(
        'd = keras.Sequential([keras.Input((4,)), layers.Dense(1)])\nd.compile("sgd", "mse")',
        "d.trainable = False\ng = keras.Sequential([keras.Input((4,)), layers.Dense(4)])\n"
        'gan = keras.Sequential([keras.Input((4,)), g, d])\ngan.compile("sgd", "mse")',
        "r = moved(d, lambda: d.train_on_batch(X, Y)); h = gan.train_on_batch(X, Y); h = d.train_on_batch(X, Y)",
    )
    assert fixing.shell.user_ns["r"]
    assert not [shown for shown in fixing.shown if shown.state.value == "open"]


def test_the_same_recipe_on_the_keras_that_runs(guarded: GuardedShell, measured: None) -> None:
    """Unpatched, the discriminator trains nothing, and KG205 says so."""
    _needs_tensorflow()
    guarded.run(
        PRELUDE,
        'd = keras.Sequential([keras.Input((4,)), layers.Dense(1)])\nd.compile("sgd", "mse")',
        "d.trainable = False",
        "import warnings; warnings.simplefilter('ignore', UserWarning); r = moved(d, lambda: d.train_on_batch(X, Y))",
    )
    assert guarded.shell.user_ns["r"] is False
    assert "KG205" in {shown.code for shown in guarded.shown}
