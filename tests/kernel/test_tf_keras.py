"""Keras 2 as ``tf_keras`` in a real kernel: the rules that speak of it, what is legal there, and rebuild."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.support.kernel import Kernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.keras,
    pytest.mark.skipif(
        importlib.util.find_spec("tf_keras") is None,
        reason="tf_keras is not installed: nox -s tf_keras installs it",
    ),
]

IMPORTS = "import numpy as np\nimport tf_keras as keras\nfrom tf_keras import layers\n"

SEQUENTIAL = (
    IMPORTS
    + """\
model = keras.Sequential([layers.Dense(8, input_shape=(4,), name="first"), layers.Dense(2, name="last")])
x, y = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
"""
)

FUNCTIONAL = (
    IMPORTS
    + """\
entry = keras.Input((4,))
first = layers.Dense(8, name="first")
last = layers.Dense(2, name="last")
model = keras.Model(entry, last(first(entry)))
x, y = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
"""
)

COMPILED = FUNCTIONAL + "model.compile('sgd', 'mse')\n"
FITTED = COMPILED + "history = model.fit(x, y, verbose=0)\n"

GAN = (
    IMPORTS
    + """\
critic = keras.Sequential([layers.Dense(1, input_shape=(4,))])
critic.compile("sgd", "mse")
critic.trainable = False
maker = keras.Sequential([layers.Dense(4, input_shape=(3,)), critic])
maker.compile("sgd", "mse")
for _ in range(2):
    critic.train_on_batch(np.ones((2, 4)), np.ones((2, 1)))
    maker.train_on_batch(np.ones((2, 3)), np.ones((2, 1)))
"""
)


@pytest.fixture(scope="module")
def older_kernel() -> Iterator[Kernel]:
    """One kernel with the guard and ``tf_keras`` for all tests of this module."""
    kernel = Kernel()
    kernel.ok("import tf_keras")
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(older_kernel: Kernel) -> Iterator[Kernel]:
    """That kernel without names; a contained fault fails the test."""
    older_kernel.clean()
    yield older_kernel
    faults = older_kernel.faults()
    assert not faults, "\n".join(older_kernel.fault_details())


@pytest.mark.parametrize("build", [SEQUENTIAL, FUNCTIONAL], ids=["sequential", "functional"])
@pytest.mark.parametrize(
    "edit",
    [
        "model.layers[-1] = layers.Dense(5)",
        "del model.layers[0]",
        "model.layers.append(layers.Dense(3))",
        "model.layers.pop()",
        "model.layers[0], model.layers[1] = model.layers[1], model.layers[0]",
    ],
    ids=["item", "del", "append", "pop", "swap"],
)
def test_an_edit_of_the_layer_list_opens_at_once(kernel: Kernel, build: str, edit: str) -> None:
    """An edit of `model.layers` is lost in Keras 2 as well: one KG101 at its line, and the list as before."""
    run = kernel.cells(build, f"count = len(model.layers)\n{edit}")[1]
    assert {card.brief for card in run.cards} == {("KG101", "open", 2)}
    assert kernel.value("len(model.layers) == count")


@pytest.mark.parametrize(
    "use",
    [
        "model(x)",
        "model.predict(x, verbose=0)",
        "model.summary()",
        "model.fit(x, y, verbose=0)",
        "model.save('m.h5')",
    ],
    ids=["call", "predict", "summary", "fit", "save"],
)
def test_a_rebound_layer_opens_at_the_stale_use(
    kernel: Kernel, use: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A rebound layer is pending at its line and open, in the same display, when the old model is used."""
    kernel.ok(f"import os; os.chdir({str(tmp_path_factory.mktemp('saved'))!r})")
    _, edit, used = kernel.cells(COMPILED, "last = layers.Dense(5)", f"shown = {use}")
    assert edit.briefs == [("KG102", "pending", 1)]
    assert used.briefs == [("KG102", "open", 1)]
    assert used.cards[0].display_id == edit.cards[0].display_id


def test_a_flip_behind_compile_is_lost_until_the_next_one(kernel: Kernel) -> None:
    """KG202 is pending at the flip, open when `fit` trains what was to be frozen, resolved by `compile`."""
    _, flip, fit, again = kernel.cells(
        FITTED,
        "first.trainable = False\nbefore = first.get_weights()[0].copy()",
        "history = model.fit(x, y, verbose=0)",
        "model.compile('sgd', 'mse')\nkept = first.get_weights()[0].copy()\nhistory = model.fit(x, y, verbose=0)",
    )
    assert flip.briefs == [("KG202", "pending", 1)]
    assert fit.briefs == [("KG202", "open", 1)]
    assert again.briefs == [("KG202", "resolved", 1)]
    assert kernel.value("bool((before != kept).any())"), "fit went by the flag it was compiled with"
    assert kernel.value("bool((kept == first.get_weights()[0]).all())")


def test_a_flip_between_compile_and_the_first_fit_is_lost_too(kernel: Kernel) -> None:
    """In Keras 2 it is `compile` that fixes the flags, so a flip before the first `fit` opens there as well."""
    runs = kernel.cells(COMPILED, "first.trainable = False", "history = model.fit(x, y, verbose=0)")
    assert runs[1].briefs == []
    assert runs[2].cards[-1].brief == ("KG202", "open", 1)


