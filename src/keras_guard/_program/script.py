"""One script, run as Python runs it, with the guard on."""

from __future__ import annotations

import ast
import builtins
import os
import sys
import tokenize
from collections.abc import Callable, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from .._data.diagnostic import Diagnostic, State
from .._render.as_text import render_text
from .._render.paint import Look
from .._render.terminal import look_of_terminal
from .._session.shell_interface import CellText
from .._session.tracebacks import without_own_frames
from .program import Program
from .program_interface import Wishes

#: The exit status of a process that a shell saw ended by an interrupt.
_INTERRUPTED = 130


class ScriptError(Exception):
    """The script cannot be read; the text says why."""


def run_script(
    file: str,
    arguments: Sequence[str] = (),
    *,
    wishes: Wishes | None = None,
    packages: Sequence[str] = (),
    show: Callable[[Diagnostic], None] | None = None,
) -> int:
    """Run a script as ``__main__`` and show what it loses.

    Args:
        file: The script.
        arguments: Its arguments.
        wishes: What the user asks for.
        packages: Packages of the user's whose edits are watched too.
        show: Called with each state of each diagnostic; by default it is printed to the standard error.

    Returns:
        The exit status that Python would have: 0, or 1 after an exception.

    Raises:
        ScriptError: When the script or a package cannot be found.
        SystemExit: When the script raises it.
    """
    path = os.path.abspath(file)
    source = _read(file)
    module = _main_module(path)
    sys.argv[:] = [file, *arguments]
    sys.path[0:1] = [os.path.dirname(path)]
    program = Program(vars(module), wishes or Wishes(), show or CardPrinter())
    try:
        for package in packages:
            program.session.packages.watch(package)
    except ModuleNotFoundError as error:
        raise ScriptError(f"there is no package {error} to watch") from None
    program.start()
    return _run(program, module, path, source)


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ScriptError(f"can't open file {file!r}: {error.strerror}") from None


def _main_module(path: str) -> ModuleType:
    module = ModuleType("__main__")
    names: dict[str, Any] = {
        "__file__": path,
        "__builtins__": builtins,
        "__loader__": SourceFileLoader("__main__", path),
        "__cached__": None,
    }
    vars(module).update(names)
    sys.modules["__main__"] = module
    return module


def _run(program: Program, module: ModuleType, path: str, source: bytes) -> int:
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except BaseException as error:
        return _fail(error, None)  # no code of the script's has run
    try:
        try:
            exec(_with_probes(program, path, source) or code, vars(module))
        finally:
            program.session.end_cell()
    except SystemExit:
        raise
    except BaseException as error:
        return _fail(error, without_own_frames(error.__traceback__))
    finally:
        program.interface.cell = None
    return 0


def _fail(error: BaseException, traceback: TracebackType | None) -> int:
    """Show an exception as Python does; returns the exit status."""
    error.__traceback__ = traceback
    sys.excepthook(type(error), error, traceback)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _with_probes(program: Program, path: str, source: bytes) -> CodeType | None:
    """Return the code of the script with probes, or nothing where the guard fails."""

    def instrumented() -> CodeType:
        tree = ast.parse(source, path)
        text = CellText(None, _decoded(source), file=path)
        program.begin_script(text, path)
        program.session.instrument(tree, text)
        return compile(tree, path, "exec", dont_inherit=True)

    return program.session.containment.try_to(instrumented)


def _decoded(source: bytes) -> str:
    lines = iter(source.splitlines(keepends=True))
    encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
    return source.decode(encoding, errors="replace").replace("\r\n", "\n")


class CardPrinter:
    """Prints cards to the standard error, each state once: a stream cannot change what it printed."""

    def __init__(self) -> None:
        self._printed: dict[str, State] = {}

    def __call__(self, diagnostic: Diagnostic) -> None:
        """Print a card.

        Args:
            diagnostic: What to print.
        """
        state, before = diagnostic.state, self._printed.get(diagnostic.id)
        self._printed[diagnostic.id] = state
        stream = sys.stderr
        if stream is None or state is before or (state is State.RESOLVED and not diagnostic.happened):
            return
        coloured = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        look = look_of_terminal(coloured) if stream.isatty() else Look()
        print(render_text(diagnostic, magics=False, look=look), file=stream, flush=True)
