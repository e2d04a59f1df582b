"""``keras-guard run`` and ``python -m keras_guard``: real files, real kernels, real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ..support.kernel import ENVIRONMENT, MIME

pytestmark = pytest.mark.kernel

BUILD = "import keras\nfrom keras import layers\nhead = layers.Dense(2)\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(3), head])\n"
EDITS = """\
def edit(m):
    m.layers.pop()
edit(model)
head = layers.Dense(5)
model(keras.ops.ones((1, 4)))
"""


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _python(folder, "-m", "keras_guard._cli", "run", *arguments)


def _notebook(path: Path, *cells: str) -> None:
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title"), *code]), path)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """A notebook that loses edits, one that raises, and a script that loses edits, run two at once."""
    folder = tmp_path_factory.mktemp("runs")
    _notebook(folder / "lost.ipynb", BUILD, "# a comment\nmodel.layers[0] = layers.Dense(9)", "print('END')")
    _notebook(folder / "fails.ipynb", "x = 1", "1 / 0", "open('behind', 'w').close()")
    (folder / "lost.py").write_text(BUILD + EDITS)
    done = _run(
        folder, "lost.ipynb", "fails.ipynb", "lost.py", "-j", "2", "--format", "json", "--output", "executed"
    )
    assert done.returncode == 2, done.stderr
    return folder, json.loads(done.stdout), done.stderr


@pytest.mark.keras
def test_a_run_reports_notebooks_by_cell_and_line(several: tuple[Path, dict[str, Any], str]) -> None:
    """A card names the cell's position, the line in it, and the line of the notebook's file."""
    folder, report, _ = several
    (card,) = report["runs"][0]["cards"]
    location = card["location"]
    assert (card["code"], card["state"]) == ("KG101", "open")
    assert (location["path"], location["cell"], location["line"]) == ("lost.ipynb", 3, 2)
    text = (folder / "lost.ipynb").read_text().splitlines()
    assert "model.layers[0]" in text[location["file_line"] - 1]


@pytest.mark.keras
def test_a_run_reports_scripts_by_line(several: tuple[Path, dict[str, Any], str]) -> None:
    """A script is one instrumented module: edits in its functions and names that it binds are seen."""
    _, report, _ = several
    run = report["runs"][2]
    assert [(c["code"], c["state"], c["location"]["line"]) for c in run["cards"]] == [
        ("KG101", "open", 6),
        ("KG102", "open", 8),
    ]
    assert {c["location"]["path"] for c in run["cards"]} == {"lost.py"}
    assert run["outcome"] == "ended"


@pytest.mark.keras
def test_a_run_that_raises_is_told_from_one_that_loses_edits(
    several: tuple[Path, dict[str, Any], str],
) -> None:
    """The traceback is in the report, no cell behind it ran, and progress names each run when it ends."""
    folder, report, progress = several
    failed = report["runs"][1]
    assert failed["outcome"] == "failed"
    assert failed["error"].splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "\x1b" not in failed["error"]
    assert not (folder / "behind").exists()
    assert "lost.ipynb: 1 open" in progress
    assert "fails.ipynb: failed with ZeroDivisionError" in progress


@pytest.mark.keras
def test_executed_notebooks_are_written(several: tuple[Path, dict[str, Any], str]) -> None:
    """The executed notebook has the outputs and the cards; the guard's loading is no cell of it."""
    folder, _, _ = several
    notebook = nbformat.read(folder / "executed" / "lost.ipynb", as_version=4)
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3]
    assert MIME in notebook.cells[2].outputs[0].data
    assert notebook.cells[3].outputs[0].text == "END\n"
    assert not any(cell.outputs for cell in nbformat.read(folder / "lost.ipynb", as_version=4).cells[1:])


