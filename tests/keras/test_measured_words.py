"""What cards say of Keras, measured on living models: the sentence and the measurement are in one test."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import keras_guard

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


#: For each note of a card that says something of Keras, the measurement that shows it.
MEASURED: dict[str, Callable[[], bool]] = {}


def _shows(*sentences: str) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    def note(check: Callable[[], bool]) -> Callable[[], bool]:
        MEASURED.update(dict.fromkeys(sentences, check))
        return check

    return note


def _model(*layers: Any, **arguments: Any) -> Any:
    import keras

    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile("sgd", "mse", **arguments)
    return model


def _dense(units: int = 1, **arguments: Any) -> Any:
    import keras

    return keras.layers.Dense(units, **arguments)


def _differ(one: Any, other: Any) -> bool:
    import numpy as np

    return not np.allclose(one, other)


def _predicted(model: Any) -> Any:
    return model.predict(_data()[0][:8], verbose=0)


def _fit(model: Any) -> None:
    model.fit(*_data(), verbose=0)


@_shows(
    "what a function reads while it is traced becomes a constant of the trace",
    "a traced function holds what the functions it calls did when it was traced",
)
def _constant_of_a_trace() -> bool:
    import keras

    settings = {"by": 1.0, "how": lambda x: x}
    model = _model(keras.layers.Lambda(lambda x: settings["how"](x) * settings["by"]))
    before = _predicted(model)
    settings.update(by=5.0, how=lambda x: x + 1)
    return not _differ(before, _predicted(model)) and _differ(before, model(_data()[0][:8]))


@_shows(
    "Keras hears of `append` and of a list that is assigned whole, not of a slot: a call runs the layer, "
    "but its weights are not among those of `{}`"
)
def _layer_in_a_slot() -> bool:
    import keras
    import numpy as np

    class Blocks(keras.Model):
        def __init__(self, how: str) -> None:
            super().__init__()
            self.blocks = [_dense(4)]
            if how == "slot":
                self.blocks[0] = _dense(4, kernel_initializer="zeros", bias_initializer="ones")
            elif how == "append":
                self.blocks.append(_dense(4))
            else:
                self.blocks = [_dense(4), _dense(4)]

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return x

    slot, appended, whole = (Blocks(how) for how in ("slot", "append", "whole"))
    is_run = bool(np.all(slot(_data()[0][:8]) == 1.0))
    knows = [any(layer is model.blocks[-1] for layer in model.layers) for model in (slot, appended, whole)]
    return is_run and not slot.weights and knows == [False, True, True]


@_shows("a traced function holds the objects that its code read while it was traced")
def _held_object() -> bool:
    import tensorflow as tf

    named = {"model": _model(_dense())}
    run = tf.function(lambda x: 1.0 * named["model"](x))
    x = _data()[0]
    before = run(x)
    named["model"] = _model(_dense(2))
    return run(x).shape == before.shape and named["model"](x).shape != before.shape


@_shows(
    "calling `{}(x)` sees the new value; a function traced before the edit does not",
    "a function traced before the edit holds what it read then",
)
def _stale_attribute() -> bool:
    import keras

    model = _model(_dense(3))
    before = _predicted(model)
    model.layers[0].activation = keras.activations.softmax
    return not _differ(before, _predicted(model)) and _differ(before, model(_data()[0][:8]))


@_shows("calling `{}(x)` uses what it knows now")
def _adapted() -> bool:
    import keras

    layer = keras.layers.Normalization()
    layer.adapt(_data()[0] * 2)
    model = _model(layer)
    before = _predicted(model)
    layer.adapt(_data()[0] * 5)
    return not _differ(before, _predicted(model)) and _differ(before, model(_data()[0][:8]))


@_shows("a traced function runs the layers that were there when it was traced")
def _structure() -> bool:
    model = _model(_dense(3), _dense(1, kernel_initializer="ones"))
    before = _predicted(model)
    model.pop()
    model.add(_dense(1, kernel_initializer="zeros"))
    return not _differ(before, _predicted(model)) and _differ(before, model(_data()[0][:8]))


@_shows("a traced function keeps the methods it was made from")
def _methods() -> bool:
    model = _model(_dense())
    before = _predicted(model)
    model.predict_step = lambda data: model(data) + 1
    return not _differ(before, _predicted(model))


@_shows("on TensorFlow, `trainable` that is set to the value it has is not passed on to the layers inside")
def _a_flag_that_is_set_again() -> bool:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    first = model.layers[0]
    first.trainable = False
    model.trainable = True
    kept = not first.trainable
    model.trainable = False
    model.trainable = True
    return kept and first.trainable


@_shows("`{}` was trained before: its {} updates the variables that were trainable then")
def _flags() -> bool:
    model = _model(_dense())
    _fit(model)
    before = model.get_weights()[0].copy()
    model.trainable = False
    _fit(model)
    return _differ(before, model.get_weights()[0])


@_shows(
    "a model that is frozen itself has no trainable variables, whatever the flags of its layers; "
    "setting `{}.trainable` sets the flags of all its layers"
)
def _masked() -> bool:
    model = _model(_dense(2), _dense())
    model.trainable = False
    all_frozen = not any(layer.trainable for layer in model.layers)
    model.layers[0].trainable = True
    return all_frozen and not model.trainable_variables


@_shows("Keras makes a new `{}` at each read", "Keras makes a new `metrics` list at each read")
def _copies() -> bool:
    model = _model(_dense())
    lists = ("weights", "metrics", "trainable_variables")
    return all(getattr(model, name) is not getattr(model, name) for name in lists)


@_shows("`compile` keeps the object it was given, not the name")
def _keeps_the_object() -> bool:
    import keras

    optimizer = given = keras.optimizers.SGD(0.1)
    model = _model(_dense())
    model.compile(optimizer, "mse")
    optimizer = keras.optimizers.SGD(0.2)
    return model.optimizer is given and model.optimizer is not optimizer


@_shows("`compile` made its own object of `{}`; the attribute is not read again")
def _dead_argument() -> bool:
    model = _model(_dense(kernel_initializer="ones"))
    before = model.evaluate(*_data(), verbose=0)
    model.loss = "mae"
    return not _differ(before, model.evaluate(*_data(), verbose=0))


@_shows("`compile` was given `{}` as {}, and made its own objects of it since")
def _edited_list() -> bool:
    metrics = ["mae"]
    model = _model(_dense(), metrics=metrics)
    before = model.evaluate(*_data(), verbose=0)
    metrics.append("mse")
    return len(before) == len(model.evaluate(*_data(), verbose=0))


@_shows(
    "Keras 3 reads `{}`; other names are accepted and ignored",
    "Keras 3 uses `{}`; other attributes are accepted and ignored",
)
def _former_names() -> bool:
    model = _model(_dense())
    before = float(model.optimizer.learning_rate)
    model.optimizer.lr = 5.0
    model.layers[0]._name = "other"
    return float(model.optimizer.learning_rate) == before and model.layers[0].name != "other"


@_shows("{} computes with what its constructor was given")
def _wrapped_loss() -> bool:
    import keras
    import numpy as np

    loss = keras.losses.Huber(delta=1.0)
    before = float(loss(np.zeros((1, 1)), np.full((1, 1), 9.0)))
    loss.delta = 5.0
    return float(loss(np.zeros((1, 1)), np.full((1, 1), 9.0))) == before


@_shows("`{}` runs the graph it was made from; an attribute is a name on it, not a place in it")
def _unwired() -> bool:
    model = _model(_dense())
    model.head = _dense(7)
    return model(_data()[0]).shape == (64, 1) and all(layer is not model.head for layer in model.layers)


@_shows("`{}` goes on tracking every layer it was ever given: the old one is counted, trained and saved")
def _left_behind() -> bool:
    import keras

    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.head = _dense()

        def call(self, x: Any) -> Any:
            return self.head(x)

    net = Net()
    old = net.head
    old.build((None, 4))
    net.head = _dense()
    net(_data()[0])
    tracked = any(layer is old for layer in net.layers)
    return tracked and net.count_params() == 10 and any(v is old.kernel for v in net.trainable_variables)


@_shows("`{}` is a record of the graph; calling `{}` follows the nodes made when it was built")
def _private_lists() -> bool:
    import keras

    inputs = keras.Input((4,))
    model = keras.Model(inputs, _dense(kernel_initializer="ones")(inputs))
    before = model(_data()[0])
    model._operations[-1] = _dense(kernel_initializer="zeros")
    return not _differ(before, model(_data()[0]))


@_shows("only the constructor and `build` read {}; the layer was built before")
def _dead_units() -> bool:
    model = _model(_dense(3))
    model.layers[0].units = 9
    return model(_data()[0]).shape == (64, 3)


@_shows("the config of `{}` now says something the model is not: files saved from it may not load")
def _lying_config() -> bool:
    model = _model(_dense(3))
    model.layers[0].units = 9
    twin = type(model).from_config(model.get_config())
    return [weight.shape for weight in twin.weights] != [weight.shape for weight in model.weights]


@_shows("`{}` returns a new copy at each call")
def _new_copies() -> bool:
    model = _model(_dense())
    kernel = model.layers[0].kernel
    for read, again in ((model.get_weights()[0], model.get_weights()[0]), (kernel.numpy(), kernel.numpy())):
        read[:] = 7.0
        if read is again or (again == 7.0).any() or (model.get_weights()[0] == 7.0).any():
            return False
    return True


@_shows("the name of a loop is a name for the layer of this turn, not a place in the model")
def _loop_name() -> bool:
    model = _model(_dense(), _dense())
    before = list(model.layers)
    for layer in model.layers:
        layer = _dense(9)  # noqa: PLW2901, F841 - what the note speaks of
    return all(now is then for now, then in zip(model.layers, before, strict=True))


#: Notes that say what an edit and the user's own class are, and those of `steps_per_execution`, measured above.
OF_THE_EDIT = frozenset(
    {
        "the methods of `{}` read `{}` and not `{}`",
        "`{}` trains by the flags that its layers had when it was compiled",  # Keras 2: kernel/test_tf_keras.py
        "the loop over the data counts {} batches a call; a function traced before the edit runs {}",
        "the other batches are left out",
        "callbacks are called with other batch numbers than are run",
    }
)


def _template(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return _template(node.left) if isinstance(node, ast.BinOp) else None


def _branches(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body)
        yield from _branches(node.orelse)
    elif isinstance(node, ast.Tuple):
        for item in node.elts:
            yield from _branches(item)
    else:
        yield node


def _notes_of_rules() -> set[str]:
    folder = Path(keras_guard.__file__).parent / "_rules"
    keywords = [
        node
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "notes"
    ]
    found = {_template(node) for keyword in keywords for node in _branches(keyword.value)}
    return {sentence for sentence in found if sentence}


def test_every_note_is_measured() -> None:
    """Each note that a rule may give is measured here, and no measurement is left of a note that is gone."""
    assert _notes_of_rules() == MEASURED.keys() | OF_THE_EDIT


@pytest.mark.parametrize("sentence", sorted(MEASURED))
def test_note(sentence: str) -> None:
    """What the note says is true of the installed Keras."""
    assert MEASURED[sentence]()
