"""KG101 in a real kernel: edits of a list that Keras returned as a copy."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

from .models import FUNCTIONAL, NESTED, SEQUENTIAL

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

TEMPORARY = {
    "item": "model.layers[0] = layers.Dense(16)",
    "negative item": "model.layers[-1] = layers.Dense(16)",
    "slice": "model.layers[0:1] = [layers.Dense(16)]",
    "whole slice": "model.layers[:] = [layers.Dense(16), layers.Dense(2)]",
    "del item": "del model.layers[0]",
    "del slice": "del model.layers[1:]",
    "append": "model.layers.append(layers.Dense(3))",
    "insert": "model.layers.insert(1, layers.Dense(3))",
    "pop": "model.layers.pop()",
    "pop first": "model.layers.pop(0)",
    "remove": "model.layers.remove(model.layers[0])",
    "extend": "model.layers.extend([layers.Dense(3)])",
    "clear": "model.layers.clear()",
    "reverse": "model.layers.reverse()",
    "sort": "model.layers.sort(key=lambda layer: -model.layers.index(layer))",
    "tuple swap": "model.layers[0], model.layers[1] = model.layers[1], model.layers[0]",
    "popped value kept": "last = model.layers.pop()",
    "as one of two targets": "kept = model.layers[0] = layers.Dense(16)",
    "unpacked": "model.layers[0], other = layers.Dense(16), 1",
    "starred": "*model.layers[0:1], other = layers.Dense(16), 1",
    "annotated": "model.layers[0]: object = layers.Dense(16)",
    "in a condition": "if model.layers.pop(): pass",
    "in a with": "with open('/dev/null') as model.layers[0]: pass",
    "getattr chain": "[model][0].layers[0] = layers.Dense(16)",
    "dict chain": "{'m': model}['m'].layers[0] = layers.Dense(16)",
    "call chain": "(lambda: model)().layers[0] = layers.Dense(16)",
    "in a comprehension": "[model.layers.pop() for _ in range(1)]",
    "over two lines": "model.layers[\n    0\n] = layers.Dense(16)",
}


@pytest.mark.parametrize("edit", TEMPORARY.values(), ids=TEMPORARY.keys())
@pytest.mark.parametrize("build", [SEQUENTIAL, FUNCTIONAL], ids=["sequential", "functional"])
def test_an_edit_of_a_handed_out_list_opens_at_once(kernel: Kernel, build: str, edit: str) -> None:
    """Every way of editing `model.layers` itself opens one KG101 at the edit's line, in the edit's cell."""
    run = kernel.cells(build, f"count = len(model.layers)\n{edit}")[1]
    assert {card.brief for card in run.cards} == {("KG101", "open", 2)}
    assert len({card.payload["id"] for card in run.cards}) == 1
    assert kernel.value("len(model.layers) == count")


def test_each_edit_of_a_swap_is_one_cause(kernel: Kernel) -> None:
    """Two edits in one statement are one card."""
    kernel.ok(SEQUENTIAL)
    run = kernel.ok("model.layers[0], model.layers[1] = model.layers[1], model.layers[0]")
    assert len({card.payload["id"] for card in run.cards}) == 1


def test_the_card_names_model_layers_and_cure(kernel: Kernel) -> None:
    """The bundle holds the contract's fields, and text and HTML say the same."""
    run = kernel.cells(FUNCTIONAL, "model.layers[1] = layers.Dense(16, name='wider')")[1]
    card = run.cards[0]
    assert card.payload["schema"] == 1
    assert card.payload["rule"] == "layer-list"
    assert card.payload["model"] == "model"
    assert card.payload["graph_layer"] == {"name": "hidden", "class": "Dense"}
    assert card.payload["new_layer"] == {"name": "wider", "class": "Dense"}
    assert card.payload["rebuild"] is True
    assert card.payload["span"]["execution_count"] == run.count
    assert card.payload["span"]["column"] == 1
    assert card.payload["span"]["end_column"] == len("model.layers[1]") + 1
    for text in (card.text, card.html or ""):
        assert "hidden" in text
        assert "wider" in text
        assert "model.layers[1]" in text
    assert "^^^" in card.text
    assert card.display_id == card.payload["id"]
    assert not card.update


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("self_ = type('Box', (), {})()\nself_.m = model\nself_.m.layers[-1] = layers.Dense(9)", 3),
        ("boxes = {'a': [model]}\nboxes['a'][0].layers.pop()", 2),
        ("pass\nfor _ in range(3):\n    model.layers.pop()", 3),
        ("if True:\n    try:\n        model.layers.append(layers.Dense(9))\n    finally:\n        pass", 3),
    ],
    ids=["attribute", "containers", "loop", "nested blocks"],
)
def test_chains_and_blocks(kernel: Kernel, cell: str, line: int) -> None:
    """Chains and blocks change nothing: one card at the edit's line."""
    run = kernel.cells(SEQUENTIAL, cell)[1]
    assert {card.brief for card in run.cards} == {("KG101", "open", line)}
    assert len({card.payload["id"] for card in run.cards}) == 1


