"""KG102 in a real kernel: a name that held a layer of a model now holds another layer."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

from .models import FUNCTIONAL, NESTED, SEQUENTIAL, SHARED

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

REBINDINGS = {
    "name": ("", "head = layers.Dense(5)", 1),
    "annotated": ("", "head: object = layers.Dense(5)", 1),
    "walrus": ("", "print((head := layers.Dense(5)).units)", 1),
    "tuple": ("", "head, count = layers.Dense(5), 1", 1),
    "nested tuple": ("", "(a, (head, b)) = 1, (layers.Dense(5), 2)", 1),
    "starred": ("", "*rest, head = 1, 2, layers.Dense(5)", 1),
    "chained": ("", "other = head = layers.Dense(5)", 1),
    "in a block": ("", "if True:\n    head = layers.Dense(5)", 2),
    "in a loop": ("", "for n in range(3):\n    head = layers.Dense(n + 1)", 2),
    "in a with": ("", "with open('/dev/null') as f:\n    head = layers.Dense(5)", 2),
    "in a try": ("", "try:\n    head = layers.Dense(5)\nfinally:\n    pass", 2),
    "match": ("", "match layers.Dense(5):\n    case head: pass", 2),
    "global in a function": ("def edit():\n    global head\n    head = layers.Dense(5)", "edit()", None),
    "list slot": ("box = [1, head]", "box[1] = layers.Dense(5)", 1),
    "dict slot": ("box = {'head': head}", "box['head'] = layers.Dense(5)", 1),
    "dict update": ("box = {'head': head}", "box.update(head=layers.Dense(5))", 1),
    "attribute": ("box = type('Box', (), {})()\nbox.head = head", "box.head = layers.Dense(5)", 1),
    "method": (
        "class Box:\n    def edit(self):\n        self.head = layers.Dense(5)\nbox = Box()\nbox.head = head",
        "box.edit()",
        None,
    ),
    "namedexpr in while": ("", "n = 0\nwhile n < 1:\n    n += 1\n    head = layers.Dense(5)", 4),
}


@pytest.mark.parametrize(("before", "edit", "line"), REBINDINGS.values(), ids=REBINDINGS.keys())
def test_pending_at_the_edit_and_open_at_the_stale_use(
    kernel: Kernel, before: str, edit: str, line: int | None
) -> None:
    """Every form of rebinding is pending in its own cell and open, in the same display, when the model runs."""
    _, _, first, use = kernel.cells(FUNCTIONAL, before or "pass", edit, "y = model(x)")
    assert [(card.code, card.state) for card in first.cards] == [("KG102", "pending")]
    assert [(card.code, card.state) for card in use.cards] == [("KG102", "open")]
    assert use.cards[0].display_id == first.cards[0].display_id
    assert use.cards[0].update
    assert use.cards[0].payload["id"] == first.cards[0].payload["id"]
    if line is not None:
        assert first.cards[0].line == line
        assert first.cards[0].payload["span"]["execution_count"] == first.count


def test_a_name_bound_in_a_function_is_marked_in_the_function(kernel: Kernel) -> None:
    """A global set in a function is marked at the assignment, not at the call."""
    _, define, call = kernel.cells(
        FUNCTIONAL, "def edit():\n    global head\n    head = layers.Dense(5)", "pass\nedit()"
    )
    card = call.cards[0]
    assert card.line == 3
    assert card.payload["span"]["execution_count"] == define.count
    assert f"Cell In[{call.count}], line 2" in kernel.ok("y = model(x)").cards[0].text


USES = {
    "call": "model(x)",
    "predict": "model.predict(x, verbose=0)",
    "fit": "model.fit(x, np.zeros((2, 2)), verbose=0)",
    "evaluate": "model.evaluate(x, np.zeros((2, 2)), verbose=0)",
    "train_on_batch": "model.train_on_batch(x, np.zeros((2, 2)))",
    "summary": "model.summary()",
    "save": "model.save(__import__('tempfile').mkdtemp() + '/m.keras')",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_every_use_of_the_stale_model_opens(kernel: Kernel, use: str) -> None:
    """Running, training, showing and saving the stale model open the diagnostic."""
    runs = kernel.cells(FUNCTIONAL + "model.compile('sgd', 'mse')", "head = layers.Dense(5)", use)
    assert [card.state for card in runs[2].cards if card.code == "KG102"] == ["open"]


def test_the_pending_card_names_the_cell_to_run_again(kernel: Kernel) -> None:
    """The usual cure, running the building cell again, is named with its number."""
    _, build, edit = kernel.cells(
        "import keras\nfrom keras import layers\nentry = keras.Input((4,))\nhead = layers.Dense(2)",
        "model = keras.Model(entry, head(entry))",
        "head = layers.Dense(5)",
    )
    assert len(edit.cards) == 1
    assert f"In[{build.count}]" in edit.cards[0].text


def test_running_the_building_cell_again_resolves(kernel: Kernel) -> None:
    """The rebuilt model resolves the card in place and says in which cell."""
    build = "model = keras.Model(entry, head(hidden(entry)))"
    _, edit, again, use = kernel.cells(FUNCTIONAL, "head = layers.Dense(5)", build, "y = model(x)")
    assert [card.state for card in edit.cards] == ["pending"]
    assert [card.state for card in again.cards] == ["resolved"]
    assert again.cards[0].display_id == edit.cards[0].display_id
    assert again.cards[0].update
    assert f"In[{again.count}]" in again.cards[0].text
    assert use.cards == []


def test_binding_the_old_layer_back_resolves(kernel: Kernel) -> None:
    """Taking the edit back resolves it."""
    runs = kernel.cells(FUNCTIONAL, "keep = head", "head = layers.Dense(5)", "head = keep", "y = model(x)")
    assert [[card.state for card in run.cards] for run in runs] == [[], [], ["pending"], ["resolved"], []]


def test_deleting_the_model_resolves(kernel: Kernel) -> None:
    """A model that is gone has no stale view."""
    runs = kernel.cells(FUNCTIONAL, "head = layers.Dense(5)", "del model")
    assert [[card.state for card in run.cards] for run in runs] == [[], ["pending"], ["resolved"]]


def test_an_open_card_resolves_too(kernel: Kernel) -> None:
    """pending, open, resolved are three states of one display."""
    build = "model = keras.Model(entry, head(hidden(entry)))"
    runs = kernel.cells(FUNCTIONAL, "head = layers.Dense(5)", "y = model(x)", build)
    cards = [card for run in runs for card in run.cards]
    assert [card.state for card in cards] == ["pending", "open", "resolved"]
    assert len({card.display_id for card in cards}) == 1
    assert [card.update for card in cards] == [False, True, True]


def test_a_second_use_is_counted_in_the_same_card(kernel: Kernel) -> None:
    """Once per cause: later uses are counted in the open card, which stays where it is."""
    runs = kernel.cells(FUNCTIONAL, "head = layers.Dense(5)", "y = model(x)", "y = model(x)\ny = model(x)")
    (card,) = runs[3].cards
    assert card.update
    assert card.payload["id"] == runs[2].cards[-1].payload["id"]
    assert card.payload["happened"].startswith("3 `call` ran")


def test_look_ahead_a_rebuild_in_the_cell_is_waited_for(kernel: Kernel) -> None:
    """The cell itself builds the model again: no card at all."""
    run = kernel.cells(
        FUNCTIONAL, "head = layers.Dense(5)\nmodel = keras.Model(entry, head(hidden(entry)))\ny = model(x)"
    )[1]
    assert run.cards == []


def test_look_ahead_a_use_before_the_rebuild_opens(kernel: Kernel) -> None:
    """The cell uses the stale model before it builds it again: the card opens just before that use."""
    run = kernel.cells(
        FUNCTIONAL,
        "head = layers.Dense(5)\nprint('before')\ny = model(x)\nprint('after')\n"
        "model = keras.Model(entry, head(hidden(entry)))",
    )[1]
    states = [card.state for card in run.cards]
    assert states[-2:] == ["open", "resolved"]
    opened = next(card for card in run.cards if card.state == "open")
    assert run.position_of("before") < opened.position < run.position_of("after")


def test_a_shared_layer(kernel: Kernel) -> None:
    """A layer two branches share is one cause."""
    runs = kernel.cells(SHARED, "shared = layers.Dense(16)", "y = model(x)")
    assert [[card.state for card in run.cards] for run in runs] == [[], ["pending"], ["open"]]


def test_a_nested_model_rebound(kernel: Kernel) -> None:
    """A nested model is a layer: its name rebound leaves the outer model with the old one."""
    runs = kernel.cells(
        NESTED,
        "inner = keras.Sequential([keras.Input((4,)), layers.Dense(8)])",
        "y = outer(x)",
    )
    assert [[card.brief for card in run.cards] for run in runs] == [
        [],
        [("KG102", "pending", 1)],
        [("KG102", "open", 1)],
    ]
    assert runs[2].cards[0].payload["model"] == "outer"


LEGAL = {
    "loop target": "for head in model.layers:\n    pass",
    "comprehension": "units = [head.name for head in model.layers]",
    "tensor name": "h = hidden(entry)\nh = head(h)\nh = layers.ReLU()(h)",
    "del": "del head",
    "same object": "head = head",
    "from the model": "head = model.layers[-1]\nhead = model.get_layer('head')",
    "other layer of the graph": "head = hidden",
    "not a layer": "head = 3",
    "another name": "other = layers.Dense(5)\nother = layers.Dense(6)",
    "function local": "def build():\n    head = layers.Dense(5)\n    return head\nbuild()",
    "second model": "second = keras.Model(entry, layers.Dense(7)(hidden(entry)))",
    "none": "head = None",
}


@pytest.mark.parametrize("cell", LEGAL.values(), ids=LEGAL.keys())
def test_silence_on_legal_code(kernel: Kernel, cell: str) -> None:
    """Rebindings that lose nothing are not spoken about."""
    runs = kernel.cells(FUNCTIONAL, cell, "y = model(x)")
    assert [card.brief for run in runs for card in run.cards] == []


def test_a_model_nobody_can_reach_is_no_news(kernel: Kernel) -> None:
    """A layer whose model was deleted may be rebound freely."""
    runs = kernel.cells(SEQUENTIAL, "first = model.layers[0]\ndel model", "first = layers.Dense(16)")
    assert [card.brief for run in runs for card in run.cards] == []
