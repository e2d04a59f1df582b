"""What a card's help tells the user to do resolves the card, without another one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from keras_guard._rules import RULES

pytestmark = pytest.mark.keras

#: By rule: words its help says, and the code that does what they say.
CURES = [
    pytest.param(
        "KG101", "%keras_guard rebuild model", "%keras_guard rebuild model --run", id="KG101-rebuild"
    ),
    pytest.param("KG102", "change `shared` in Cell In[", "{cell}", id="KG102-change-the-cell"),
    pytest.param(
        "KG102", "%keras_guard rebuild model", "%keras_guard rebuild model --run", id="KG102-rebuild"
    ),
    pytest.param(
        "KG103",
        "build `model` again",
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6)])",
        id="KG103-build-again",
    ),
    pytest.param(
        "KG103", "%keras_guard rebuild model", "%keras_guard rebuild model --run", id="KG103-rebuild"
    ),
    pytest.param(
        "KG104",
        "model",
        "inputs = keras.Input((4,)); model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dense(6)(inputs)))",
        id="KG104-build-with-it",
    ),
    pytest.param(
        "KG201",
        "keras.models.clone_model(model)",
        "model = keras.models.clone_model(model)",
        id="KG201-clone",
    ),
    pytest.param("KG202", "compile `model` again", 'model.compile("sgd", "mse")', id="KG202-compile"),
    pytest.param("KG203", "compile `model` again", 'model.compile("sgd", "mse")', id="KG203-compile"),
    pytest.param("KG204", "compile", 'model.compile("sgd", "mae")', id="KG204-compile"),
    pytest.param(
        "KG202", "%keras_guard recompile model", "%keras_guard recompile model --run", id="KG202-recompile"
    ),
    pytest.param(
        "KG203", "%keras_guard recompile model", "%keras_guard recompile model --run", id="KG203-recompile"
    ),
    pytest.param(
        "KG204", "%keras_guard recompile model", "%keras_guard recompile model --run", id="KG204-recompile"
    ),
    pytest.param(
        "KG205", "compile", 'critic.trainable = True; critic.compile("sgd", "mse")', id="KG205-compile"
    ),
    pytest.param("KG302", "compile", 'model.compile("sgd", "mse")', id="KG302-compile"),
    pytest.param("KG303", "run Cell In[", "{cell}", id="KG303-run-the-cell-again"),
    pytest.param("KG304", "compile", 'model.compile("sgd", "mse")', id="KG304-compile"),
    pytest.param("KG305", "run Cell In[", "{cell}", id="KG305-run-the-cell-again"),
]


@pytest.mark.parametrize(("code", "words", "cure"), CURES)
def test_the_cure_resolves_the_card(guarded: Any, code: str, words: str, cure: str) -> None:
    """The help names the cure; done, the card is resolved and nothing new is said."""
    cells = [cell.strip("\n") for cell in RULES[code].page.example.split("# ---\n")]
    guarded.run(*cells)
    shown = [d for d in guarded.last_states().values() if d.code == code]
    helps = [d.help for d in shown if words in d.help]
    assert helps
    named = re.search(r"In\[(\d+)\]", helps[-1])
    guarded.run(cure.format(cell=guarded.shell.user_ns["In"][int(named[1])] if named else ""))
    assert {d.state.value for d in guarded.last_states().values()} == {"resolved"}


def test_every_rule_with_a_cure_is_here() -> None:
    """Only KG301, whose edit leaves nothing behind to cure, is missing."""
    assert {cure.values[0] for cure in CURES} == set(RULES) - {"KG301"}
