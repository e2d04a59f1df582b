"""What each tool reports about a case: findings, each with the cell it is shown at or names."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.support.kernel import CellRun, Kernel

from .measure import FRESH, QUIET

#: Warnings of Python and Keras are shown, as in a new kernel.
LOUD = {**QUIET, "PYTHONWARNINGS": "default"}
#: Lines with which TensorFlow and the kernel announce themselves.
_ANNOUNCEMENT = re.compile(
    r"^(I0000|W0000|E0000|WARNING: All log|\[IPKernelApp\]|To enable the following).*$", re.M
)
_WAITING = re.compile(r"waiting on dependencies: \{(.*)\}", re.S)


@dataclass(frozen=True)
class Finding:
    """Something a tool says.

    Attributes:
        cells: The cells, from 0, that it is shown at or names.
        text: Its words, shortened.
        pending: Whether the tool itself calls it preliminary, to the end of the notebook.
    """

    cells: tuple[int, ...]
    text: str
    pending: bool = False

    def as_data(self) -> dict[str, Any]:
        """Return it for a file."""
        return asdict(self)


class Static:
    """A tool that reads the cells and runs nothing."""

    def close(self) -> None:
        """Nothing to end."""

    def _command(self, *words: str) -> Any:
        done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
        return json.loads(done.stdout)


class Ruff(Static):
    """``ruff check`` of the notebook, with its default rules."""

    def findings(self, case: dict[str, Any]) -> list[Finding]:
        """Return what it says."""
        cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
                 for source in case["cells"]]  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "case.ipynb")
            file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
            found = self._command(
                "ruff", "check", "--isolated", "--no-cache", "--output-format=json", str(file)
            )
        return [Finding((item["cell"] - 1,), f"{item['code']} {item['message']}") for item in found]


class Marimo(Static):
    """``marimo check`` of the same cells, written as a marimo notebook by marimo's own generator."""

    def findings(self, case: dict[str, Any]) -> list[Finding]:
        """Return what it says."""
        from marimo._ast.cell import CellConfig
        from marimo._ast.codegen import generate_filecontents

        count = len(case["cells"])
        text = generate_filecontents(list(case["cells"]), ["_"] * count, [CellConfig()] * count)
        starts = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("@app.")]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "case.py")
            file.write_text(text)
            found = self._command("marimo", "check", "--format", "json", str(file))
        return [
            Finding(tuple(sum(start <= line for start in starts) - 1 for line in item.get("lines") or [item["line"]]),
                    f"{item['code']} {item['message']}")
            for item in found["issues"] if item["type"] == "diagnostic"
        ]  # fmt: skip


class Running:
    """A real kernel, with or without something loaded: what it writes to stderr, or raises, beside what the case expects."""

    load = ""
    #: How many cases one kernel runs.
    cases_a_kernel = 1_000

    def __init__(self) -> None:
        self._kernel: Kernel | None = None
        self._ran = 0

    def _start(self) -> Kernel:
        kernel = Kernel(load=self.load, environment=LOUD)
        kernel.run("import keras, numpy as np; keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).predict("
                   "np.zeros((1, 1)), verbose=0)", silent=True)  # fmt: skip
        return kernel

    def _clean(self) -> Kernel:
        if self._kernel is None or self._ran == self.cases_a_kernel:
            self.close()
            self._kernel, self._ran = self._start(), 0
        self._ran += 1
        run = self._kernel.run(FRESH, silent=True)
        assert run.error is None, run.traceback
        return self._kernel

    def findings(self, case: dict[str, Any]) -> list[Finding]:
        """Return what it says."""
        kernel = self._clean()
        found = []
        for index, source in enumerate(case["cells"]):
            run = kernel.run(source)
            found += [
                Finding((index,), text[:200])
                for text in self._said(run, case["raises"].get(str(index)), kernel)
            ]
        return found

    def _said(self, run: CellRun, expected_error: str | None, kernel: Kernel) -> list[str]:
        error = (
            run.error if run.error and not (expected_error and run.error.startswith(expected_error)) else ""
        )
        return [text for text in (_ANNOUNCEMENT.sub("", run.stream("stderr")).strip(), error or "") if text]

    def close(self) -> None:
        """End the kernel."""
        if self._kernel is not None:
            self._kernel.close()
            self._kernel = None


class Autoreload(Running):
    """IPython's ``%autoreload 2``."""

    load = "%load_ext autoreload\n%autoreload 2"


class Ipyflow(Running):
    """ipyflow, which is asked ``%flow waiting`` after every cell; each symbol that it newly names is a finding."""

    load = "%load_ext ipyflow"
    cases_a_kernel = 8

    def findings(self, case: dict[str, Any]) -> list[Finding]:
        """Return what it says."""
        # What waits from the cases before is no finding of this one.
        kernel = self._kernel if self._kernel is not None and self._ran < self.cases_a_kernel else None
        self._waiting = self._names_waiting(kernel) if kernel is not None else set()
        return super().findings(case)

    def _names_waiting(self, kernel: Kernel) -> set[str]:
        asked = kernel.run("%flow waiting", store_history=False)
        match = _WAITING.search(asked.out or asked.stream() + "".join(asked.shown_texts()))
        names = set(re.findall(r"<([^>]*)>", match[1])) if match else set()
        return {name for name in names if name.strip("_")}

    def _said(self, run: CellRun, expected_error: str | None, kernel: Kernel) -> list[str]:
        names = self._names_waiting(kernel)
        new, self._waiting = names - self._waiting, names
        said = super()._said(run, expected_error, kernel)
        return said + [f"waiting on dependencies: {name}" for name in sorted(new)]


class Guard(Running):
    """keras_guard: each card is a finding at the cell of its line, or at the cell that shows it if it names none."""

    load = "%load_ext keras_guard"

    def _clean(self) -> Kernel:
        kernel = super()._clean()
        kernel.clean()
        return kernel

    def findings(self, case: dict[str, Any]) -> list[Finding]:
        """Return what it says."""
        kernel = self._clean()
        place: dict[int, int] = {}
        cards: dict[str, tuple[int, str]] = {}
        opened = set()
        for index, source in enumerate(case["cells"]):
            run = kernel.run(source)
            place[run.count] = index
            for card in run.cards:
                key = card.payload["id"]
                where = place.get(card.payload["span"]["execution_count"], index)
                cards[key] = (where, f"{card.code} {card.payload['message']}")
                if card.state == "open":
                    opened.add(key)
        return [Finding((where,), text, key not in opened) for key, (where, text) in cards.items()]


TOOLS: dict[str, Callable[[], Any]] = {
    "keras_guard": Guard,
    "plain": Running,
    "autoreload": Autoreload,
    "ipyflow": Ipyflow,
    "marimo": Marimo,
    "ruff": Ruff,
}
