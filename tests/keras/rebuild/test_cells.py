"""From cells of a notebook to the rebuilt model: what is written, and what it makes."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from keras_guard import rebuild

pytestmark = pytest.mark.keras

SETUP = (
    "import keras\nimport numpy as np\nfrom keras import layers\nfrom keras.layers import Dense, Dropout\n"
)
SEQUENTIAL = SETUP + "model = keras.Sequential([keras.Input((4,)), *(Dense(4, name=n) for n in 'abcd')])"
FUNCTIONAL = SETUP + (
    "x = entry = keras.Input((4,))\nfor n in 'abcd':\n    x = Dense(4, name=n)(x)\nmodel = keras.Model(entry, x)\ndel x"
)


def _rebuilt(guarded: Any, *cells: str) -> Any:
    """Run cells, then the rebuild of ``model``; return the new model."""
    guarded.run(*cells)
    names = guarded.shell.user_ns
    return rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names).run(dict(names))


def _kinds(model: Any) -> str:
    """Return the names of the old layers, and of the new ones the first letter of their class."""
    found = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    return "".join(x.name if x.name in "abcd" else type(x).__name__[:2].lower() for x in found)


ONE_LINE = {
    "pop-in-a-loop": (["for _ in range(2): model.layers.pop()"], "ab"),
    "pop-twice": (["model.layers.pop(); model.layers.pop()"], "ab"),
    "append-in-a-loop": (["for _ in range(2): model.layers.append(Dense(4))"], "abcddede"),
    "append-in-a-comprehension": (["_ = [model.layers.append(Dense(4)) for _ in range(2)]"], "abcddede"),
    "insert-in-a-loop": (["for _ in range(2): model.layers.insert(-1, Dropout(0.1))"], "abcdrdrd"),
    "helper-called-twice": (["def drop():\n    model.layers.pop()\ndrop(); drop()"], "ab"),
    "helper-called-in-two-cells": (["def drop():\n    model.layers.pop()", "drop()", "drop()"], "ab"),
    "items-in-a-loop": (["for k in (-1, -3): model.layers[k] = Dense(4)"], "adecde"),
    "one-item-in-a-loop": (["for width in (7, 4): model.layers[-2] = Dense(width)"], "abded"),
    "alias": (["shown = model.layers\nfor _ in range(3): shown.pop()"], "a"),
    "two-lines": (["model.layers.pop()\nmodel.layers.pop()"], "ab"),
    "cut-and-add": (["model.layers.pop()\nfor _ in range(2): model.layers.append(Dense(4))"], "abcdede"),
}


@pytest.mark.parametrize("base", [SEQUENTIAL, FUNCTIONAL], ids=["sequential", "functional"])
@pytest.mark.parametrize(("cells", "expected"), ONE_LINE.values(), ids=ONE_LINE.keys())
def test_edits_of_one_line_count_each(guarded: Any, base: str, cells: list[str], expected: str) -> None:
    """Loops, comprehensions, two statements of one line, a helper called twice: each edit is in the new model."""
    assert _kinds(_rebuilt(guarded, base, *cells)) == expected


def test_a_card_is_resolved_by_the_rebuild_of_every_edit(guarded: Any) -> None:
    """The model that the rebuild makes has them all, so nothing stays open."""
    guarded.run(SEQUENTIAL, "for _ in range(2): model.layers.pop()", "%keras_guard rebuild model --run")
    assert [card.state.value for card in guarded.last_states().values()] == ["resolved"]
    assert [layer.name for layer in guarded.shell.user_ns["model"].layers] == ["a", "b"]


def test_a_tensor_put_into_the_list_means_its_layer(guarded: Any) -> None:
    """``model.layers[1] = Dense(4)(x)`` puts the new layer there, though only its output was written."""
    made = _rebuilt(guarded, FUNCTIONAL, "new = Dense(4)\nmodel.layers[2] = new(keras.Input((4,)))")
    assert _kinds(made) == "adecd"


def test_an_input_put_into_the_list_is_the_new_input(guarded: Any) -> None:
    """``model.layers[0] = keras.Input(...)`` changes the input, though nothing else holds the tensor."""
    made = _rebuilt(guarded, FUNCTIONAL, "model.layers[0] = keras.Input((7,))")
    assert made.input_shape == (None, 7)


# Names that will hold something else


def _source(guarded: Any, *cells: str) -> str:
    guarded.run(*cells)
    names = guarded.shell.user_ns
    found: str = rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names).source
    return found


def _read(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


OTHER = SETUP + (
    "other = keras.Sequential([keras.Input((4,)), Dense(4, name='first'), Dense(4, name='b')])\n"
    "model = keras.Sequential([keras.Input((4,)), *(Dense(4, name=n) for n in 'acd')])"
)
MOVING = {
    "walked-over": (SEQUENTIAL, "for layer in model.layers: pass\nmodel.layers[0] = Dense(4)", {"layer"}),
    "put-in": (SEQUENTIAL, "for l in [Dense(4), Dense(4)]: model.layers.append(l)", {"l"}),
    "enumerated": (
        SEQUENTIAL,
        "for number, part in enumerate(list(model.layers)):\n    if number == 0: model.layers[number] = Dense(4)",
        {"part", "number"},
    ),
    "of-another-model": (
        OTHER,
        "for part in other.layers: pass\nmodel.layers[0] = other.layers[1]",
        {"part"},
    ),
    "functional": (FUNCTIONAL, "for layer in model.layers: pass\nmodel.layers.pop()", {"layer"}),
}


@pytest.mark.parametrize(("base", "cell", "moving"), MOVING.values(), ids=MOVING.keys())
def test_the_source_names_nothing_that_will_move(
    guarded: Any, base: str, cell: str, moving: set[str]
) -> None:
    """It reads no name that a loop left behind, and no handle where a way through a model leads to the layer."""
    source = _source(guarded, base, cell)
    assert moving.isdisjoint(_read(source))
    assert "held(" not in source


@pytest.mark.parametrize(("base", "cell", "moving"), MOVING.values(), ids=MOVING.keys())
def test_the_cell_gives_the_same_model_later(guarded: Any, base: str, cell: str, moving: set[str]) -> None:
    """After the names of loops were bound to something else, and in a new kernel that ran the same cells."""
    source = _source(guarded, base, cell)
    names = guarded.shell.user_ns
    expected = [type(layer).__name__ for layer in _run(source, names).layers]
    assert [type(x).__name__ for x in _run(source, {**names, **dict.fromkeys(moving)}).layers] == expected
    fresh: dict[str, Any] = {}
    exec(f"{base}\n{cell}", fresh)
    assert [type(layer).__name__ for layer in _run(source, fresh).layers] == expected


def _run(source: str, names: dict[str, Any]) -> Any:
    scope = dict(names)
    exec(source, scope)
    return scope["model"]


def test_a_kept_layer_is_named_by_the_model_not_by_a_name_that_held_it(guarded: Any) -> None:
    """``first`` may hold another layer by the time the cell runs; ``model.get_layer`` does not."""
    guarded.run(SEQUENTIAL, "first = model.layers[0]\nmodel.layers[1] = Dense(4)\nmodel.layers[2] = Dense(4)")
    names = guarded.shell.user_ns
    source = rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names).source
    assert 'model.get_layer("a")' in source
    assert "first" not in _read(source)
