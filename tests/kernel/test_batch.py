"""Notebooks run without anybody watching: nbclient stops under `strict`, nbconvert keeps the card readable."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from ..support.kernel import ENVIRONMENT, MIME

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

CELLS = [
    "%load_ext keras_guard\nimport keras",
    "layer = keras.layers.Dense(3)\nmodel = keras.Sequential([keras.Input((4,)), layer])\nmodel.compile(loss='mse')",
    "layer = keras.layers.Dense(5)",
    "import os\nopen('before.txt', 'w').close()\nmodel.predict(keras.ops.ones((2, 4)), verbose=0)\nopen('after.txt', 'w').close()",
]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *first: str) -> tuple[Any, CellExecutionError | None]:
    """Run the cells as papermill and CI do; returns the notebook and the error that stopped it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in [CELLS[0], *first, *CELLS[1:]]]
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="test",
        language="python",
    )
    client = NotebookClient(notebook, km=manager, timeout=120, resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    except CellExecutionError as error:
        return notebook, error
    return notebook, None


def test_strict_stops_the_run_at_the_stale_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `strict` the run ends with our error in the cell that uses the stale model, before the use."""
    _, error = run(tmp_path, monkeypatch, "%keras_guard strict")
    assert error is not None
    assert error.ename == "KerasGuardError"
    assert "KG102" in error.evalue
    assert (tmp_path / "before.txt").exists()
    assert not (tmp_path / "after.txt").exists()


def test_warned_run_goes_on_and_converts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `strict` the run ends well, and the card is in the notebook and in its HTML page."""
    notebook, error = run(tmp_path, monkeypatch)
    assert error is None
    assert (tmp_path / "after.txt").exists()
    data = [output["data"] for cell in notebook.cells for output in cell.outputs if "data" in output]
    (card,) = [item for item in data if MIME in item]
    assert card[MIME]["state"] == "open"
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "keras-guard-open" in page
    assert "still uses the layer that" in page


def test_run_leaves_no_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that knows nothing of the guard has nothing to log about it."""
    run(tmp_path, monkeypatch)
    assert [record.getMessage() for record in caplog.records if "keras_guard" in record.getMessage()] == []
