"""How long a file, a class and a function may be. Ruff limits the complexity."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import keras_guard

PACKAGE = Path(keras_guard.__file__).parent
FILE, CLASS, FUNCTION = 450, 250, 40


def _too_long(source: str) -> Iterator[str]:
    if len(source.splitlines()) > FILE:
        yield ""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > (CLASS if isinstance(node, ast.ClassDef) else FUNCTION):
                yield node.name


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_lengths(path: Path) -> None:
    """Files, classes and functions keep to the limits, and the complexity limit has no exceptions."""
    source = path.read_text(encoding="utf-8")
    assert list(_too_long(source)) == []
    assert "C901" not in source


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("x = 1\n" * 451, [""], id="file"),
        pytest.param("class A:\n" + "    x = 1\n" * 250, ["A"], id="class"),
        pytest.param("class A:\n    def f(self):\n" + "        x = 1\n" * 40, ["f"], id="method"),
        pytest.param("def f():\n" + "    x = 1\n" * 39, [], id="within"),
    ],
)
def test_what_is_too_long_is_found(source: str, names: list[str]) -> None:
    """The check above finds a file, a class and a method that are one line too long."""
    assert list(_too_long(source)) == names
