"""A real IPython shell with the guard loaded, in the process of the tests."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from typing import Any

import pytest

from keras_guard._data.diagnostic import Diagnostic


class GuardedShell:
    """Runs cells, and keeps every state of every diagnostic that was shown."""

    def __init__(self, shell: Any, extension: Any) -> None:
        self.shell = shell
        self.extension = extension
        self.session = extension.session
        self.shown: list[Diagnostic] = []
        extension.display.listeners.append(self.shown.append)

    def run(self, *cells: str) -> list[Diagnostic]:
        """Run cells; raises what they raise. Returns what was shown meanwhile."""
        before = len(self.shown)
        for cell in cells:
            result = self.shell.run_cell(cell, store_history=True)
            result.raise_error()
        return self.shown[before:]

    def last_states(self) -> dict[str, Diagnostic]:
        """Return the last state of each diagnostic, by id."""
        return {diagnostic.id: diagnostic for diagnostic in self.shown}

    @property
    def faults(self) -> dict[str, str]:
        """What went wrong inside the guard."""
        return self.session.containment.details


@pytest.fixture
def guarded(capsys: pytest.CaptureFixture[str]) -> Iterator[GuardedShell]:
    """Return a fresh shell with the guard loaded; a fault inside the guard fails the test."""
    import keras
    from IPython.core.interactiveshell import InteractiveShell

    from keras_guard._shell.extension import load, unload

    policy = keras.config.dtype_policy()
    shell = InteractiveShell()
    guarded = GuardedShell(shell, load(shell))
    yield guarded
    unload(shell)
    # Else the interpreter keeps the shell to its exit, and every later collection walks through it.
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    keras.config.set_dtype_policy(policy)
    assert not guarded.faults, next(iter(guarded.faults.values()))
