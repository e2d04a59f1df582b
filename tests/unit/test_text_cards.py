"""What programs that read only ``text/plain`` get: a complete first line, few lines, no need of the picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras_guard._data.diagnostic import Diagnostic, Span, State
from keras_guard._data.picture import Node, Panel, Picture
from keras_guard._render.as_text import MAX_CARD_LINES, render_text

GOLDEN = Path(__file__).resolve().parents[1] / "keras" / "golden"
#: State, code, and the whole statement; where it is for states without a line of their own for it.
FIRST = re.compile(r"keras_guard (pending|warning|resolved) \[KG\d{3}\]: \S.*")
ONE_LINE = re.compile(r".*\((Cell In\[\d+\](, line \d+)?|before the guard watched|[^()]*)\)$")


def _cards() -> list[object]:
    found = []
    for file in sorted(GOLDEN.glob("*.txt")):
        if file.stem == "diffs":
            continue
        for part in ("\n" + file.read_text(encoding="utf-8")).split("\n=== ")[1:]:
            name, _, body = part.partition("\n")
            texts = re.split(r"^(?=keras_guard (?:pending|warning|resolved) )", body, flags=re.M)[1:]
            for number, text in enumerate(texts):
                # What a golden file keeps beside the text is in the JSON only.
                lines = [
                    line for line in text.strip("\n").splitlines() if not re.match(r"\[.* of .*: .*\]$", line)
                ]
                found.append(pytest.param(lines, id=f"{file.stem}-{name.replace(' ', '-')}-{number}"))
    return found


CARDS = _cards()


def test_the_golden_files_hold_cards_of_all_states() -> None:
    """The cards that are looked at below are many, and of every state."""
    firsts = [card.values[0][0] for card in CARDS]  # type: ignore[attr-defined]
    assert len(firsts) > 300
    assert {FIRST.fullmatch(first)[1] for first in firsts} == {"pending", "warning", "resolved"}  # type: ignore[index]


@pytest.mark.parametrize("lines", CARDS)
def test_text_of_a_card(lines: list[str]) -> None:
    """The first line is complete by itself; an open card says in words what runs, where, and what to do; 15 lines at most."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    match = FIRST.fullmatch(lines[0])
    assert match is not None
    assert len(lines) <= MAX_CARD_LINES
    assert not any("\x1b" in line for line in lines)
    if match[1] != "warning":
        assert ONE_LINE.fullmatch(lines[0])
        return
    assert lines[1].startswith(" --> ")
    without_picture = [line for line in lines if not re.match(r"  [ +!-] |  around|  layers of", line)]
    assert without_picture[-1].startswith("more: %keras_guard explain KG")
    assert any(line.startswith(("help: ", "note: ")) for line in without_picture)


def _diagnostic(layers: int, notes: int, text: tuple[str, ...] = ("m.layers[0] = x",)) -> Diagnostic:
    nodes = tuple(Node(key=f"k{n}", name=f"l{n}", title=f'Dense "l{n}"', mark="-" if n < 9 else " ")
                  for n in range(layers))  # fmt: skip
    return Diagnostic(
        id="a", code="KG101", rule="layer-list", state=State.OPEN, message="m", label="here",
        span=Span(1, "c", 1, len(text), 1, 5, text), notes=("n",) * notes, help="h", model="m",
        pictures=(Picture("m", (Panel("runs now", nodes, ()),)),) if layers else (),
    )  # fmt: skip


@pytest.mark.parametrize("notes", [0, 1, 3], ids="{}-notes".format)
@pytest.mark.parametrize("layers", [0, 3, 9, 40], ids="{}-layers".format)
@pytest.mark.parametrize("source", [1, 4, 20], ids="{}-lines".format)
def test_a_long_picture_is_shortened(layers: int, notes: int, source: int) -> None:
    """No card is longer than 15 lines, whatever its picture, its notes and its statement; the help is always there."""
    text = render_text(_diagnostic(layers, notes, ("x",) * source)).splitlines()
    assert len(text) <= MAX_CARD_LINES
    assert "help: h" in text
    assert text[-1].startswith("more: ")