@pytest.mark.keras
def test_strict_ends_a_script_at_the_stale_use(tmp_path: Path) -> None:
    """Under ``--strict`` the script raises at the line that uses the stale model; that is status 1, not a failure."""
    (tmp_path / "lost.py").write_text(
        BUILD + "head = layers.Dense(5)\nmodel(keras.ops.ones((1, 4)))\nopen('behind', 'w').close()\n"
    )
    done = _run(tmp_path, "lost.py", "--strict", "--format", "sarif", "-q")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    (run,) = json.loads(done.stdout)["runs"]
    assert run["invocations"][0]["executionSuccessful"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 5
    assert not (tmp_path / "behind").exists()


PROGRAMS = {
    "raises": "import sys\nprint(sys.argv[1:], __name__, __file__, sys.path[0])\ndef f():\n    raise ValueError('é')\nf()\n",
    "raises-from": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('x') from e\n",
    "syntax": "x = = 1\n",
    "return-outside": "x = 1\nreturn x\n",
    "exits": "import atexit, sys\natexit.register(print, 'last')\nsys.exit('bye')\n",
    "main": "import pickle, sys\nclass A: pass\nprint(pickle.dumps(A()), sys.modules['__main__'].A is A, __spec__, __doc__)\n",
    "coding": "# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n",
    "empty": "",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_runs_as_python_runs_it(tmp_path: Path, name: str) -> None:
    """Output, tracebacks, exit status and ``__main__`` are those of ``python script.py args``."""
    encoding = "latin-1" if name == "coding" else "utf-8"
    (tmp_path / "script.py").write_text(PROGRAMS[name], encoding=encoding)
    plain = _python(tmp_path, "script.py", "a", "--b")
    guarded = _python(tmp_path, "-m", "keras_guard", "script.py", "a", "--b")
    assert (guarded.stdout, guarded.stderr, guarded.returncode) == (
        plain.stdout,
        plain.stderr,
        plain.returncode,
    )


@pytest.mark.keras
def test_a_script_shows_its_cards_before_the_next_statement(tmp_path: Path) -> None:
    """``python -m keras_guard`` prints cards to the standard error and ends as the script ends."""
    (tmp_path / "lost.py").write_text(
        "import sys\nsys.stdout = sys.stderr\n"
        + BUILD
        + "model.layers[0] = layers.Dense(9)\nprint('NEXT')\nmodel(keras.ops.ones((1, 4)))\n"
        + "import keras_guard\nprint('LIVE', [d['span']['line'] for d in keras_guard.diagnostics()])\n"
    )
    done = _python(tmp_path, "-m", "keras_guard", "lost.py")
    assert done.returncode == 0
    assert done.stderr.index("--> lost.py, line 7") < done.stderr.index("NEXT")
    assert "LIVE [7]" in done.stderr
    assert done.stderr.count("warning [KG101]") == 1, "a use of the open card prints nothing again"
    assert "keras-guard explain KG101" in done.stderr
    assert "%keras_guard" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["no_such.ipynb"], "can't open no_such.ipynb", id="no-notebook"),
        pytest.param(["no_such.py"], "can't open no_such.py", id="no-script"),
        pytest.param(["bad.ipynb"], "bad.ipynb is no notebook", id="not-json"),
        pytest.param(["empty"], "there is no notebook in empty", id="empty-folder"),
        pytest.param(["a.ipynb", "b.ipynb", "--output", "c.ipynb"], "give a folder", id="one-output"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    """A wrong path ends with status 2 and a line that names it."""
    (tmp_path / "bad.ipynb").write_text("{")
    (tmp_path / "empty").mkdir()
    done = _run(tmp_path, *arguments, "-q")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    """Where nbclient is not installed, the message says what to install."""
    code = (
        "import sys, importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'nbclient' else find(name, *a)\n"
        "from keras_guard._cli import main\nsys.exit(main(['run', 'a.ipynb']))\n"
    )
    done = _python(tmp_path, "-c", code)
    assert done.returncode == 2
    assert "needs nbclient: pip install 'keras-guard[run]'" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_ends_the_run_and_its_kernels(tmp_path: Path) -> None:
    """Ctrl-C ends the command at once, and no kernel is left behind."""
    _notebook(
        tmp_path / "long.ipynb", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_guard._cli", "run", "long.ipynb"],
        env={**os.environ, **ENVIRONMENT},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid = tmp_path / "pid"
    deadline = time.monotonic() + 60
    while not (pid.exists() and pid.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "keras-guard: interrupted" in complaint
    deadline = time.monotonic() + 10
    while _is_alive(int(pid.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]
