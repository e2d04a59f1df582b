"""``doctor``: why a model does not change."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from keras_guard import Outcome

pytestmark = pytest.mark.keras

HEAD = """
import keras, keras_guard
import numpy as np
from keras import layers, ops
X, Y = np.ones((8, 4), "float32"), np.ones((8, 2), "float32")
"""
MODEL = """
model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="hidden"), layers.Dense(2, name="head")])
model.compile("sgd", "mse")
"""
FUNCTIONAL = """
entry = keras.Input((4,))
a = layers.Dense(2, name="a")(entry)
b = layers.Dense(2, name="b")({b})
model = keras.Model(entry, [a, b])
model.compile("sgd", {loss})
"""
VIEWS = "declared, graph and compiled views"
TRAINED = "variables to train"
FLAGS = "flags under a frozen parent"
REACHED = "variables that a loss reaches"
OPTIMIZER = "the optimizer's variables and rate"
LAYERS = "layers outside the graph"
METRICS = "metrics of another object"
MOVED = "what moved since the last fit began"
FIT = "history = model.fit(X, Y, verbose=0)"


FOUND = [
    pytest.param(MODEL + FIT, "model.layers[0].rate = 1; model.loss = 'mae'", VIEWS, "KG204", id="views"),
    pytest.param(MODEL, "model.trainable = False", TRAINED, "0 of its 4", id="all-frozen"),
    pytest.param(MODEL.replace("model.compile", "(lambda *a: 0)"), "0", TRAINED, "never compiled", id="no-compile"),
    pytest.param(
        MODEL, "model.trainable = False; model.layers[1].trainable = True", FLAGS, 'Dense "head" says', id="masked"
    ),
    pytest.param(
        FUNCTIONAL.format(b="entry", loss='["mse", None]'), "0", REACHED, "b/kernel", id="output-without-loss"
    ),
    pytest.param(
        FUNCTIONAL.format(b="entry", loss='["mse", "mse"], loss_weights=[1, 0]'), "0", REACHED, "b/kernel",
        id="loss-weight-0",
    ),
    pytest.param(
        FUNCTIONAL.format(b="ops.stop_gradient(a)", loss='[None, "mse"]'), "0", REACHED, "a/kernel",
        id="stopped-gradient",
    ),
    pytest.param(
        FUNCTIONAL.format(b='ops.cast(ops.argmax(a, -1, keepdims=True), "float32")', loss='[None, "mse"]'), "0",
        REACHED, "a/kernel", id="whole-numbers",
    ),
    pytest.param(
        MODEL.replace("model.compile", "model.layers[0].trainable = False; model.compile") + FIT,
        "model.layers[0].trainable = True; model.compile(model.optimizer, 'mse')", OPTIMIZER, "hidden/kernel",
        id="unknown-variable",
    ),
    pytest.param(MODEL, "model.optimizer.learning_rate = 0.0", OPTIMIZER, "rate is 0", id="rate-0"),
    pytest.param(MODEL, "model.extra = layers.Dense(3, name='extra')", LAYERS, 'Dense "extra"', id="attribute"),
    pytest.param(
        MODEL.replace('"mse")', '"mse", metrics=[keras.metrics.MeanSquaredError()])'),
        "m = keras.metrics.MeanSquaredError()", METRICS, "`m` is a MeanSquaredError", id="metric",
    ),
    pytest.param(
        MODEL.replace('"mse")', '"mse", metrics=[m])').replace("model =", "m = keras.metrics.AUC(); model =")
        + "other = keras.Sequential([keras.Input((4,)), layers.Dense(2)]); other.compile('sgd', 'mse', metrics=[m])",
        "0", METRICS, "of `other`, too", id="shared-metric",
    ),
    pytest.param(MODEL + "model.optimizer.learning_rate = 0.0\n" + FIT, "0", MOVED, "did not move", id="nothing-moved"),
    pytest.param(MODEL + "X[0, 0] = np.nan\n" + FIT, "0", MOVED, "no numbers", id="not-a-number"),
]  # fmt: skip


def _check(guarded: Any, name: str) -> Any:
    return guarded.session.examine(guarded.shell.user_ns["model"], "model")[name]


@pytest.mark.parametrize(("before", "edit", "name", "evidence"), FOUND)
def test_each_reason_is_found_with_its_evidence(
    guarded: Any, before: str, edit: str, name: str, evidence: str
) -> None:
    """The check of that name finds it, and the evidence names it."""
    guarded.run(HEAD, before, edit)
    check = _check(guarded, name)
    assert check.outcome is Outcome.FOUND
    assert evidence in " ".join(check.evidence)


def test_a_healthy_model_is_clear_in_every_check(guarded: Any) -> None:
    """After a ``fit`` that moved all weights, no check finds a reason."""
    guarded.run(HEAD, MODEL, FIT)
    checks = guarded.session.examine(guarded.shell.user_ns["model"], "model").checks
    assert {check.outcome for check in checks} == {Outcome.CLEAR}


NOT_RUN = [
    pytest.param(MODEL, MOVED, "no `fit`", id="no-fit"),
    pytest.param("%config KerasGuard.norms_limit = 5\n" + MODEL + FIT, MOVED, "norms_limit", id="large"),
    pytest.param(MODEL, OPTIMIZER, "trained nothing yet", id="optimizer-not-built"),
    pytest.param(
        "class Own(keras.Model):\n    def call(self, x): return x\nmodel = Own(); model.compile('sgd', 'mse')",
        REACHED, "Python code", id="subclassed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "name", "why"), NOT_RUN)
def test_what_cannot_be_checked_says_why(guarded: Any, before: str, name: str, why: str) -> None:
    """Such a check did not run, and nothing is claimed."""
    guarded.run(HEAD, before)
    check = _check(guarded, name)
    assert check.outcome is Outcome.NOT_RUN
    assert why in " ".join(check.evidence)


def test_it_changes_nothing(guarded: Any) -> None:
    """Weights, counters, traced functions, nodes and random states are what they were."""
    guarded.run(HEAD, MODEL, FIT)
    state = """
