"""Scripts: files in IPython's own language, `ipython -c`, and plain Python run by IPython."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ..support.kernel import ENVIRONMENT, Kernel
from ..support.sampling import some

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

BUILD = """\
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
"""

SCRIPT = (
    BUILD
    + """\
%matplotlib --list
head = model.layers[-1]
model.layers[0] = keras.layers.Dense(3)
print("ONE")
head = keras.layers.Dense(5)
print("TWO")
y = model(np.ones((2, 4)))
print("THREE")
"""
)

#: What the script shows of the guard and prints, in order.
SHOWN = ["warning [KG101]", "--> {place}, line 5", "ONE", "pending [KG102]", "({place}, line 7)", "TWO"]
SHOWN += ["warning [KG102]", "--> {place}, line 7", "THREE"]


def ipython(
    folder: Path, *arguments: str, text: str | None = None, load: str = "keras_guard"
) -> tuple[str, int]:
    """Run IPython to its end; returns what it printed and its status."""
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--simple-prompt", f"--ext={load}", *arguments],
        env={**os.environ, **ENVIRONMENT, "IPYTHONDIR": str(folder / "ipython")},
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    return done.stdout, done.returncode


def assert_in_order(shown: str, *texts: str) -> None:
    """Fail unless the texts are in ``shown``, in this order."""
    at = 0
    for text in texts:
        found = shown.find(text, at)
        assert found >= 0, f"{text!r} is not where it belongs:\n{shown}"
        at = found + len(text)


@pytest.mark.parametrize("how", some(["script.ipy", "-c", "%run"], ["script.ipy"]))
def test_cards_stand_where_the_script_is(tmp_path: Path, how: str) -> None:
    """Each card is before what the next statement prints, and names the script's file and line."""
    (tmp_path / "script.ipy").write_text(SCRIPT)
    place = "Cell In[1]" if how == "-c" else "script.ipy"
    if how == "%run":
        shown, status = ipython(tmp_path, text="%run script.ipy\nprint('AFTER')\n%keras_guard status\n")
        assert_in_order(shown, "THREE", "AFTER", "open     KG101")
    elif how == "-c":
        shown, status = ipython(tmp_path, "-c", SCRIPT)
    else:
        shown, status = ipython(tmp_path, "script.ipy")
    assert status == 0
    assert_in_order(shown, *(text.format(place=place) for text in SHOWN))
    assert shown.count("warning [KG") == 2


def test_what_waits_for_the_end_is_shown_at_the_end(tmp_path: Path) -> None:
    """An edit that a `compile` ahead might have cured is shown when the script ends."""
    (tmp_path / "script.ipy").write_text(
        BUILD + "model.compile(loss='mse')\nmodel.loss = 'mae'\nprint('END')\n"
        "if model.loss == 'other':\n    model.compile(loss='mae')\n"
    )
    shown, _ = ipython(tmp_path, "script.ipy")
    assert_in_order(shown, "END", "warning [KG204]", "--> script.ipy, line 4")


def test_plain_python_tells_what_keras_hears(tmp_path: Path) -> None:
    """The code of a `.py` file has no probes, but an edit that passes through Keras is shown before the next line."""
    (tmp_path / "script.py").write_text(BUILD + "model.layers[0].units = 5\nprint('NEXT')\n")
    shown, status = ipython(tmp_path, "script.py")
    assert status == 0
    assert_in_order(shown, "warning [KG201]", "NEXT")


def test_run_in_a_kernel_marks_the_script_and_then_the_cell(kernel: Kernel, tmp_path: Path) -> None:
    """In a notebook `%run` of a script shows cards of its lines; the cell's own lines are marked as ever."""
    (tmp_path / "script.ipy").write_text(SCRIPT)
    run = kernel.ok(f"%run {tmp_path / 'script.ipy'}\nmodel.layers.pop()")
    assert run.briefs == [
        ("KG101", "open", 5),
        ("KG102", "pending", 7),
        ("KG102", "open", 7),
        ("KG101", "open", 2),
    ]
    assert run.cards[0].payload["span"]["execution_count"] is None
    assert run.cards[-1].payload["span"]["execution_count"] == run.count
    assert run.cards[0].position < run.position_of("ONE")


def test_strict_ends_a_notebook_run_as_a_script(tmp_path: Path) -> None:
    """Under `strict` a cell whose edit is known to be lost at its end is the last that runs."""
    cells = [
        f"%keras_guard strict\n{BUILD}model.compile(loss='mse')",
        "model.loss = 'mae'\nopen('end', 'w').close()\nif model.loss == 'other':\n    model.compile(loss='mae')",
        "open('next', 'w').close()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "script.ipynb")
    shown, _ = ipython(tmp_path, "script.ipynb")
    assert_in_order(shown, "warning [KG204]", "KerasGuardError")
    assert (tmp_path / "end").exists()
    assert not (tmp_path / "next").exists()
