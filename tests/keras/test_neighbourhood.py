"""The neighbourhood of an edit, read from real graphs: what runs now beside what the edit asks for."""

from __future__ import annotations

import base64
import re
from typing import Any

import keras
import pytest
from keras import layers

from keras_guard import InsertAfter, Remove, Replace
from keras_guard._adapter.keras_types import TYPES
from keras_guard._data.edits import ListEdit
from keras_guard._data.picture import Panel, Picture
from keras_guard._rebuild.neighbourhood import pictures_of
from keras_guard._render import bundle

from .conftest import GuardedShell

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def _awake() -> None:
    """The guard knows Keras' classes, as it does once a cell imported Keras."""
    TYPES.refresh()


def _residual(blocks: int = 3) -> Any:
    start = keras.Input((8,), name="features")
    x = layers.Dense(8, name="stem")(start)
    for block in range(blocks):
        x = layers.Add(name=f"add{block}")([x, layers.Dense(8, name=f"dense{block}")(x)])
    return keras.Model(start, layers.Dense(1, name="head")(x), name="residual")


def _told(panel: Panel) -> list[str]:
    """Return the nodes as ``mark name <- what they read``."""
    names = {node.key: node.name for node in panel.nodes}
    return [f"{n.mark}{n.name} <- {','.join(names[k] for k in panel.makers_of(n.key))}" for n in panel.nodes]


def _only(pictures: tuple[Picture, ...]) -> Picture:
    (picture,) = pictures
    return picture


def test_replaced_in_a_branch() -> None:
    """A replaced layer stands beside the line that goes past it, in both panels."""
    model = _residual()
    now, meant = _only(pictures_of(model, [Replace("dense1", layers.Dense(16, name="wide"))])).panels
    assert _told(now) == [" add0 <- ", "-dense1 <- add0", " add1 <- add0,dense1"]
    assert _told(meant) == [" add0 <- ", "+wide <- add0", " add1 <- add0,wide"]
    assert now.nodes[0].cut_above
    assert now.nodes[-1].cut_below


def test_inserted_before_a_fork() -> None:
    """An inserted layer takes over all readers."""
    now, meant = _only(
        pictures_of(_residual(), [InsertAfter("stem", layers.Dropout(0.5, name="drop"))])
    ).panels
    assert _told(now) == [" stem <- ", " dense0 <- stem", " add0 <- stem,dense0"]
    assert _told(meant) == [" stem <- ", "+drop <- stem", " dense0 <- drop", " add0 <- drop,dense0"]


def test_removed() -> None:
    """What read a removed layer reads what that one read."""
    now, meant = _only(pictures_of(_residual(), [Remove("stem")])).panels
    assert _told(now)[:2] == [" features <- ", "-stem <- features"]
    assert _told(meant) == [" features <- ", " dense0 <- features", " add0 <- features,dense0"]


def test_shared_layer_is_drawn_at_each_call() -> None:
    """A shared layer has a node a call, and says which call it is."""
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    shared = layers.Dense(4, name="shared")
    model = keras.Model([left, right], layers.Add(name="both")([shared(left), shared(right)]))
    now, meant = _only(pictures_of(model, [Replace(shared, layers.Dense(4, name="new"))])).panels
    assert _told(now) == [
        " left <- ",
        " right <- ",
        "-shared <- left",
        "-shared <- right",
        " both <- shared,shared",
    ]
    assert _told(meant)[2:] == ["+new <- left", "+new <- right", " both <- new,new"]
    assert [node.detail for node in now.nodes[2:4]] == ["call 1 of 2", "call 2 of 2"]


def test_list_of_a_sequential() -> None:
    """A list edit of a Sequential is a chain with the model's output at its end."""
    model = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="a"), layers.Dense(2, name="b")])
    edit = ListEdit(tuple(model.layers), (*model.layers, layers.Dense(1, name="c")))
    now, meant = _only(pictures_of(model, [edit])).panels
    assert _told(now) == [" b <- ", " output <- b"]
    assert _told(meant) == [" b <- ", "+c <- b", " output <- c"]


def test_nested_model_is_named() -> None:
    """An edit inside a nested model is drawn in that model, whose name is said."""
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="a")], name="encoder")
    model = keras.Sequential([keras.Input((8,)), inner, layers.Dense(1, name="head")])
    picture = _only(pictures_of(model, [Replace("a", layers.Dense(5, name="b"))]))
    assert picture.model == "encoder"