LEGAL = {
    "frozen before compile": [
        FUNCTIONAL,
        "first.trainable = False\nmodel.compile('sgd', 'mse')\nmodel.fit(x, y, verbose=0)",
    ],
    "frozen, then compiled": [
        FITTED,
        "first.trainable = False\nmodel.compile('sgd', 'mse')\nmodel.fit(x, y, verbose=0)",
    ],
    "frozen and thawed": [
        FITTED,
        "first.trainable = False\nfirst.trainable = True",
        "model.fit(x, y, verbose=0)",
    ],
    "flag set to what it is": [FITTED, "first.trainable = True", "model.fit(x, y, verbose=0)"],
    "a GAN's two models": [GAN, "critic.train_on_batch(np.ones((2, 4)), np.ones((2, 1)))"],
    "the list for a new model": [
        SEQUENTIAL,
        "kept = model.layers\nkept.pop()\nmodel = keras.Sequential([*kept, layers.Dense(3)])",
        "model(x)",
    ],
    "rebound within a new graph": [
        FUNCTIONAL,
        "last = layers.Dense(5)\nmodel = keras.Model(entry, last(first(entry)))",
        "model(x)",
    ],
    "a name walks over the layers": [FUNCTIONAL, "for last in model.layers:\n    pass", "model(x)"],
    "the learning rate": [FITTED, "model.optimizer.learning_rate = 0.5", "model.fit(x, y, verbose=0)"],
    "weights set": [
        FITTED,
        "first.set_weights([w * 0 for w in first.get_weights()])",
        "model.predict(x, verbose=0)",
    ],
    "a metric of one's own": [
        FUNCTIONAL,
        "mean = keras.metrics.Mean()\nmean = keras.metrics.Mean()",
        "model(x)",
    ],
}


@pytest.mark.parametrize("cells", LEGAL.values(), ids=LEGAL.keys())
def test_what_takes_effect_is_not_spoken_of(kernel: Kernel, cells: list[str]) -> None:
    """Edits that Keras 2 honours, and look-alikes of those it loses, bring no card."""
    assert [card.brief for run in kernel.cells(*cells) for card in run.cards] == []


@pytest.mark.parametrize(
    "edit", ["model.layers[-1] = layers.Dense(5)", "last = layers.Dense(5)"], ids=["list", "name"]
)
def test_rebuild_runs_and_keeps_weights_and_compile(kernel: Kernel, edit: str) -> None:
    """The offered code runs in Keras 2: the new layer in place, the other's weights kept, compiled, all resolved."""
    kernel.cells(FITTED, "weights = first.get_weights()[0].copy()", edit, "shown = model(x)")
    source = kernel.ok("%keras_guard rebuild model").next_input
    assert source is not None
    run = kernel.ok(source)
    assert [card.state for card in run.cards] == ["resolved"]
    assert kernel.value("[type(model).__module__.split('.')[0], list(model(x).shape)]") == [
        "tf_keras",
        [4, 5],
    ]
    assert kernel.value("bool((model.get_weights()[0] == weights).all())")
    assert kernel.ok("model.fit(x, np.ones((4, 5)), verbose=0).history['loss']").cards == []


def test_as_tf_keras_of_tensorflow(start_kernel: type[Kernel]) -> None:
    """With `TF_USE_LEGACY_KERAS=1`, where `tf.keras` is Keras 2, the cells and the rebuild code say `tf.keras`."""
    kernel = start_kernel(environment={"TF_USE_LEGACY_KERAS": "1"})
    kernel.ok("import tensorflow as tf")
    kernel.ok(
        "model = tf.keras.Sequential([tf.keras.layers.Dense(8, input_shape=(4,)), tf.keras.layers.Dense(2)])\n"
        "assert type(model).__module__.startswith('tf_keras.')"
    )
    edit = kernel.ok("model.layers[-1] = tf.keras.layers.Dense(5)")
    assert edit.briefs == [("KG101", "open", 1)]
    source = kernel.ok("%keras_guard rebuild model").next_input or ""
    assert "tf.keras." in source
    assert [card.state for card in kernel.ok(source).cards] == ["resolved"]
    assert kernel.value("model.output_shape[-1]") == 5


def test_keras_3_beside_it_keeps_all_its_rules(kernel: Kernel) -> None:
    """A model of Keras 3 in the same kernel is spoken of as before, and its rebuild is Keras 3."""
    kernel.ok(
        "import keras, numpy as np\n"
        "three = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])"
    )
    assert kernel.ok("three.layers[-1] = keras.layers.Dense(5)").briefs[0] == ("KG101", "open", 1)
    kernel.ok(kernel.ok("%keras_guard rebuild three").next_input or "raise ValueError")
    assert kernel.value("type(three).__module__.split('.')[0]") == "keras"
    assert kernel.ok("three.layers[0].units = 5").briefs == [("KG201", "open", 1)]


def test_partial_support_is_said_once_at_load(start_kernel: type[Kernel]) -> None:
    """Importing `tf_keras` says in one line which rules speak of it; neither the next cell nor a reload repeats it."""
    kernel = start_kernel()
    shown = [
        kernel.ok(cell).shown_texts()
        for cell in ("import tf_keras", "import tf_keras", "%reload_ext keras_guard")
    ]
    (line,) = shown[0]
    assert line.startswith("keras_guard: of tf_keras ")
    assert "KG101, KG102, KG202" in line
    assert shown[1:] == [[], []]
    assert line.removeprefix("keras_guard: ") in "\n".join(kernel.ok("%keras_guard status").shown_texts())
