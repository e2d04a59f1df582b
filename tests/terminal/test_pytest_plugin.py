"""``pytest --keras-guard`` in processes of its own: what is instrumented, and how a lost edit is reported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ..support.kernel import ENVIRONMENT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.kernel

TESTS = """\
import keras
import pytest
from keras import layers
from user_package.surgery import widen


@pytest.fixture
def model():
    return keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])


def test_legal(model):
    assert model.count_params() == 23


def test_lost(model):
    model.layers[0] = layers.Dense(9)
    assert len(model.layers) == 2


def test_in_a_package(model):
    widen(model)


def test_fails_by_itself(model):
    found = {"units": 3}
    model.layers.pop()
    assert found["units"] == 2
"""
SURGERY = "from keras import layers\n\n\ndef widen(model):\n    model.layers[0] = layers.Dense(9)\n"
PLAIN = "def test_plain():\n    x = {'a': 1}\n    assert x['a'] == 2\n"
IMPORTED = """
import sys, pytest
def pytest_sessionfinish():
    heavy = [n for n in ('keras', 'tensorflow', 'IPython', 'keras_guard._session') if n in sys.modules]
    finders = [type(f).__module__ for f in sys.meta_path if type(f).__module__.startswith('keras_guard')]
    print('IMPORTED', heavy, finders)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with tests and a package, and the entry point of the plugin as ``pyproject.toml`` has it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "user_package").mkdir()
    (folder / "user_package" / "__init__.py").touch()
    (folder / "user_package" / "surgery.py").write_text(SURGERY)
    (folder / "test_models.py").write_text(TESTS)
    (folder / "test_plain.py").write_text(PLAIN)
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    # As installed: the first distribution of a name on the path is the one whose entry points count.
    info = folder / "installed" / "keras_guard-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keras-guard\nVersion: 0\n")
    points = "".join(f"{k} = {v}\n" for k, v in project["entry-points"]["pytest11"].items())
    (info / "entry_points.txt").write_text(f"[pytest11]\n{points}")
    return folder


def _pytest(folder: Path, *arguments: str) -> tuple[str, int]:
    path = os.pathsep.join([str(folder / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments],
        env={**os.environ, **ENVIRONMENT, "PYTHONPATH": path, "PYTHONWARNINGS": ""},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr, done.returncode


@pytest.mark.keras
def test_a_lost_edit_is_a_warning_at_its_line(folder: Path) -> None:
    """Edits of tests and of the named package are warnings with their file and line; nothing else changes."""
    said, _ = _pytest(folder, "test_models.py", "--keras-guard=user_package")
    assert "1 failed, 3 passed, 3 warnings" in said
    places = re.findall(r"/(\w+\.py):(\d+): KerasGuardWarning: keras_guard warning \[(KG\d+)\]", said)
    assert places == [
        ("test_models.py", "17", "KG101"),
        ("surgery.py", "5", "KG101"),
        ("test_models.py", "27", "KG101"),
    ]
    assert "assert 3 == 2" in said, "pytest still shows the parts of an assertion"
    assert "__keras_guard" not in said


@pytest.mark.keras
def test_strict_fails_at_the_line_of_the_edit(folder: Path) -> None:
    """The failure is at the edit; a test that failed by itself keeps its failure; other packages are left alone."""
    _, status = _pytest(folder, "test_models.py", "--keras-guard-strict", "--keras-guard", "--junitxml=r.xml")
    assert status == 1
    cases = {case.get("name"): case for case in ElementTree.parse(folder / "r.xml").iter("testcase")}
    failed = {name: case.findtext("failure") or "" for name, case in cases.items() if len(case)}
    assert failed.keys() == {"test_lost", "test_fails_by_itself"}
    assert ">       model.layers[0] = layers.Dense(9)" in failed["test_lost"]
    assert failed["test_lost"].rstrip().endswith("test_models.py:17: KerasGuardError")
    assert "%keras_guard" not in failed["test_lost"]
    assert "_pytest/" not in failed["test_lost"], "no frame of the plugin's own"
    assert failed["test_fails_by_itself"].rstrip().endswith("AssertionError")


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_assertions_are_rewritten_and_nothing_is_imported(folder: Path, mode: str) -> None:
    """A module without Keras runs with rewritten assertions; neither Keras nor IPython is imported for it."""
    (folder / "imported.py").write_text(IMPORTED)
    said, _ = _pytest(folder, "test_plain.py", "--keras-guard", f"--import-mode={mode}", "-p", "imported")
    assert "E       assert 1 == 2" in said
    imported = re.search(r"IMPORTED (.*)", said)
    assert imported is not None
    assert "'keras'" not in imported[1]
    assert "'tensorflow'" not in imported[1]
    assert "'IPython'" not in imported[1]
    assert "'keras_guard._pytest.modules'" in imported[1]


def test_off_it_costs_nothing(folder: Path) -> None:
    """Unless asked for, nothing of the guard but its options is loaded and no import is watched."""
    (folder / "imported.py").write_text(IMPORTED)
    said, _ = _pytest(folder, "test_plain.py", "-p", "imported")
    assert "IMPORTED [] []" in said


def test_a_run_with_the_guard_leaves_no_cache_of_its_own(folder: Path) -> None:
    """The rewritten modules with probes are not cached: the next run without the guard has none of them."""
    _pytest(folder, "test_plain.py", "--keras-guard")
    said, _ = _pytest(folder, "test_plain.py")
    assert "E       assert 1 == 2" in said
    cached = [
        path for path in (folder / "__pycache__").glob("test_plain*") if b"__keras_guard" in path.read_bytes()
    ]
    assert cached == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--keras-guard", "test_plain.py"], "paths before --keras-guard", id="path-taken"),
        pytest.param(["--keras-guard=a/b"], "a/b is not the name of a package", id="no-name"),
        pytest.param(["--keras-guard-strict"], "--keras-guard-strict needs --keras-guard", id="strict-alone"),
    ],
)
def test_a_wrong_option_is_refused(folder: Path, arguments: list[str], words: str) -> None:
    """A path that was taken for a package, or half an option, ends with a message and pytest's usage status."""
    said, status = _pytest(folder, *arguments)
    assert words in said
    assert status == 4
