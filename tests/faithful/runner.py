"""A shell in a process of its own that runs programs cell by cell and reports all a user can see.

Two of these, one with the guard and one without, are given the same programs; their reports
must be equal. Cards travel apart from all other output, because only they may differ.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import traceback
from types import TracebackType
from typing import Any

MIME = "application/vnd.keras-guard.v1+json"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_TIMES = re.compile(r"(CPU times|Wall time): .*")

#: What every program finds in its namespace: real Keras objects beside objects that only look like them.
BASE = """
import numpy as np, pandas as pd, keras
from keras import layers
class Thing:
    def __init__(self):
        self.layers, self.losses, self.value = [1, 2, 3], [], None
    def put(self, value):
        self.value = value
        return self
def give(value=None):
    return value
first, second = layers.Dense(3, name="first"), layers.Dense(2, name="second")
model = keras.Sequential([keras.Input((4,)), first, second], name="model")
stack = [first, second]
table = {"head": second, "n": 1}
thing, numbers, text, frame = Thing(), [1, 2, 3], "abc", pd.DataFrame({"a": [1, 2], "b": [3, 4]})
"""


class Runner:
    """One shell.

    Args:
        guarded: Whether the guard is loaded.
    """

    def __init__(self, *, guarded: bool) -> None:
        os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="faithful-")
        from IPython.core.displaypub import DisplayPublisher
        from IPython.core.interactiveshell import InteractiveShell

        class Publisher(DisplayPublisher):
            """Keeps what is displayed; cards apart."""

            shown: list[str] = []  # noqa: RUF012 - one publisher per process
            cards: list[Any] = []  # noqa: RUF012

            def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
                if MIME in data:
                    self.cards.append(data[MIME])
                else:
                    self.shown.append(data.get("text/plain", ""))

        self.shell = InteractiveShell(display_pub_class=Publisher, history_length=0)
        self.shell.history_manager.enabled = False
        self.shell.kernel = None  # cards go to the publisher, as in a notebook
        self.shell.display_pub = self.publisher = Publisher(parent=self.shell)
        self.shell.run_line_magic(
            "xmode", "Plain"
        )  # what the frames are is compared; drawing them takes long
        self.guarded = guarded
        if guarded:
            self.shell.run_line_magic("load_ext", "keras_guard")
        self._run("import keras; keras.utils.set_random_seed(1)")
        self.program(["pass"])
        gc.collect()
        gc.freeze()  # what Keras and TensorFlow made need not be looked through at every reset

    def _run(self, code: str) -> None:
        self.shell.run_cell(code, silent=True).raise_error()

    def program(self, cells: list[str], base: bool = True) -> dict[str, Any]:
        """Run a program in a fresh namespace; return what each cell did and what is left."""
        self.shell.reset(new_session=True)
        if base:
            self.shell.run_cell(BASE, store_history=True).raise_error()
        reports = [self.cell(code) for code in cells]
        return {"cells": reports, "left": self.left(), "faults": self.faults()}

    def cell(self, code: str) -> dict[str, Any]:
        """Run a cell; return what it did."""
        out, error = io.StringIO(), io.StringIO()
        self.publisher.shown.clear()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            result = self.shell.run_cell(code, store_history=True)
        raised = result.error_in_exec or result.error_before_exec
        return {
            "out": _plain(out.getvalue()),
            "err": _plain(error.getvalue()),
            "shown": list(self.publisher.shown),
            "result": _plain(_safe_repr(result.result)),
            "error": None if raised is None else _told(raised),
        }

    def left(self) -> dict[str, str]:
        """Return the names that are left, with what they hold."""
        hidden = {"In", "Out", "get_ipython", "exit", "quit", "open"}
        names = self.shell.user_ns
        kept = {name: _plain(_safe_repr(value)) for name, value in names.items() if name not in hidden}
        return {**kept, "Out": _plain(_safe_repr(dict(names["Out"])))}

    def faults(self) -> list[str]:
        """Return the faults inside the guard."""
        if not self.guarded:
            return []
        containment = self.shell._keras_guard_extension.containment
        found = list(containment.details.values())
        containment.details.clear()
        containment.faults.clear()
        return found

    def suite(self, module: str) -> dict[str, Any]:
        """Run a module of CPython's tests cell by cell, then its test cases; return what they said."""
        import ast
        import importlib.util
        import unittest
        import warnings

        self.shell.reset(new_session=True)
        spec = importlib.util.find_spec(f"test.{module}")
        assert spec is not None
        assert spec.origin is not None
        with open(spec.origin, encoding="utf-8") as file:
            source = file.read()
        lines = source.splitlines(keepends=True)
        names = self.shell.user_ns
        names["__name__"], names["__file__"] = f"test.{module}", spec.origin
        names["__package__"] = "test"
        sys.modules[f"test.{module}"] = self.shell.user_module
        failed = []
        for node in ast.parse(source).body:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            cell = "".join(lines[first - 1 : node.end_lineno])
            if "__main__" in cell:
                continue
            with contextlib.redirect_stdout(io.StringIO()):
                result = self.shell.run_cell(cell, store_history=True)
            if not result.success:
                failed.append([first, repr(result.error_in_exec or result.error_before_exec)])
        loader = unittest.TestLoader()
        cases = [
            loader.loadTestsFromTestCase(value)
            for value in list(names.values())
            if isinstance(value, type)
            and issubclass(value, unittest.TestCase)
            and value is not unittest.TestCase
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream = io.StringIO()
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                done = unittest.TextTestRunner(stream=stream, verbosity=0).run(unittest.TestSuite(cases))
        names["__name__"] = "__main__"
        return {
            "cells failed": failed,
            "run": done.testsRun,
            "skipped": len(done.skipped),
            "failed": sorted(case.id() for case, _ in done.failures + done.errors),
            "faults": self.faults(),
        }


def _told(error: BaseException) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": _plain(_safe_repr(error)),
        "notes": list(getattr(error, "__notes__", ())),
        "cause": type(error.__cause__).__name__,
        "context": type(error.__context__).__name__,
        "lines": _lines(error.__traceback__),
    }


