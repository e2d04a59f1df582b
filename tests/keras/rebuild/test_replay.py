"""The classic edits: what is written, what is kept, what is recreated, and what is refused."""

from __future__ import annotations

import random
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_guard import InsertAfter, RebuildRefused, Remove, Replace, rebuild
from keras_guard._data.edits import ListEdit

from .checks import assert_same, outputs

pytestmark = pytest.mark.keras

X = np.random.default_rng(1).uniform(size=(8, 16)).astype("float32")


def _sequential() -> Any:
    return keras.Sequential(
        [
            keras.Input((16,)),
            layers.Dense(64, activation="relu", name="hidden"),
            layers.Dense(10, name="logits"),
        ]
    )


def _functional() -> Any:
    inputs = keras.Input((16,))
    return keras.Model(inputs, layers.Dense(10, name="logits")(layers.Dense(64, name="hidden")(inputs)))


def _names(model: Any, **more: Any) -> dict[str, Any]:
    return {"model": model, "keras": keras, "layers": layers, **more}


@pytest.mark.parametrize("build", [_sequential, _functional], ids=["sequential", "functional"])
def test_a_wider_layer_runs_before_a_layer_built_for_the_old_width(build: Any) -> None:
    """64 to 128 before a Dense(10): the new layer is in place, the head is recreated, and a comment says so."""
    model = build()
    new = layers.Dense(128, name="wide")
    found = rebuild(model, [Replace(model.get_layer("hidden"), new)], namespace=_names(model, new=new))
    made = found.run(_names(model, new=new))
    assert made.get_layer("wide") is new
    assert made.get_layer("logits").kernel.shape == (128, 10)
    assert made(X).shape == (8, 10)
    assert '"logits": recreated: it was built for (None, 64) and now gets (None, 128)' in found.source
    assert found.fresh == ("wide", "logits")
    assert found.dry_run == "forward pass"  # not compiled: no loss


@pytest.mark.parametrize("build", [_sequential, _functional], ids=["sequential", "functional"])
def test_layers_that_still_fit_live_on(build: Any) -> None:
    """A new head leaves the hidden layer, its weights and the user's variable of it in the model."""
    model = build()
    hidden = model.get_layer("hidden")
    found = rebuild(
        model, [Replace("logits", layers.Dense(3, name="three"))], namespace=_names(model, hidden=hidden)
    )
    made = found.run(_names(model, hidden=hidden))
    assert made.get_layer("hidden") is hidden
    assert found.kept == ("hidden",)
    assert "hidden" in found.source


def test_a_shared_layer_stays_shared() -> None:
    """Both branches call the one new layer."""
    a, b = keras.Input((16,)), keras.Input((16,))
    shared = layers.Dense(64, name="shared")
    model = keras.Model([a, b], layers.Dense(1)(layers.Subtract()([shared(a), shared(b)])))
    wide = layers.Dense(128, name="wide")
    made = rebuild(model, [Replace(shared, wide)], namespace=_names(model, shared=wide)).run(
        _names(model, shared=wide)
    )
    assert len([layer for layer in made.layers if layer is wide]) == 1
    assert_same(outputs(made, [X, X]), outputs(made, [X * 0, X * 0]))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda items, new: [new, *items[1:]], ["new", "b", "c"], id="replace"),
        pytest.param(lambda items, new: items[:-1], ["a", "b"], id="pop"),
        pytest.param(lambda items, new: [items[0], items[2]], ["a", "c"], id="delete"),
        pytest.param(lambda items, new: [*items, new], ["a", "b", "c", "new"], id="append"),
        pytest.param(lambda items, new: [items[0], new, *items[1:]], ["a", "new", "b", "c"], id="insert"),
        pytest.param(lambda items, new: items[::-1], ["c", "b", "a"], id="reverse"),
    ],
)
def test_the_edited_list_is_the_sequential_model(change: Any, expected: list[str]) -> None:
    """Of a Sequential the edited list is what was meant."""
    items = [layers.Dense(16, name=name) for name in "abc"]
    model = keras.Sequential([keras.Input((16,)), *items])
    new = layers.Dense(16, name="new")
    edit = ListEdit(tuple(items), tuple(change(items, new)))
    made = rebuild(model, [edit], namespace=_names(model, new=new)).run(_names(model, new=new))
    assert [layer.name for layer in made.layers] == expected
    assert all(any(layer is item for item in [*items, new]) for layer in made.layers)


def test_compile_is_applied_again_with_the_users_names() -> None:
    """The rebuilt model is compiled with the user's own objects and an optimizer of its own."""
    model = _sequential()

    def own_loss(a: Any, b: Any) -> Any:
        return keras.ops.mean(keras.ops.square(a - b))

    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, own_loss, metrics=["mae"])
    model.fit(X, np.zeros((8, 10)), verbose=0)
    names = _names(model, own_loss=own_loss, optimizer=optimizer)
    found = rebuild(model, [Replace("hidden", layers.Dense(128))], namespace=names)
    made = found.run(dict(names))
    assert made.loss is own_loss
    assert made.optimizer is not optimizer
    assert made.optimizer.get_config()["momentum"] == 0.9
    assert made.fit(X, np.zeros((8, 10)), verbose=0).history["loss"]


