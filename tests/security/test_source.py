"""What the package does not do at all: no network, no pickle, no telemetry, no code out of text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import keras_guard

FOLDER = Path(keras_guard.__file__).parent
FILES = sorted(FOLDER.rglob("*.py"))

#: Modules that talk to other machines or processes, or that make objects out of bytes.
FORBIDDEN = frozenset(
    ["socket", "ssl", "http", "urllib", "requests", "ftplib", "smtplib", "subprocess", "pickle", "shelve", "marshal",
     "dill", "cloudpickle", "ctypes", "webbrowser", "asyncio", "multiprocessing"]
)  # fmt: skip

#: What is allowed all the same: each script has a process of its own, and SARIF names files by URIs.
ALLOWED = frozenset({("_runs/scripts.py", "subprocess"), ("_runs/reports.py", "urllib")})

#: Where code is run, and why: the rebuild proves and applies the source it shows; programs, tests and packages of the
#: user's are instrumented.
RUNS_CODE = ("_rebuild", "_session/packages.py", "_adapter/probes.py", "_program/script.py", "_pytest/")


@cache
def _trees() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(FOLDER).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in FILES
    ]


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
        yield node.module.partition(".")[0]


def test_files_are_found() -> None:
    """The scans below look at the whole package."""
    assert len(FILES) > 50


def test_no_module_that_reaches_outside_is_imported() -> None:
    """No file imports a module that opens connections, starts processes or unpickles."""
    found = {
        (name, module) for name, tree in _trees() for node in ast.walk(tree) for module in _imported(node)
        if module in FORBIDDEN
    }  # fmt: skip
    assert found == ALLOWED


@pytest.mark.parametrize("name", ["eval", "exec", "compile"])
def test_code_is_made_of_text_only_where_it_must_be(name: str) -> None:
    """``eval`` and its kin are called by the rebuild and the instrumenting rooms alone."""
    found = {
        file for file, tree in _trees() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        and not file.startswith(RUNS_CODE)
    }  # fmt: skip
    assert found == set()
