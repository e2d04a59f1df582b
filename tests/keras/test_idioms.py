"""Edits that are lost, and legal idioms that look like them, one notebook each.

The notebooks stand in ``idioms/*.txt``: ``=== name`` begins one, ``# ---`` ends a cell. A line that ends in
``#! KG101`` must open that warning, one that ends in ``#? KG101`` must leave it pending, one that ends in
``#~ KG101`` must open it without a line; a number behind says how many lines above the edit begins. Nothing
else may be shown. ``(may wait)`` behind a name allows
cards that stay pending or are resolved; one with ``(long)`` runs in the sweeps. A cell whose first line is ``# raises: ValueError`` must raise that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.keras

FOLDER = Path(__file__).with_name("idioms")
PRELUDE = """
import tempfile
import keras
import numpy as np
from keras import layers
TMP = tempfile.mkdtemp()
X, Y = np.random.rand(8, 4).astype("float32"), np.random.rand(8, 1).astype("float32")
"""
MARK = re.compile(r"#([!?~]) (KG\d+)(?: -(\d+))?$")
RAISES = re.compile(r"# raises: (\w+)\n")


@dataclass(frozen=True)
class Idiom:
    """One notebook and what must be said of it: (cell, line, code) to whether it must open."""

    file: str
    name: str
    cells: tuple[str, ...]
    expected: dict[tuple[int, int, str], bool]
    may_wait: bool


def _idioms() -> list[Any]:
    found = []
    for file in sorted(FOLDER.glob("*.txt")):
        for text in file.read_text().split("=== ")[1:]:
            title, _, body = text.partition("\n")
            name, *notes = re.split(r" \((?=may wait\)$|long\)$)", title)
            may_wait, is_long = "may wait)" in notes, "long)" in notes
            cells = tuple(cell.strip("\n") for cell in body.split("# ---\n"))
            idiom = Idiom(file.stem, name, cells, dict(_marks(cells)), may_wait)
            marks = [pytest.mark.slow] if is_long else []
            found.append(pytest.param(idiom, id=f"{file.stem}-{name.replace(' ', '-')}", marks=marks))
    return found


def _marks(cells: tuple[str, ...]) -> Any:
    for number, cell in enumerate(cells):
        for line, text in enumerate(cell.splitlines(), 1):
            mark = MARK.search(text)
            if mark is not None and mark[1] == "~":
                yield (-1, 0, mark[2]), True
            elif mark is not None:
                yield (number, line - int(mark[3] or 0), mark[2]), mark[1] == "!"


def _run(guarded: Any, cell: str) -> None:
    """Run a cell, which raises what its first line says and nothing else."""
    raises = RAISES.match(cell)
    if raises is None:
        guarded.run(cell)
        return
    result = guarded.shell.run_cell(cell, store_history=True)
    assert type(result.error_in_exec).__name__ == raises[1]


@pytest.mark.parametrize("idiom", _idioms())
def test_idiom(guarded: Any, golden: Any, idiom: Idiom) -> None:
    """Each marked edit is warned about on its line, in the words agreed on, and nothing else is said."""
    guarded.run(PRELUDE)
    first = guarded.shell.execution_count
    for cell in idiom.cells:
        _run(guarded, cell)
    said: dict[tuple[int, int, str], set[str]] = {}
    for shown in guarded.shown:
        span = shown.span
        key = (span.execution_count - first if span.execution_count else -1, span.line or 0, shown.code)
        said.setdefault(key, set()).add(shown.state.value)
    opened = {key for key, states in said.items() if "open" in states}
    assert opened == {key for key, opens in idiom.expected.items() if opens}
    waiting = {key for key, opens in idiom.expected.items() if not opens}
    assert idiom.may_wait or said.keys() == opened | waiting
    if guarded.shown:
        golden(idiom.file, idiom.name, guarded.said())
