"""Probes at the head of functions, on functions that have nothing to do with Keras."""

from __future__ import annotations

import argparse
import ast
import asyncio.base_events
import dis
import importlib.util
import inspect
import textwrap
import traceback
import typing
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from keras_guard._adapter.probes import Probe, ProbeError, definition_of

#: Functions whose end is not where the next line with less indentation is, or whose last lines run nothing.
_SOURCE = {
    "first-line": """def subject(x):
    return x + 1
""",
    "comment-at-the-margin": """
def subject(x):
    y = x
# a comment
    y += 1
    return y
""",
    "text-at-the-margin": '''
def subject(x):
    text = """
at the margin
"""
    return x + len(text.strip()) - 12
''',
    "text-at-the-margin-last": '''
def subject(x):
    return x + 1 or """
at the margin
"""
''',
    "last-lines-run-nothing": """
def subject(x):
    if x != 0:
        return x + 1
    if False:
        y = (
            1
        )
    pass
    # the end

after = 1
""",
    "closing-bracket-at-the-margin": """
def subject(
    x,
):
    return sum([
        x,
        1,
])
""",
    "decorated": """
import functools

def plain(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper

@plain
@plain
def subject(x):
    return x + 1
""",
    "inner-function-last": """
def subject(x):
    class Adder:
        def add(self):
            return x + 1

    return Adder().add()
""",
    "method": """
class Base:
    def add(self, x):
        return x

class Adder(Base):

    def add(self, x):
        "Add one."

        return super().add(x) + 1
subject = Adder().add
""",
    "tabs": "def subject(x):\n\ty = x\n\treturn y + 1\n",
    "form-feed": "x = 1\n\f\ndef subject(x):\n    return x + 1\n",
}


def _loaded(folder: Path, source: str) -> ModuleType:
    file = folder / "subject_of_probes.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location("subject_of_probes", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _function(module: ModuleType) -> FunctionType:
    function: FunctionType = inspect.unwrap(getattr(module.subject, "__func__", module.subject))
    return function


@pytest.mark.parametrize("source", _SOURCE.values(), ids=_SOURCE)
@pytest.mark.parametrize("has_after", [False, True], ids=["before", "before-and-after"])
def test_a_probed_function_does_the_same(tmp_path: Path, source: str, has_after: bool) -> None:
    """A probe is called with the arguments, and the function returns what it returned."""
    module = _loaded(tmp_path, source)
    seen: list[Any] = []
    probe = Probe(
        _function(module), lambda *given: seen.append(given[-1]) or 7, seen.append if has_after else None
    )
    assert module.subject(1) == 2
    assert seen == ([1, 7] if has_after else [1])
    probe.remove()
    assert module.subject(2) == 3
    assert len(seen) == 1 + has_after


@pytest.mark.parametrize("source", _SOURCE.values(), ids=_SOURCE)
def test_a_probed_function_keeps_its_lines(tmp_path: Path, source: str) -> None:
    """A traceback through a probed function shows the same lines and columns."""
    module = _loaded(tmp_path, source)
    shown = []
    for probed in (False, True):
        if probed:
            Probe(_function(module), lambda *_: None, lambda _: None)
        with pytest.raises(TypeError) as error:
            module.subject(None)
        shown.append(traceback.format_tb(error.tb)[1:])
    assert shown[0] == shown[1] != []


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions and methods that a module defines."""
    for value in vars(module).values():
        members = vars(value).values() if inspect.isclass(value) else ()
        for item in (value, *members):
            if isinstance(item, FunctionType) and item.__code__.co_filename == module.__file__:
                yield inspect.unwrap(item)


@pytest.mark.parametrize(
    "module", [argparse, asyncio.base_events, ast, dis, inspect, textwrap, typing], ids=lambda m: m.__name__
)
def test_the_definition_is_the_one_that_inspect_finds(module: ModuleType) -> None:
    """A function is parsed as ``inspect`` finds it, with its lines in the file."""
    functions = [f for f in _functions(module) if f.__name__ != "<lambda>"]
    assert functions
    for function in functions:
        lines, first = inspect.getsourcelines(function)
        head = "if True:\n" if lines[0][0].isspace() else ""
        tree = ast.parse(head + "".join(lines))
        wanted = ast.increment_lineno(tree.body[0], first - 1 - bool(head))
        wanted = wanted.body[0] if isinstance(wanted, ast.If) else wanted
        found = definition_of(function)
        assert ast.dump(found, include_attributes=True) == ast.dump(wanted, include_attributes=True)


def test_a_function_without_source_is_refused() -> None:
    """A function whose source is in no file cannot be probed."""
    names: dict[str, Any] = {}
    exec("def subject(x):\n    return x", names)
    with pytest.raises(ProbeError, match="no source for subject"):
        Probe(names["subject"], lambda *_: None)


def test_a_lambda_is_refused(tmp_path: Path) -> None:
    """A lambda is no definition that a call can be put into."""
    module = _loaded(tmp_path, "subject = lambda x: x + 1\n")
    with pytest.raises(ProbeError, match="not a plain def"):
        Probe(module.subject, lambda *_: None)
