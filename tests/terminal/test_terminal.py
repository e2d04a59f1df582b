"""Terminal IPython in a real pseudo-terminal: the same card as text, coloured where colours are shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.kernel import ENVIRONMENT

pexpect = pytest.importorskip("pexpect", reason="pexpect comes with IPython on every system with terminals")

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

#: Control sequences other than colours: cursor, erasing, modes, titles.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-LN-Za-ln-z]|\x1b\][^\x07]*\x07|\x1b[=>()][0-9A-B]?")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

BUILD = "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name='first'), keras.layers.Dense(2, name='last')])"
EDIT = "model.layers[0] = keras.layers.Dense(5, name='wider')"


class Terminal:
    """One IPython in a pseudo-terminal.

    Args:
        home: The IPython directory.
        arguments: Of IPython.
        columns: The width of the terminal.
        variables: Environment variables beside the usual ones.
    """

    def __init__(self, home: Path, *arguments: str, columns: int = 160, **variables: str) -> None:
        self._process = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--no-banner", "--no-confirm-exit", *arguments],
            env={
                **os.environ,
                **ENVIRONMENT,
                "IPYTHONDIR": str(home),
                "TERM": "xterm-256color",
                # This terminal does not answer where the cursor is.
                "PROMPT_TOOLKIT_NO_CPR": "1",
                **variables,
            },
            dimensions=(60, columns),
            encoding="utf-8",
            timeout=90,
        )
        self._number = 1
        self._to_prompt()

    def run(self, line: str) -> str:
        """Type a line and return everything shown up to the next prompt, colours kept."""
        self._process.send(line + "\r")
        self._number += 1
        self._to_prompt()
        return _CONTROL.sub("", str(self._process.before))

    def until(self, text: str) -> None:
        """Wait until a text has been shown."""
        self._process.expect_exact(text)

    def accept(self, text: str) -> None:
        """Run what is at the prompt, wherever the cursor is, and wait for a text and the next prompt."""
        self._process.send("\x1b\r")
        self.until(text)
        self._number += 1
        self._to_prompt()

    def _to_prompt(self) -> None:
        self._process.expect(rf"In [^\n]{{0,20}}\[[^\n]{{0,20}}{self._number}[^\n]{{0,20}}\]")

    def close(self) -> None:
        """Hang up."""
        self._process.close(force=True)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal with the guard loaded and Keras imported."""
    terminal = Terminal(tmp_path_factory.mktemp("home"))
    terminal.run("%load_ext keras_guard")
    terminal.run("import keras")
    yield terminal
    terminal.close()


def card(shown: str) -> str:
    """Return the card's own lines, colours kept."""
    found = shown[re.search(r"(?:\x1b\[1;3\dm)?keras_guard warning", shown).start() :]  # type: ignore[union-attr]
    end = re.search(r"more: %keras_guard explain KG\d+(?:\x1b\[0m)?", found)
    assert end is not None, found
    return found[: end.end()]


def test_card_is_text_with_colours(terminal: Terminal) -> None:
    """The card of a terminal has the text of the notebook's, a caret below the edit, and colours."""
    terminal.run(BUILD)
    shown = card(terminal.run(EDIT))
    plain = _COLOUR.sub("", shown)
    assert plain.startswith("keras_guard warning [KG101]")
    source, carets = re.search(r"1 \| (.*)\r?\n.*\| ( *\^+)", plain).groups()  # type: ignore[union-attr]
    assert source.startswith(EDIT)
    assert EDIT.startswith(source[carets.index("^") : carets.rindex("^") + 1])
    assert "\x1b[1;31m" in shown
    assert "first" in plain
    assert "wider" in plain


def test_colours_can_be_turned_off(terminal: Terminal) -> None:
    """`%config KerasGuard.colour = "never"` leaves the same text without colours."""
    terminal.run(BUILD)
    coloured = card(terminal.run(EDIT))
    terminal.run("%config KerasGuard.colour = 'never'")
    terminal.run(BUILD)
    bare = card(terminal.run(EDIT))
    terminal.run("%config KerasGuard.colour = 'auto'")
    assert "\x1b[" not in bare
    words = re.compile(r"In\[\d+\]")
    assert words.sub("", bare) == words.sub("", _COLOUR.sub("", coloured))


def test_rebuild_fills_the_next_prompt(terminal: Terminal) -> None:
    """`%keras_guard rebuild` puts its code at the next prompt; Enter runs it and the edit is resolved."""
    terminal.run(BUILD)
    terminal.run(EDIT)
    terminal.run("%keras_guard rebuild model")
    terminal.until("wider")
    terminal.accept("keras_guard resolved [KG101]")
    assert "5" in _COLOUR.sub("", terminal.run("print('units', model.layers[0].units)")).split("units")[-1]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [pytest.param(["--colors=NoColor"], {}, marks=pytest.mark.slow), ([], {"NO_COLOR": "1"})],
    ids=["NoColor", "NO_COLOR"],
)
def test_terminal_without_colours(tmp_path: Path, arguments: list[str], variables: dict[str, str]) -> None:
    """A terminal set to no colours gets none from the guard."""
    terminal = Terminal(tmp_path, *arguments, **variables)
    try:
        terminal.run("%load_ext keras_guard")
        terminal.run("import keras")
        terminal.run(BUILD)
        assert "\x1b[" not in card(terminal.run(EDIT))
    finally:
        terminal.close()


def test_piped_output_has_no_colours(tmp_path: Path) -> None:
    """Where the output is a file there are no colours, and the card is in its place in the output."""
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt"],
        env={**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(tmp_path)},
        input="\n".join(["%load_ext keras_guard", "import keras", BUILD, EDIT, "print('after')", ""]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "keras_guard warning [KG101]" in done.stdout
    assert "\x1b[" not in card(done.stdout)
    assert done.stdout.index("keras_guard warning") < done.stdout.index("after")


def test_a_card_fits_a_terminal_of_80_columns(tmp_path: Path) -> None:
    """At 80 columns no line of the card or of `diff` is wider, and each line of the label has its gutter."""
    terminal = Terminal(tmp_path, "--colors=NoColor", columns=80)
    try:
        for line in ("%load_ext keras_guard", "import keras", BUILD):
            terminal.run(line)
        shown = card(terminal.run(EDIT)).replace("\r", "").splitlines()
        assert max(map(len, shown)) <= 80
        label = [line for line in shown if "nothing else holds" in line or "still runs" in line]
        assert label
        assert all(line.startswith("  | ") for line in label)
        said = _COLOUR.sub("", terminal.run("%keras_guard diff model")).replace("\r", "")
        table = said[said.index("`model`:") :].splitlines()
        assert max(map(len, table)) <= 80
        assert any(line.startswith("!   0 *Dense") for line in table)
    finally:
        terminal.close()