import random, pickle
def state():
    return [
        [w.numpy().tolist() for w in model.weights + model.optimizer.variables], id(model.train_function),
        [len(layer._inbound_nodes) for layer in model.layers], random.getstate(), pickle.dumps(np.random.get_state()),
        [sorted(vars(model))],
    ]
before = state()
found = keras_guard.doctor(model)
same = before == state()
"""
    guarded.run(state)
    assert guarded.shell.user_ns["same"]


def test_the_magic_shows_a_table_of_80_columns(guarded: Any, capsys: Any) -> None:
    """Each check is one line with its outcome, and its evidence below."""
    guarded.run(HEAD, MODEL, "model.optimizer.learning_rate = 0.0\n" + FIT)
    capsys.readouterr()
    guarded.run("%keras_guard doctor model")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("`model`: 2 of 8 checks")
    assert max(map(len, lines)) <= 80
    assert "! the optimizer's variables and rate: found" in lines
    assert "    - its learning rate is 0" in lines


def test_the_html_shows_names_as_text() -> None:
    """What comes from a model cannot be markup."""
    from keras_guard import Check, Checkup
    from keras_guard._render.as_checkup import checkup_as_html

    html = checkup_as_html(Checkup("<b>", (Check("x", Outcome.FOUND, ("<script>", "b")),)))
    assert "<script>" not in html
    assert "&lt;script&gt;<br>b" in html


def test_no_weight_is_kept(guarded: Any) -> None:
    """The norms that ``fit`` notes hold no model and no variable alive."""
    guarded.run(
        HEAD, MODEL, FIT, "import weakref, gc; gone = weakref.ref(model), weakref.ref(model.weights[0])"
    )
    guarded.run("del model, history; n = gc.collect()")
    assert [reference() for reference in guarded.shell.user_ns["gone"]] == [None, None]


def test_without_a_shell_it_reads_the_live_objects() -> None:
    """In a program it is a function that returns data; other values are refused."""
    import keras

    import keras_guard

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert keras_guard.doctor(model)[TRAINED].evidence == ("it was never compiled",)
    with pytest.raises(TypeError, match="doctor takes"):
        keras_guard.doctor(sys)
