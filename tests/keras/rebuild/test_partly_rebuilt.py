"""A model that the user builds again by hand with only some of the edits of its list."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from keras_guard import RebuildRefused, _ledger, rebuild

from .test_cells import FUNCTIONAL, SEQUENTIAL, _kinds

pytestmark = pytest.mark.keras

#: The edits, a model by hand without some of them, one with all of them.
PARTLY = {
    "pop-in-a-loop": ("for _ in range(2): model.layers.pop()", "abc", "ab"),
    "pop-twice-on-a-line": ("model.layers.pop(); model.layers.pop()", "abc", "ab"),
    "pop-in-a-comprehension": ("_ = [model.layers.pop() for _ in range(3)]", "ab", "a"),
    "helper-called-twice": ("def drop():\n    model.layers.pop()\ndrop(); drop()", "abc", "ab"),
    "append-in-a-loop": ("for _ in range(2): model.layers.append(Dropout(0.1))", "abcd+", "abcd++"),
    "insert-in-a-loop": ("for _ in range(2): model.layers.insert(2, Dropout(0.1))", "ab+cd", "ab++cd"),
    "extend": ("model.layers.extend([Dropout(0.1), Dropout(0.2)])", "abcd+", "abcd++"),
    "removal": ("for n in (1, 2): del model.layers[n]", "acd", "ad"),
    "remove": ("for n in 'bc': model.layers.remove(model.get_layer(n))", "acd", "ad"),
    "replacements": ("for n in (1, 2): model.layers[n] = Dropout(0.1)", "a+cd", "a++d"),
    "swap": ("model.layers[1], model.layers[2] = model.layers[2], model.layers[1]", "abcd", "acbd"),
    "reverse": ("model.layers.reverse()", "abcd", "dcba"),
    "sort": ("model.layers.sort(key=lambda l: l.name, reverse=True)", "abcd", "dcba"),
    "pop-and-append": ("model.layers.pop(); model.layers.append(Dropout(0.1))", "abc", "abc+"),
}


def _by_hand(kinds: str) -> str:
    """Return code that builds a model of the old one's layers, and of new ones for ``+``."""
    items = ", ".join("Dropout(0.1)" if kind == "+" else f"old[{kind!r}]" for kind in kinds)
    return (
        "old = {layer.name: layer for layer in model.layers}\n"
        f"model = keras.Sequential([keras.Input((4,)), {items}])\ndel old"
    )


def _states(guarded: Any) -> set[str]:
    return {card.state.value for card in guarded.last_states().values()}


@pytest.mark.parametrize(("edits", "part", "_all"), PARTLY.values(), ids=PARTLY.keys())
def test_a_model_with_some_of_the_edits_does_not_resolve_the_card(
    guarded: Any, edits: str, part: str, _all: str
) -> None:
    """The card stays open as long as one of the edits is not in the new model."""
    guarded.run(SEQUENTIAL, edits, _by_hand(part), "model.summary()")
    assert "open" in _states(guarded)


@pytest.mark.parametrize(("edits", "_part", "every"), PARTLY.values(), ids=PARTLY.keys())
def test_a_model_with_every_edit_resolves_the_card(guarded: Any, edits: str, _part: str, every: str) -> None:
    """The card is resolved once all of them are there, and nothing else is said."""
    guarded.run(SEQUENTIAL, edits, _by_hand(every), "model.summary()")
    assert _states(guarded) == {"resolved"}


@pytest.mark.parametrize("name", ["pop-in-a-loop", "removal", "pop-and-append", "extend", "replacements"])
def test_the_rest_of_the_edits_can_be_rebuilt(guarded: Any, name: str) -> None:
    """A rebuild of the model by hand makes what is missing, and resolves the card."""
    edits, part, every = PARTLY[name]
    guarded.run(SEQUENTIAL, edits, _by_hand(part), "%keras_guard rebuild model --run")
    assert _kinds(guarded.shell.user_ns["model"]) == every.replace("+", "dr")
    assert _states(guarded) == {"resolved"}


