"""The same graph for inputs of another shape, compared with models built by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_guard import InputShape, RebuildRefused, rebuild

from .checks import assert_same, outputs, sample

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict:UserWarning"),
]


def _pictures(shape: tuple[int | None, ...], head: Callable[[], Any] = layers.GlobalAveragePooling2D) -> Any:
    inputs = keras.Input(shape, name="picture")
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    return keras.Model(inputs, layers.Dense(2, name="head")(head()(x)))


def _list(shape: tuple[int | None, ...]) -> Any:
    items = [layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(2, name="head")]
    return keras.Sequential([keras.Input(shape), *items])


def _two(keyed: bool) -> Callable[[tuple[int, ...]], Any]:
    def build(shape: tuple[int, ...]) -> Any:
        a, b = keras.Input(shape, name="a"), keras.Input((3,), dtype="int32", name="b")
        words = layers.Embedding(9, 4, name="embed")(b)
        joined = layers.Concatenate()([layers.Dense(4, name="da")(a), layers.Flatten()(words)])
        inputs = {"first": a, "second": b} if keyed else [a, b]
        return keras.Model(inputs, layers.Dense(2, name="head")(joined))

    return build


def _nested(shape: tuple[int, ...]) -> Any:
    inner = keras.Sequential(
        [keras.Input(shape), layers.Conv2D(4, 3, name="conv"), layers.Flatten()], name="inner"
    )
    inputs = keras.Input(shape)
    return keras.Model(inputs, layers.Dense(2, name="head")(inner(inputs)))


#: How the model is built, its shape, the edit, the new shape, and the layers that must keep their weights.
CASES: dict[str, Any] = {
    "larger": (_pictures, (8, 8, 3), InputShape((12, 10, 3)), (12, 10, 3), {"conv", "head"}),
    "any-size": (_pictures, (8, 8, 3), InputShape((None, None, 3)), (None, None, 3), {"conv", "head"}),
    "one-channel": (_pictures, (8, 8, 3), InputShape((8, 8, 1)), (8, 8, 1), {"head"}),
    "flattened": (
        lambda s: _pictures(s, layers.Flatten), (8, 8, 3), InputShape((12, 12, 3)), (12, 12, 3), {"conv"},
    ),
    "sequential": (_list, (8, 8, 3), InputShape((12, 12, 3)), (12, 12, 3), {"conv"}),
    "by-name": (_pictures, (8, 8, 3), InputShape({"picture": (9, 9, 3)}), (9, 9, 3), {"conv", "head"}),
    "several": (_two(keyed=False), (4,), InputShape({"a": (6,)}), (6,), {"embed", "head"}),
    "dict-by-key": (_two(keyed=True), (4,), InputShape({"first": (6,)}), (6,), {"embed", "head"}),
    "dict-by-name": (_two(keyed=True), (4,), InputShape({"a": (6,)}), (6,), {"embed", "head"}),
    "nested": (_nested, (8, 8, 3), InputShape((10, 10, 3)), (10, 10, 3), set()),
}  # fmt: skip


@pytest.mark.parametrize("style", ["replay", "copy"])
@pytest.mark.parametrize(("build", "shape", "edit", "wanted", "kept"), CASES.values(), ids=CASES.keys())
def test_a_model_for_another_shape(
    build: Any, shape: Any, edit: InputShape, wanted: Any, kept: set[str], style: str
) -> None:
    """It computes what a model built by hand for that shape does; what fits has its weights, the rest is named."""
    model = build(shape)
    found = rebuild(model, [edit], namespace={"model": model}, style=style)
    made, by_hand = found.run(), build(wanted)
    assert [tuple(t.shape) for t in made.inputs] == [tuple(t.shape) for t in by_hand.inputs]
    assert [w.shape for w in made.weights] == [w.shape for w in by_hand.weights]
    by_hand.set_weights(made.get_weights())
    data = sample(build(tuple(size or 9 for size in wanted)))
    assert_same(outputs(made, data), outputs(by_hand, data))
    for name in kept:
        for old, new in zip(model.get_layer(name).weights, made.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(old, new)
    for layer in made.layers:
        if layer.weights and layer.name not in kept and not isinstance(layer, keras.Model):
            assert layer.name in found.fresh
            assert "recreated" in found.source


@pytest.mark.parametrize(
    ("build", "edit", "reason"),
    [
        pytest.param(lambda: _two(keyed=False)((4,)), InputShape((6,)), "2 inputs", id="which-input"),
        pytest.param(lambda: _two(keyed=True)((4,)), InputShape({"c": (6,)}), "no input 'c'", id="no-such-input"),
        pytest.param(lambda: _pictures((8, 8, 3)), InputShape("96"), "no shape", id="no-shape"),
        pytest.param(lambda: _pictures((8, 8, 3)), InputShape((8, -1, 3)), "no shape", id="negative"),
        pytest.param(lambda: _pictures((8, 8, 3)), InputShape((8, 3)), "conv", id="too-few-axes"),
        pytest.param(lambda: _pictures((8, 8, 3)), InputShape((2, 2, 3)), "conv", id="too-small"),
    ],
)  # fmt: skip
def test_a_shape_that_does_not_fit_is_refused(build: Any, edit: InputShape, reason: str) -> None:
    """One sentence says which input or layer is meant, and why."""
    model = build()
    with pytest.raises(RebuildRefused, match=reason):
        rebuild(model, [edit], namespace={"model": model})


APPLICATIONS = {"MobileNetV2": (64, 64, 1), "ResNet50": (48, 48, 4), "VGG16": (48, 48, 3)}


def _application(name: str, shape: tuple[int, ...], *, top: bool) -> Any:
    return getattr(keras.applications, name)(weights=None, input_shape=shape, include_top=top, classes=5)


@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n == "MobileNetV2" else pytest.mark.slow) for n in APPLICATIONS])  # fmt: skip
def test_an_application_for_another_shape(name: str) -> None:
    """It has the weights of the application that is made for that shape, and computes the same."""
    model, wanted = _application(name, (32, 32, 3), top=True), APPLICATIONS[name]
    made = rebuild(model, [InputShape(wanted)], namespace={"model": model}).run()
    by_hand = _application(name, wanted, top=True)
    assert [w.shape for w in made.weights] == [w.shape for w in by_hand.weights]
    by_hand.set_weights(made.get_weights())
    assert_same(outputs(made, sample(by_hand)), outputs(by_hand, sample(by_hand)))
    kept = [layer for layer in made.layers if layer.weights and any(layer is old for old in model.layers)]
    assert len(kept) >= len([layer for layer in model.layers if layer.weights]) - 1


def test_the_command_takes_shapes(guarded: Any) -> None:
    """``--input-shape`` gives one shape, or one for each named input."""
    guarded.run(
        "import keras\nfrom keras import layers\n"
        "a, b = keras.Input((4,), name='a'), keras.Input((3,), name='b')\n"
        "two = keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([a, b])))\n"
        "one = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()])",
        "%keras_guard rebuild one --input-shape 16,none,1 --run",
        "%keras_guard rebuild two --input-shape a=6 --input-shape b=2 --run",
    )
    names = guarded.shell.user_ns
    assert names["one"].input_shape == (None, 16, None, 1)
    assert [tuple(tensor.shape) for tensor in names["two"].inputs] == [(None, 6), (None, 2)]


@pytest.mark.parametrize("words", ["16,x", "a=", "=3", "16 --input-shape a=3"])
def test_a_shape_that_cannot_be_read_is_one_line(guarded: Any, capsys: Any, words: str) -> None:
    """The command says how a shape is written."""
    guarded.run("import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])")
    guarded.shell.run_cell(f"%keras_guard rebuild model --input-shape {words}")
    said = capsys.readouterr()
    assert "--input-shape 96,96,1" in said.err + said.out


@pytest.mark.parametrize("edit", ["model.batch_input_shape = (None, 9, 9, 1)", "model._layers[0]._input_shape = (9, 9, 1)",
                                  "model.layers[0] = layers.InputLayer(shape=(9, 9, 1))", "model.layers[0] = keras.Input((9, 9, 1))"])  # fmt: skip
def test_a_shape_that_was_set_is_in_the_rebuild(guarded: Any, edit: str) -> None:
    """An attribute that Keras does not read, or an input put into the list, is what the rebuild makes."""
    guarded.run(
        "import keras\nfrom keras import layers\n"
        "picture = keras.Input((8, 8, 3), name='picture')\n"
        "model = keras.Model(picture, layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3)(picture)))",
        edit,
        "%keras_guard rebuild model --run",
    )
    assert guarded.shell.user_ns["model"].input_shape == (None, 9, 9, 1)
    assert {card.state.value for card in guarded.last_states().values()} == {"resolved"}
