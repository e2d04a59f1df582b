"""Whole notebooks of the common shapes, legal ones, in a real kernel: every cell runs and nothing is said.

The notebooks are ``tests/notebooks/*.py`` in the percent format: the first line says what the notebook does,
``# %%`` begins a cell, and ``# %name`` inside a cell is a magic. A line ``# on the way: KG102 KG102`` below the
first names the cards that wait for a later cell: each of them must be shown, never open, and be resolved at the end.
A line ``# check may say: KG202`` names what ``%keras_guard check`` may list at the end, since it is true of a model
that is not used any more: a teacher that is frozen would go on learning if its old ``fit`` ran again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.kernel import Card, CellRun, Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

FOLDER = Path(__file__).parents[1] / "notebooks"
HEADER = re.compile(r"^# (on the way|check may say):((?: KG\d+)+)$", re.MULTILINE)
MAGIC = re.compile(r"^# (?=%[a-z])", re.MULTILINE)


@dataclass(frozen=True)
class Notebook:
    """One notebook: its cells as a front end sends them, and the codes that its head allows."""

    name: str
    cells: tuple[str, ...]
    on_the_way: list[str]
    check_may_say: set[str]

    @classmethod
    def read(cls, path: Path) -> Notebook:
        """Read a file in the percent format."""
        head, *cells = re.split(r"^# %%.*\n", path.read_text(), flags=re.MULTILINE)
        codes = {title: sorted(found.split()) for title, found in HEADER.findall(head)}
        texts = tuple(MAGIC.sub("", cell).strip("\n") for cell in cells)
        return cls(path.stem, texts, codes.get("on the way", []), set(codes.get("check may say", [])))


NOTEBOOKS = [Notebook.read(path) for path in sorted(FOLDER.glob("*.py"))]
#: Those that take longest run in the sweeps only, the other thirty at each change.
LONG = {
    "augmentation", "clones", "comparing_sizes", "custom_layers", "ensembles", "forecasting", "frozen_embeddings",
    "hyperparameters", "k_fold", "linear_probe", "quick_experiments", "seq2seq_attention", "several_inputs_and_outputs",
    "shared_layers", "stateful_rnn", "subclassing", "text_classification", "transfer_application", "transformer", "unet",
}  # fmt: skip
SOME = [
    pytest.param(notebook, marks=[pytest.mark.slow] * (notebook.name in LONG), id=notebook.name)
    for notebook in NOTEBOOKS
]


def _shown(runs: list[CellRun]) -> list[str]:
    """Return every card of the cells in the state it was sent in, with the cell it came from."""
    return [
        f"cell {number}: {card.code} {card.state}, line {card.line}: {card.payload['message']}"
        for number, run in enumerate(runs)
        for card in run.cards
    ]


def _last(runs: list[CellRun]) -> dict[str, Card]:
    """Return the last state of every card, by its id."""
    return {card.payload["id"]: card for run in runs for card in run.cards}


def _assert_settled(kernel: Kernel, notebook: Notebook) -> None:
    """The guard lists nothing, and nothing but what is allowed when it is asked to look at every model."""
    assert "nothing pending, nothing open" in "\n".join(kernel.ok("%keras_guard status").shown_texts())
    checked = kernel.ok("%keras_guard check")
    assert set(re.findall(r"\[(KG\d+)\]", checked.stream())) <= notebook.check_may_say, checked.stream()
    assert "keras_guard warning" not in checked.stream(), checked.stream()
    assert not checked.cards


def test_the_notebooks_are_there() -> None:
    """There are enough notebooks, each has several cells, and each says what it does."""
    assert {notebook.name for notebook in NOTEBOOKS} >= LONG
    assert len(NOTEBOOKS) - len(LONG) >= 30
    assert all(len(notebook.cells) >= 4 and all(notebook.cells) for notebook in NOTEBOOKS)
    assert all(path.read_text().startswith("# ") for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("notebook", SOME)
def test_notebook(kernel: Any, notebook: Notebook) -> None:
    """Every cell runs, only the named cards are shown and they are resolved, and the models agree at the end."""
    runs = kernel.cells(*notebook.cells)
    last = _last(runs)
    assert sorted(card.code for card in last.values()) == notebook.on_the_way, "\n".join(_shown(runs))
    assert {card.state for card in last.values()} <= {"resolved"}, "\n".join(_shown(runs))
    assert all(card.state != "open" for run in runs for card in run.cards), "\n".join(_shown(runs))
    _assert_settled(kernel, notebook)


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_notebook_run_twice(kernel: Any, notebook: Notebook) -> None:
    """Run once more from the top in the same kernel, a notebook has nothing open on the way and nothing at the end."""
    kernel.cells(*notebook.cells)
    again = kernel.cells(*notebook.cells)
    assert all(card.state != "open" for run in again for card in run.cards), "\n".join(_shown(again))
    assert {card.state for card in _last(again).values()} <= {"resolved"}, "\n".join(_shown(again))
    _assert_settled(kernel, notebook)