def test_a_nested_models_list(kernel: Kernel) -> None:
    """The list of a model inside a model is as much a copy."""
    run = kernel.cells(NESTED, "outer.layers[0].layers[0] = layers.Dense(16)")[1]
    assert run.briefs == [("KG101", "open", 1)]
    assert "inner" in run.cards[0].payload["models"]


def test_inside_a_function_the_edits_line_and_the_call_are_named(kernel: Kernel) -> None:
    """An edit in a function is marked where it stands, in the cell that defined it, and the call is named."""
    _, define, call = kernel.cells(
        SEQUENTIAL,
        "def swap(m):\n    m.layers[0] = layers.Dense(16)\n    return m",
        "pass\nmodel = swap(model)",
    )
    assert define.cards == []
    assert call.briefs == [("KG101", "open", 2)]
    card = call.cards[0]
    assert card.payload["span"]["execution_count"] == define.count
    assert f"Cell In[{call.count}], line 2" in card.text


@pytest.mark.parametrize(
    "define",
    [
        "class Box:\n    def edit(self, m):\n        m.layers.pop()\nedit = Box().edit",
        "def outer():\n    def edit(m):\n        m.layers.pop()\n    return edit\nedit = outer()",
        "edit = lambda m: (\n    None,\n    m.layers.pop(),\n)",
        "import functools\n@functools.lru_cache\ndef edit(m): m.layers.pop()",
    ],
    ids=["method", "closure", "lambda", "decorated"],
)
def test_every_kind_of_function(kernel: Kernel, define: str) -> None:
    """Methods, closures, lambdas and decorated functions are instrumented alike."""
    _, _, call = kernel.cells(SEQUENTIAL, define, "result = edit(model)")
    assert call.briefs == [("KG101", "open", 3)] if "lambda" not in define else call.briefs[0][1] == "open"


def test_edits_inside_async_and_generator_functions(kernel: Kernel) -> None:
    """Coroutines and generators are functions too."""
    _, run = kernel.cells(
        SEQUENTIAL,
        "async def edit(m):\n    m.layers.pop()\ndef walk(m):\n    yield m.layers.pop(0)\nawait edit(model)\nlist(walk(model))",
    )
    assert {card.brief for card in run.cards} == {("KG101", "open", 2), ("KG101", "open", 4)}


