"""Cards in terminals: at 80 and 120 columns, on dark and light backgrounds, without colours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from keras_guard._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from keras_guard._render.as_text import render_text
from keras_guard._render.paint import Look
from keras_guard._render.terminal import look_of_terminal
from tests.support.golden import Golden, may_rewrite

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CODE = (
    "encoder.layers[3] = layers.Conv2D(128, 3, activation='relu', kernel_regularizer=keras.regularizers.l2(1e-4))",
    "",
    "classifier = keras.Sequential([backbone, layers.Dense(10)])",
)


def _card(state: State = State.OPEN, column: int = 1, end_column: int = 18) -> Diagnostic:
    old = LayerFacts("block3_convolution", "Conv2D", "filters=64, kernel_size=3", (None, 28, 28, 64), 36_928)
    new = LayerFacts("wider_convolution", "Conv2D", "filters=128, kernel_size=3, activation='relu'")
    return Diagnostic(
        "1",
        "KG101",
        "layer-list",
        state,
        "encoder",
        Span(7, None, 4, 4 if column > 1 else 6, column, end_column, _CODE[: 1 if column > 1 else 3]),
        "assigning to `encoder.layers` does not change `encoder`, which `classifier` and two other models run",
        label=f"changes a list that nothing else holds; `encoder` still runs {old.title()}",
        notes=("`encoder.layers` is a new list each time it is read; editing it leaves the graph as it was",),
        help="run `%keras_guard rebuild encoder`: it writes the code of the model you meant, with the weights of the kept layers",
        diff=(DiffRow("-", old, 3), DiffRow("+", new, 3)),
        happened="2 `fit`s ran with the old layer",
        resolution="`encoder` was built again with the new layer (Cell In[9])"
        if state is State.RESOLVED
        else None,
    )


CARDS = {
    "open": _card(),
    "pending": _card(State.PENDING),
    "resolved": _card(State.RESOLVED),
    "edit far right": _card(column=81, end_column=107),
}
LOOKS = {"80 columns": Look(width=80), "120 columns": Look(width=120), "40 columns": Look(width=40)}
COLOURS = {"dark": Look(True, False, 80), "light": Look(True, True, 80)}


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """The agreed texts; escape sequences are written as ``<31>``."""
    return Golden(Path(__file__).with_name("golden") / "terminal.txt", may_rewrite(request.config))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("card", CARDS)
def test_a_card_fits_the_terminal(golden: Golden, card: str, look: str) -> None:
    """No line is wider than the terminal, and every word of the wide card is there."""
    width = LOOKS[look].width or 0
    text = render_text(CARDS[card], look=LOOKS[look])
    assert max(map(len, text.splitlines())) <= width
    told = _words(render_text(CARDS[card]).replace("".join(_CODE), ""))
    assert told - _words(text) <= _words(" ".join(_CODE)), "only source code may be cut"
    golden.check(f"{card}, {look}", text)


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[\s|]+", text) if word and "^" not in word}


@pytest.mark.parametrize("look", COLOURS)
@pytest.mark.parametrize("card", ["open", "pending", "resolved"])
def test_colours_add_nothing_to_the_text(golden: Golden, card: str, look: str) -> None:
    """Without its colours a coloured card is the plain one; yellow is not used on a light background."""
    text = render_text(CARDS[card], look=COLOURS[look])
    assert _COLOUR.sub("", text) == render_text(CARDS[card], look=Look(width=80))
    assert ("\x1b[1;33m" in text) == (look == "dark" and card != "resolved")
    golden.check(f"{card}, {look}", re.sub("\x1b\\[([0-9;]*)m", r"<\1>", text))


@pytest.mark.parametrize(
    ("theme", "colorfgbg", "light"),
    [
        pytest.param("LightBG", "", True, id="IPython 8"),
        pytest.param("lightbg", "15;0", True, id="IPython 9"),
        pytest.param("linux", "0;15", False, id="chosen dark"),
        pytest.param("neutral", "0;15", True, id="terminal is light"),
        pytest.param("neutral", "15;0", False, id="terminal is dark"),
        pytest.param("", "", False, id="unknown"),
    ],
)
def test_the_background_is_what_ipython_or_the_terminal_says(
    monkeypatch: pytest.MonkeyPatch, theme: str, colorfgbg: str, light: bool
) -> None:
    """A theme that was chosen counts; the neutral one asks the terminal."""
    monkeypatch.setenv("COLORFGBG", colorfgbg)
    assert look_of_terminal(True, theme).light is light


def test_text_for_a_file_is_not_wrapped(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Where the output is no terminal and no width was given, lines stay whole."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert look_of_terminal(False).width is None
    monkeypatch.setenv("COLUMNS", "90")
    assert look_of_terminal(False).width == 90