def test_each_line_is_judged_by_its_own_edits(guarded: Any) -> None:
    """Of two lines, the one whose edit is in the new model is resolved, and the other one stays open."""
    guarded.run(SEQUENTIAL, "model.layers.pop()\nmodel.layers.pop()", _by_hand("abc"), "model.summary()")
    assert [card.state.value for card in guarded.last_states().values()] == ["resolved", "open"]


def test_an_edit_that_a_later_one_takes_back_is_not_asked_for(guarded: Any) -> None:
    """What was appended to the user's own list and taken out again is in no new model."""
    guarded.run(
        "import keras\nfrom keras.layers import Dense\n"
        "stack = [Dense(4, name='a'), Dense(4, name='b')]\nmodel = keras.Sequential(stack)\nmodel.build((None, 4))",
        "stack.append(Dense(4))\nstack.pop()\nstack.insert(1, Dense(4))",
        "model = keras.Sequential(stack)",
    )
    assert "open" not in _states(guarded)


def test_a_model_that_shares_nothing_is_another_one(guarded: Any) -> None:
    """The cell that builds the model anew with other layers resolves the card."""
    guarded.run(SEQUENTIAL, "for _ in range(2): model.layers.pop()", SEQUENTIAL)
    assert _states(guarded) == {"resolved"}


@pytest.mark.parametrize("style", ["replay", "copy", "source"])
@pytest.mark.parametrize("base", [SEQUENTIAL, FUNCTIONAL], ids=["sequential", "functional"])
def test_a_rebuild_in_every_style_resolves_the_card(guarded: Any, base: str, style: str) -> None:
    """Also a copy, whose new layers are other objects than those that were put into the list."""
    guarded.run(
        base,
        "new = Dense(4)\nmodel.layers[-2] = new\nmodel.layers.append(Dropout(0.1))",
        f"%keras_guard rebuild model --run --style {style}",
    )
    assert _states(guarded) == {"resolved"}


def test_a_functional_model_by_hand_with_one_of_two_cuts(guarded: Any) -> None:
    """The same for a model that is built from an output of the old one."""
    guarded.run(FUNCTIONAL, "for _ in range(2): model.layers.pop()")
    guarded.run("model = keras.Model(model.inputs, model.get_layer('c').output)")
    assert _states(guarded) == {"open"}
    guarded.run("model = keras.Model(model.inputs, model.get_layer('b').output)")
    assert _states(guarded) == {"resolved"}


INTERLEAVED = {
    "two-lines": "for _ in range(2):\n    model.layers.pop()\n    model.layers.append(Dropout(0.1))",
    "one-line": "for _ in range(2): model.layers.pop(); model.layers.append(Dropout(0.1))",
}


@pytest.mark.parametrize("cell", INTERLEAVED.values(), ids=INTERLEAVED.keys())
def test_edits_of_several_lines_of_a_loop_add_up_in_their_order(guarded: Any, cell: str) -> None:
    """A pop takes out what the turn before it appended, on whatever line it is."""
    guarded.run(SEQUENTIAL, cell)
    names = guarded.shell.user_ns
    made = rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names).run(dict(names))
    assert _kinds(made) == "abcdr"


def test_more_edits_of_one_line_than_are_kept_are_refused(guarded: Any, monkeypatch: Any) -> None:
    """No edit is dropped in silence: the rebuild says that there were too many, and no part of them resolves the card."""
    monkeypatch.setattr(_ledger, "_MAX_PARTS", 10)
    guarded.run(SEQUENTIAL, "for _ in range(12): model.layers.append(Dropout(0.1))")
    names = guarded.shell.user_ns
    with pytest.raises(RebuildRefused, match="12 edits"):
        rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names)
    guarded.run("model = keras.Sequential([*model.layers, *(Dropout(0.1) for _ in range(10))])")
    assert _states(guarded) == {"open"}


def test_three_hundred_edits_of_one_line_are_all_made(guarded: Any) -> None:
    """As many as a large loop makes are in the new model."""
    guarded.run(SEQUENTIAL, "for _ in range(300): model.layers.append(Dropout(0.1))")
    names = guarded.shell.user_ns
    made = rebuild(names["model"], guarded.session.edits_of(names["model"]), namespace=names).run(dict(names))
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in made.layers) == 300