@pytest.mark.parametrize(
    "edit",
    [
        "held[0] = layers.Dense(16)",
        "held.pop()",
        "held += [layers.Dense(16)]",
        "held[:] = [layers.Dense(16)]",
        "held.append(layers.Dense(16))",
        "del held[0]",
        "held.clear()",
        "held.reverse()",
    ],
)
def test_an_edited_alias_waits_for_the_stale_use(kernel: Kernel, edit: str) -> None:
    """An alias may still be passed to a new model: pending, then open when the old model is used, in one display."""
    _, _, first, use = kernel.cells(SEQUENTIAL, "held = model.layers", edit, "y = model(x)")
    assert first.briefs == [("KG101", "pending", 1)]
    assert use.briefs == [("KG101", "open", 1)]
    assert use.cards[0].update
    assert use.cards[0].display_id == first.cards[0].display_id
    assert use.cards[0].payload["span"]["execution_count"] == first.count


def test_ones_own_list(kernel: Kernel) -> None:
    """The list given to Sequential was copied: an edit of it is pending, then open at the use."""
    _, edit, use = kernel.cells(
        SEQUENTIAL
        + "mine = [layers.Dense(8), layers.Dense(2)]\nmodel = keras.Sequential(mine)\nmodel.build((None, 4))",
        "mine[0] = layers.Dense(32)",
        "model.summary()",
    )
    assert edit.briefs == [("KG101", "pending", 1)]
    assert use.briefs == [("KG101", "open", 1)]


def test_an_alias_handed_to_a_new_model_in_the_cell_is_no_news(kernel: Kernel) -> None:
    """The rest of the cell rebuilds the model from the edited list: nothing is shown."""
    run = kernel.cells(
        SEQUENTIAL,
        "held = model.layers\nheld.pop()\nmodel = keras.Sequential([keras.Input((4,)), *held])\ny = model(x)",
    )[1]
    assert run.cards == []


def test_an_alias_handed_to_a_new_model_later_resolves(kernel: Kernel) -> None:
    """A pending card turns resolved, in place, when the model's name is bound to a rebuilt model."""
    _, edit, rebuilt = kernel.cells(
        SEQUENTIAL,
        "held = model.layers\nheld[-1] = layers.Dense(5)",
        "model = keras.Sequential([keras.Input((4,)), *held])\ny = model(x)",
    )
    assert edit.briefs == [("KG101", "pending", 2)]
    assert [card.state for card in rebuilt.cards] == ["resolved"]
    assert rebuilt.cards[0].display_id == edit.cards[0].display_id
    assert f"In[{rebuilt.count}]" in rebuilt.cards[0].text


LEGAL = {
    "reading": "first = model.layers[0]\nfor layer in model.layers: layer.trainable\nlen(model.layers)",
    "copying": "held = list(model.layers)\nnew = keras.Sequential([keras.Input((4,)), *held[:-1]])",
    "slices": "held = model.layers[:-1]\nnew = keras.Sequential([keras.Input((4,)), *held, layers.Dense(9)])",
    "own list": "things = []\nthings.append(layers.Dense(3))\nthings.pop()\nthings[:] = [1]",
    "another library": "class Net:\n    layers = []\nnet = Net()\nnet.layers.append(1)\nnet.layers[0] = 2\nnet.layers.pop()",
    "no-op item": "model.layers[0] = model.layers[0]",
    "no-op slice": "model.layers[:] = model.layers",
    "add and pop": "model.add(layers.Dense(3))\nmodel.pop()",
    "a raising edit": "try:\n    model.layers[99] = layers.Dense(3)\nexcept IndexError:\n    pass",
    "keras raises": "try:\n    model.layers += [layers.Dense(3)]\nexcept AttributeError:\n    pass",
    "a name only": "layers_ = model.layers\ndel layers_",
    "weights": "w = model.layers[0].get_weights()\nmodel.layers[0].set_weights(w)",
}


@pytest.mark.parametrize("cell", LEGAL.values(), ids=LEGAL.keys())
def test_silence_on_legal_code(kernel: Kernel, cell: str) -> None:
    """Code that loses nothing is not spoken about, also when the models are used afterwards."""
    runs = kernel.cells(SEQUENTIAL, cell, "y = model(x)")
    assert [card.brief for run in runs for card in run.cards] == []
