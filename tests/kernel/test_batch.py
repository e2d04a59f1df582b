"""Notebooks run without anybody watching: nbclient and papermill stop under `strict`, nbconvert keeps the card."""

from __future__ import annotations

import json
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


#: The second cell's edit is known to be lost when the cell ends only: until then `compile` stands ahead.
LATE = [
    "%load_ext keras_guard\nimport keras\n%keras_guard strict",
    "model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])\nmodel.last = model.layers[-1]",
    "model.last = keras.layers.Dense(3)\nopen('before.txt', 'w').close()\nif model.layers == 'changed':\n    model = None",
    "open('after.txt', 'w').close()",
]


def notebook_of(cells: list[str]) -> Any:
    """Return a notebook of code cells."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(text) for text in cells]
    return notebook


def run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cells: list[str]
) -> tuple[Any, CellExecutionError | None]:
    """Run the cells as CI does; returns the notebook and the error that stopped it."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    notebook = notebook_of(cells)
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
    _, error = run(tmp_path, monkeypatch, [CELLS[0], "%keras_guard strict", *CELLS[1:]])
    assert error is not None
    assert error.ename == "KerasGuardError"
    assert "KG102" in error.evalue
    assert (tmp_path / "before.txt").exists()
    assert not (tmp_path / "after.txt").exists()


def test_strict_stops_the_run_at_the_end_of_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit that is known to be lost only when its cell has ended stops the run as well, once, with the card."""
    notebook, error = run(tmp_path, monkeypatch, LATE)
    assert error is not None
    assert error.ename == "KerasGuardError"
    assert "KG104" in error.evalue
    assert (tmp_path / "before.txt").exists()
    assert not (tmp_path / "after.txt").exists()
    outputs = notebook.cells[2].outputs
    assert [output.output_type for output in outputs][-2:] == ["display_data", "error"]
    assert "Error in callback" not in str(outputs)
    assert "_shell" not in str(outputs[-1].traceback), "no frame of the guard's own"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([CELLS[0], "%keras_guard strict", *CELLS[1:]], "KG102"),
        pytest.param(LATE, "KG104", marks=pytest.mark.slow),
    ],
    ids=["use", "end"],
)
def test_strict_stops_papermill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: list[str], code: str
) -> None:
    """papermill raises our error, runs no further cell, and keeps the card in the notebook it leaves."""
    papermill = pytest.importorskip("papermill", reason="papermill is not installed")
    from papermill.exceptions import PapermillExecutionError

    spec = tmp_path / "kernels" / "guarded"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "test", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    nbformat.write(notebook_of(cells), tmp_path / "in.ipynb")
    with pytest.raises(PapermillExecutionError) as caught:
        papermill.execute_notebook(
            tmp_path / "in.ipynb",
            tmp_path / "out.ipynb",
            kernel_name="guarded",
            cwd=str(tmp_path),
            progress_bar=False,
        )
    assert caught.value.ename == "KerasGuardError"
    assert code in caught.value.evalue
    assert (tmp_path / "before.txt").exists()
    assert not (tmp_path / "after.txt").exists()
    left = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    cards = [
        out.data[MIME]
        for cell in left.cells
        for out in cell.get("outputs", [])
        if MIME in out.get("data", {})
    ]
    assert cards[-1]["code"] == code
    assert cards[-1]["state"] == "open"


def test_warned_run_goes_on_and_converts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `strict` the run ends well, and the card is in the notebook and in its HTML page."""
    notebook, error = run(tmp_path, monkeypatch, CELLS)
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
    run(tmp_path, monkeypatch, CELLS)
    assert [record.getMessage() for record in caplog.records if "keras_guard" in record.getMessage()] == []