def test_the_dry_run_leaves_no_trace() -> None:
    """Nodes, weights, names, seeds and random states are what they were before."""
    model = _functional()
    model.compile("adam", "mse")
    new = layers.Dense(128, name="wide")
    hidden = model.get_layer("hidden")
    before = (
        len(hidden._inbound_nodes),
        new.built,
        len(new._inbound_nodes),
        random.getstate(),
        model.get_weights(),
    )
    seeds = np.random.get_state()[1].tolist()
    rebuild(model, [Replace(hidden, new)], namespace=_names(model, new=new))
    after = (
        len(hidden._inbound_nodes),
        new.built,
        len(new._inbound_nodes),
        random.getstate(),
        model.get_weights(),
    )
    assert before[:4] == after[:4]
    assert np.random.get_state()[1].tolist() == seeds
    assert_same(after[4], before[4])


def test_running_binds_the_target_only() -> None:
    """The code leaves no helper name in the user's namespace."""
    model = _functional()
    names = _names(model, new=layers.Dense(5, name="new"))
    before = set(names) | {"__builtins__"}
    rebuild(model, [Replace("hidden", names["new"])], namespace=names, name="better").run(names)
    assert set(names) - before == {"better"}


def test_a_long_replay_is_written_in_few_lines() -> None:
    """Above forty calls the graph is walked by clone_model, and only what differs is spelled."""
    inputs = keras.Input((4,))
    x = inputs
    for number in range(50):
        x = layers.Dense(4, name=f"d{number}")(x)
    model = keras.Model(inputs, x)
    new = layers.Dense(4, name="new")
    found = rebuild(model, [Replace("d0", new)], namespace=_names(model, new=new))
    made = found.run(_names(model, new=new))
    new.set_weights(model.get_layer("d0").get_weights())
    assert found.source.count("\n") < 20
    assert_same(outputs(made, X[:, :4]), outputs(model, X[:, :4]))


def test_inserts_of_a_long_replay_stand_where_they_belong() -> None:
    """A layer put behind another one in a long graph is called there."""
    inputs = keras.Input((4,))
    x = inputs
    for number in range(50):
        x = layers.Dense(4, name=f"d{number}")(x)
    model = keras.Model(inputs, x)
    twice = layers.Rescaling(2.0, name="twice")
    found = rebuild(model, [InsertAfter("d3", twice)], namespace=_names(model, twice=twice))
    made = found.run(_names(model, twice=twice))
    assert "clone_model" in found.source
    assert made.get_layer("twice") is twice
    first = keras.Model(model.input, model.get_layer("d3").output)
    rest = keras.Sequential([model.get_layer(f"d{n}") for n in range(4, 50)])
    assert_same(outputs(made, X[:, :4]), outputs(rest, 2.0 * first(X[:, :4])))


def _own() -> Any:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    return Own()


def _merge() -> Any:
    inputs = keras.Input((16,))
    a, b = layers.Dense(4, name="a")(inputs), layers.Dense(4, name="b")(inputs)
    return keras.Model(inputs, layers.Add(name="add")([a, b]))


@pytest.mark.parametrize(
    ("build", "edits", "reason"),
    [
        pytest.param(_own, [], "subclassed", id="subclassed-model"),
        pytest.param(_merge, [Remove("add")], "branches", id="removed-merge"),
        pytest.param(_functional, [Remove("nope")], "no layer 'nope'", id="unknown-name"),
        pytest.param(_functional, [Replace("hidden", 3)], "layer", id="not-a-layer"),
        pytest.param(
            _functional,
            ["hidden"],
            "Replace, InsertAfter, InsertBefore, Remove or InputShape",
            id="not-an-edit",
        ),
        pytest.param(_sequential, [Remove("hidden"), Remove("logits")], "nothing", id="nothing-left"),
        pytest.param(lambda: layers.Dense(3), [], "only a Keras model", id="a-layer"),
        pytest.param(lambda: "model", [], "only a Keras model", id="no-model"),
    ],
)
def test_what_cannot_be_known_is_refused_with_the_reason(build: Any, edits: list[Any], reason: str) -> None:
    """One sentence says why, and nothing is changed."""
    with pytest.raises(RebuildRefused, match=reason) as refused:
        rebuild(build(), edits)
    assert refused.value.reason


def test_a_wrong_style_or_name_is_refused() -> None:
    """Options that make no sense are refused before anything is done."""
    with pytest.raises(RebuildRefused, match="no style"):
        rebuild(_functional(), style="fast")
    with pytest.raises(RebuildRefused, match="no place for a model"):
        rebuild(_functional(), name="a b")


@pytest.mark.parametrize("edited", [False, True], ids=["alone", "with-another-edit"])
@pytest.mark.parametrize("style", ["replay", "copy", "source"])
@pytest.mark.parametrize("build", [_sequential, _functional], ids=["sequential", "functional"])
def test_a_layer_changed_after_it_was_built_is_recreated(build: Any, style: str, edited: bool) -> None:
    """It announces a width it does not have, so it gets weights of that width."""
    model = build()
    model.get_layer("hidden").units = 5
    names = _names(model, new=layers.Dense(3, name="new"))
    edits = [Replace("logits", names["new"])] if edited else []
    made = rebuild(model, edits, namespace=names, style=style).run(dict(names))
    shapes = [tuple(variable.shape) for variable in made.trainable_variables]
    width = 3 if edited else 10
    assert shapes == [(16, 5), (5,), (5, width), (width,)]
    assert outputs(made, X)[0].shape == (8, width)