def _lines(tb: TracebackType | None) -> list[list[Any]]:
    """Return the frames of a traceback: file, line, function, and which part of the line is marked."""
    found = []
    for frame in traceback.extract_tb(tb):
        name = re.sub(r"ipython-input-(\d+)-\w+", r"In[\1]", frame.filename)
        name = re.sub(r"ipykernel_\d+/\d+", "cell", os.path.basename(name))
        columns = [getattr(frame, part, None) for part in ("colno", "end_colno", "end_lineno")]
        found.append([name, frame.lineno, frame.name, *columns])
    return found


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)
    except BaseException as error:
        return f"<repr raised {type(error).__name__}>"


def _plain(text: str) -> str:
    return _TIMES.sub(r"\1", _ADDRESS.sub("0x", text))


class Process:
    """A runner in a process of its own.

    Args:
        guarded: Whether the guard is loaded.
        seconds: How long one request may take.
    """

    def __init__(self, *, guarded: bool, seconds: float = 60) -> None:
        self._seconds = seconds
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONHASHSEED": "0",
        }
        self._process = subprocess.Popen(
            [sys.executable, __file__, "guarded" if guarded else "plain"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def ask(self, name: str, *arguments: Any) -> Any:
        """Have the runner do one thing; return its report."""
        self.send(name, *arguments)
        return self.receive()

    def send(self, name: str, *arguments: Any) -> None:
        """Tell the runner what to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()

    def receive(self) -> Any:
        """Return the runner's next report."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], self._seconds)
        if not ready:
            self._process.kill()
            raise AssertionError("the runner hangs")
        line = self._process.stdout.readline()
        assert line, "the runner's process ended"
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


def main(kind: str) -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    runner = Runner(guarded=kind == "guarded")
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        answers.write(json.dumps(getattr(runner, name)(*arguments)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