def test_no_shape_is_claimed_behind_an_edit() -> None:
    """What reads an edit has no shape in the panel of the edit: only a rebuild tells."""
    now, meant = _only(pictures_of(_residual(), [Replace("stem", layers.Dense(16, name="wide"))])).panels
    assert all(node.measured for node in now.nodes)
    assert [bool(node.measured) for node in meant.nodes] == [True, False, False, False]


def test_several_readings_mark_the_layer_only() -> None:
    """Where an edit has several readings there is one panel, with the layer concerned marked."""
    model = _residual()
    (panel,) = _only(pictures_of(model, [Remove(model.get_layer("add1"))])).panels
    assert [node.name for node in panel.nodes if node.mark == "!"] == ["add1"]


def test_big_neighbourhoods_are_cut() -> None:
    """A panel stays readable: what is left out is counted."""
    model = _residual(12)
    wide = [Replace(f"dense{i}", layers.Dense(8, name=f"new{i}")) for i in range(12)]
    for panel in _only(pictures_of(model, wide)).panels:
        assert len(panel.nodes) == 9
        assert panel.left_out >= 12


def test_drawing_leaves_no_trace() -> None:
    """Drawing adds no call to any layer and moves no random state."""
    model = _residual()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    before = keras.random.randint((), 0, 1 << 30, seed=keras.random.SeedGenerator(1))
    new = layers.Dense(16)
    pictures_of(model, [Replace("dense1", new), InsertAfter("stem", layers.Dropout(0.1)), Remove("dense2")])
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    assert not new.built
    assert int(before) == int(keras.random.randint((), 0, 1 << 30, seed=keras.random.SeedGenerator(1)))


BUILD = """import keras
from keras import layers
inputs = keras.Input((4,), name="inputs")
stem = layers.Dense(4, name="stem")
x = stem(inputs)
skip = layers.Dense(4, name="skip")
model = keras.Model(inputs, layers.Dense(1, name="head")(layers.Add(name="merge")([x, skip(x)])))
"""


def _image(html: str) -> str:
    """Return all pictures: each panel is one of its own."""
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert found, html
    return "\n".join(base64.b64decode(text).decode() for text in found)


def test_open_card_draws_the_edit(guarded: GuardedShell) -> None:
    """The open card holds the picture in HTML and the same as text."""
    guarded.run(BUILD)
    guarded.run('skip = layers.Dense(4, activation="relu", name="skip_relu")')
    guarded.run("y = model(keras.ops.ones((1, 4)))")
    card = bundle(guarded.shown[-1])
    assert "skip_relu" in _image(card["text/html"])
    assert '+ Dense "skip_relu"' in card["text/plain"]
    assert "stem, skip; your edit: stem, skip_relu" in card["text/plain"]


def test_option_turns_pictures_off(guarded: GuardedShell) -> None:
    """``c.KerasGuard.picture = False`` gives the table of layers instead."""
    guarded.run(BUILD + "%config KerasGuard.picture = False")
    guarded.run('skip = layers.Dense(4, name="other")')
    guarded.run("y = model(keras.ops.ones((1, 4)))")
    card = bundle(guarded.shown[-1])
    assert "<img" not in card["text/html"]
    assert "<table" in card["text/html"]


def _diff(guarded: GuardedShell, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return the text and the HTML of ``%keras_guard diff``."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(guarded.extension.display, "show_text", lambda text, html: said.append((text, html)))
    guarded.run("%keras_guard diff model")
    return said[-1]


def test_diff_draws_the_edit(guarded: GuardedShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """``%keras_guard diff`` adds the picture to its table."""
    guarded.run(BUILD)
    guarded.run("model.layers[1] = layers.Dense(9, name='nine')")
    text, html = _diff(guarded, monkeypatch)
    assert "nine" in _image(html)
    assert '+ Dense "nine" (units=9)' in text


def test_diff_draws_what_was_traced(guarded: GuardedShell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer whose flag the traced function does not honour is marked in the graph."""
    guarded.run(
        BUILD
        + 'model.compile(loss="mse")\nmodel.train_on_batch(keras.ops.ones((2, 4)), keras.ops.ones((2, 1)))'
    )
    guarded.run("stem.trainable = False")
    text, html = _diff(guarded, monkeypatch)
    assert "train: trained" in _image(html)
    assert re.search(r'^! +1 Dense "stem"', text, re.MULTILINE)
