"""The guard in a program without cells."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .._adapter import wake
from .._data.diagnostic import Diagnostic
from .._instrument import runtime
from .._session.containment import Containment
from .._session.session import Session
from .._session.shell_interface import CellText
from .program_interface import ProgramInterface, Wishes

_RUNNING: list[Program] = []


class Program:
    """Watches one program.

    Args:
        namespace: The names of its main module.
        wishes: What the user asks for.
        show: Called with each state of each diagnostic.

    Attributes:
        interface: The program as the session sees it.
        session: The session.
    """

    def __init__(self, namespace: dict[str, Any], wishes: Wishes, show: Callable[[Diagnostic], None]) -> None:
        runtime.install()
        containment = Containment()
        self.interface = ProgramInterface(namespace, wishes, show)
        self.session = Session(self.interface, containment)
        self.interface.text_of_module = self.session.packages.text_of
        self._finder: wake.KerasImportFinder | None = None

    def start(self) -> None:
        """Wake now, or when Keras is imported."""
        _RUNNING.append(self)
        self._finder = wake.listen(self.session.wake)
        if any(name in sys.modules for name in wake.WAITED_FOR):
            self.session.wake()

    def stop(self) -> None:
        """Detach from Keras, and listen no more."""
        if self in _RUNNING:
            _RUNNING.remove(self)
        wake.stop(self._finder)
        self.session.close()

    def begin_script(self, text: CellText, file: str) -> None:
        """A script is about to run as one module."""
        self.interface.cell = self.interface.texts[file] = text
        self.session.begin_cell()

    def faults(self) -> list[str]:
        """Return what went wrong inside the guard, the first of each kind."""
        return list(self.session.containment.details.values())


def running_program() -> Program | None:
    """Return the program that is watched in this process, if there is one."""
    return _RUNNING[-1] if _RUNNING else None
