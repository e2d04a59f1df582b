"""When and how cards reach the front end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.kernel import Kernel

from .models import FUNCTIONAL, SEQUENTIAL

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

EDITS = {
    "list at the top": (SEQUENTIAL, "model.layers[0] = layers.Dense(16)"),
    "list in a function": (SEQUENTIAL, "def edit(m):\n    m.layers.pop()\nedit(model)"),
    "name": (FUNCTIONAL, "head = layers.Dense(5)"),
    "name in a block": (FUNCTIONAL, "if True:\n    head = layers.Dense(5)"),
}


@pytest.mark.parametrize(("build", "edit"), EDITS.values(), ids=EDITS.keys())
def test_the_card_comes_before_the_next_statement(
    kernel: Kernel, tmp_path: Path, build: str, edit: str
) -> None:
    """The card is with the front end while the statement after the edit has not ended yet.

    That statement reads a named pipe, which is written to only after the card was received.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    kernel.ok(build)
    running = kernel.start(f"{edit}\nword = open({str(pipe)!r}).read()\nprint('read', word)")
    card = running.until_card()
    assert "read" not in running.run.stream()
    pipe.write_text("on")  # returns only once the cell has opened the pipe for reading
    run = running.finish()
    assert run.error is None
    assert card.position < run.position_of("read on")


def test_the_open_card_comes_before_the_training(kernel: Kernel, tmp_path: Path) -> None:
    """With the edit in an earlier cell, the card opens before `fit` runs its first batch."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    kernel.cells(FUNCTIONAL + "model.compile('sgd', 'mse')", "head = layers.Dense(5)")
    running = kernel.start(
        "class Wait(keras.callbacks.Callback):\n"
        f"    def on_train_begin(self, logs=None): open({str(pipe)!r}).read()\n"
        "history = model.fit(x, np.zeros((2, 2)), verbose=0, callbacks=[Wait()])\n"
        "print('fitted')"
    )
    assert running.until_card().state == "open"
    pipe.write_text("on")
    run = running.finish()
    assert run.error is None
    assert "fitted" in run.stream()


def test_columns_count_characters_not_bytes(kernel: Kernel) -> None:
    """Wide characters before the edit do not move the caret."""
    run = kernel.cells(SEQUENTIAL, "'größe'; model.layers[0] = layers.Dense(3)")[1]
    span = run.cards[0].payload["span"]
    assert (span["column"], span["end_column"]) == (10, 25)
    line, caret = (
        next(t for t in run.cards[0].text.splitlines() if "größe" in t),
        next(t for t in run.cards[0].text.splitlines() if "^^" in t),
    )
    assert caret.index("^") == line.index("model.layers")


@pytest.mark.parametrize(
    ("prefix", "line"),
    [("%%time\n", 2), ("\n\n", 3), ("%%capture\n", 2), ("# comment\n", 2), ("%%keras_guard strict\n", 2)],
    ids=["%%time", "blank lines", "%%capture", "comment", "own magic"],
)
def test_lines_count_as_the_user_sees_them(kernel: Kernel, prefix: str, line: int) -> None:
    """Magic lines, blank lines and comments above the edit are counted."""
    kernel.ok(SEQUENTIAL)
    run = kernel.run(f"{prefix}model.layers[0] = layers.Dense(3)")
    assert {card.line for card in run.cards} == {line}
    assert {card.payload["span"]["execution_count"] for card in run.cards} == {run.count}


def test_captured_output_does_not_swallow_the_card(kernel: Kernel) -> None:
    """`%%capture` takes the user's output, not the card."""
    run = kernel.cells(SEQUENTIAL, "%%capture taken\nprint('mine')\nmodel.layers.pop()")[1]
    assert [card.state for card in run.cards] == ["open"]
    assert run.stream() == ""
    assert kernel.ok("taken.stdout").out == "'mine\\n'"


def test_a_silent_request_shows_nothing(kernel: Kernel) -> None:
    """Hidden requests of front ends show nothing."""
    kernel.ok(SEQUENTIAL)
    run = kernel.run("model.layers[0] = layers.Dense(3)", silent=True)
    assert run.cards == []


def test_filterwarnings_ignore_does_not_silence_the_card(kernel: Kernel) -> None:
    """A blanket filter, found in many notebooks, is not about the guard."""
    run = kernel.cells(
        SEQUENTIAL, "import warnings\nwarnings.filterwarnings('ignore')", "model.layers.pop()"
    )[2]
    assert [card.state for card in run.cards] == ["open"]
    kernel.ok("warnings.resetwarnings()")


def test_a_filter_on_the_guards_own_category_silences(kernel: Kernel) -> None:
    """A filter on KerasGuardWarning is meant."""
    _, _, run = kernel.cells(
        SEQUENTIAL,
        "import warnings\nfrom keras_guard import KerasGuardWarning\n"
        "warnings.filterwarnings('ignore', category=KerasGuardWarning)",
        "model.layers.pop()",
    )
    kernel.ok("warnings.resetwarnings()")
    assert run.cards == []


def test_names_from_the_user_are_escaped_in_html(kernel: Kernel) -> None:
    """Markup in names of layers reaches the page as text."""
    run = kernel.cells(
        SEQUENTIAL,
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name='<img src=q onerror=alert(1)>')])",
        "model.layers[0] = layers.Dense(3, name='<script>alert(2)')",
    )[2]
    html = run.cards[0].html or ""
    assert "<img src=q" not in html
    assert "<script" not in html
    assert "&lt;script&gt;alert(2)" in html


def test_the_result_and_the_error_of_the_cell_stay(kernel: Kernel) -> None:
    """Out and tracebacks are those of the cell."""
    kernel.ok(SEQUENTIAL)
    run = kernel.run("model.layers[0] = layers.Dense(3)\n40 + 2")
    assert run.out == "42"
    run = kernel.run("model.layers.pop()\nx.nothing")
    assert run.error is not None
    assert "AttributeError" in run.error
    assert "----> 2 x.nothing" in "".join(_plain(run.traceback))


def _plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
