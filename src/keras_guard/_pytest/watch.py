"""The watch over a run of pytest: what is instrumented, and how a lost edit is reported."""

from __future__ import annotations

import fnmatch
import os
import warnings
from collections import UserDict
from collections.abc import Sequence
from types import FunctionType
from typing import Any, cast

from .._data.diagnostic import Diagnostic, Span, State
from .._program.program import Program
from .._program.program_interface import Wishes
from .._render.as_text import for_programs, render_text
from .._session.session import KerasGuardError
from .._shell.warning import KerasGuardWarning
from .modules import ModuleFinder

_CONFTEST = "conftest.py"


class _Names(UserDict[str, Any]):
    """The names of the module whose test runs."""

    def __init__(self) -> None:
        super().__init__()

    def use(self, names: dict[str, Any]) -> None:
        """Be the names of a module from now on."""
        self.data = names


class Watch:
    """Watches the tests of one process.

    Args:
        packages: Packages that are instrumented too.
        patterns: Patterns of the files of test modules, as in pytest's ``python_files``.
        strict: Whether a lost edit is a failure.
    """

    def __init__(self, packages: Sequence[str], patterns: Sequence[str], *, strict: bool) -> None:
        self._names = _Names()
        # The session reads the names by key only; they are another module's for each test.
        names = cast("dict[str, Any]", self._names)
        self._shown: dict[str, Diagnostic] = {}
        self._program = Program(names, Wishes(pictures=False), self._show)
        self._patterns = patterns
        self._strict = strict
        self._finder = ModuleFinder(
            packages,
            self._is_test_module,
            self._program.session.packages,
            self._module_begins,
            self._module_ended,
        )

    def start(self) -> None:
        """Watch what is imported from now on."""
        self._program.start()
        self._finder.install()

    def stop(self) -> None:
        """Watch no longer."""
        self._finder.remove()
        self._program.stop()

    def begin(self, names: dict[str, Any]) -> None:
        """A part of a test is about to run.

        Args:
            names: The names of its module.
        """
        self._names.use(names)
        self._program.session.begin_cell()

    def report(self, *, may_fail: bool) -> None:
        """Report what was lost since the last report.

        Args:
            may_fail: Whether a lost edit may be a failure; not where the test has failed already.

        Raises:
            KerasGuardError: In strict mode, at the line of the first edit.
        """
        __tracebackhide__ = True
        # Before the end of the cell: what the test's own names held is gone by now, and would count as resolved.
        found = self._open()
        self._program.session.end_cell()
        found |= self._open()
        self._shown.clear()
        cards = list(found.values())
        if cards and self._strict and may_fail:
            for card in cards[1:]:
                _warn(card)
            _fail(cards[0])
        for card in cards:
            _warn(card)

    def _open(self) -> dict[str, Diagnostic]:
        return {key: card for key, card in self._shown.items() if card.state is State.OPEN}

    def _show(self, diagnostic: Diagnostic) -> None:
        self._shown[diagnostic.id] = diagnostic

    def _is_test_module(self, file: str) -> bool:
        name = os.path.basename(file)
        if name == _CONFTEST:
            return True
        slashed = file.replace(os.sep, "/")
        return any(
            fnmatch.fnmatch(slashed, f"*/{pattern}") if "/" in pattern else fnmatch.fnmatch(name, pattern)
            for pattern in self._patterns
        )

    def _module_begins(self, names: dict[str, Any]) -> None:
        self._names.use(names)

    def _module_ended(self) -> None:
        __tracebackhide__ = True
        self.report(may_fail=True)


def _warn(card: Diagnostic) -> None:
    span = card.span
    warnings.warn_explicit(
        KerasGuardWarning(render_text(card, magics=False)), None, span.file or "keras_guard", span.line or 1
    )


def _fail(card: Diagnostic) -> None:
    """Raise at the line of an edit."""
    __tracebackhide__ = True
    error = KerasGuardError(for_programs(card))
    if card.span.file is None or card.span.line is None:
        raise error
    raiser = _raiser_at(card.span)
    raiser.__globals__[raiser.__code__.co_names[0]] = error
    raiser()


def _raiser_at(span: Span) -> FunctionType:
    """Return a function that raises what its only global is, at a line of a file.

    pytest shows the source around it: it takes the file, the name and the first line from the code.
    """
    line, file = span.line or 1, span.file or ""
    name = span.function if span.function is not None and span.function.isidentifier() else "module"
    first = _first_line(file, span.function, line)
    # The columns are those of the edit, too: pytest may mark them.
    column = span.column or 1
    wide = (span.end_column or column) - column if span.end_line == line else 0
    statement = " " * max(1, column - 1) + "raise " + "error" + "_" * (wide - len("raise error"))
    source = "\n" * (first - 1) + f"def {name}():" + "\n" * (line - first) + statement
    names: dict[str, Any] = {}
    exec(compile(source, file, "exec", dont_inherit=True), names)
    made: FunctionType = names[name]
    return made


def _first_line(file: str, function: str | None, line: int) -> int:
    """Return the line at which the function around a line begins; the line itself at the top of a module."""
    import ast
    import linecache

    found = line
    for node in ast.walk(ast.parse("".join(linecache.getlines(file)))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first <= line <= (node.end_lineno or 0):
                found = first
    return found
