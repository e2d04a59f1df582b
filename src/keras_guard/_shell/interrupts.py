"""Interrupts: a Ctrl-C that comes while code of the guard runs ends the user's cell, as any other does.

Python raises ``KeyboardInterrupt`` wherever the main thread is. In a probe it passes on to the cell by itself, and only
the guard's frames have to be taken from the traceback that is shown. In a callback of the shell's events IPython would
print it and go on, so there it is kept for the cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._session.tracebacks import without_own_frames

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell


class Interrupts:
    """The interrupts of one shell.

    Args:
        shell: The IPython shell.

    Attributes:
        pending: Whether an interrupt came before the cell's code began.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._before: tuple[Any, tuple[type[BaseException], ...]] | None = None
        self._ours: object = None
        self.pending = False

    def start(self) -> None:
        """Show tracebacks of interrupts without frames of the guard, unless the user has a handler of exceptions."""
        shell = self._shell
        if shell.custom_exceptions:
            return
        self._before = shell.CustomTB, shell.custom_exceptions
        shell.set_custom_exc((KeyboardInterrupt,), _show)  # type: ignore[no-untyped-call]
        self._ours = shell.CustomTB

    def stop(self) -> None:
        """Undo it, unless somebody else has set another handler since."""
        if self._before is not None and self._shell.CustomTB == self._ours:
            self._shell.CustomTB, self._shell.custom_exceptions = self._before
        self._before = None

    def deferred(
        self, handler: Callable[..., object], interrupted: Callable[..., None]
    ) -> Callable[..., object]:
        """Return the callback of an event such that no interrupt reaches IPython.

        Args:
            handler: The callback.
            interrupted: Called with the same arguments after an interrupt.
        """

        def call(*arguments: object) -> None:
            try:
                handler(*arguments)
            except KeyboardInterrupt:
                interrupted(*arguments)

        return call

    def put_into(self, tree: ast.Module) -> None:
        """Have a cell raise the interrupt in place of running, if there is one."""
        pending, self.pending = self.pending, False
        if not pending or not tree.body:
            return
        raised = ast.Raise(ast.Name("KeyboardInterrupt", ast.Load()))
        ast.copy_location(raised, tree.body[0])
        tree.body = [ast.fix_missing_locations(raised)]


def _show(
    shell: Shell,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """Show an interrupt as IPython does (see ``set_custom_exc``)."""
    error.__traceback__ = without_own_frames(traceback)
    shell.showtraceback((kind, error, error.__traceback__), tb_offset=tb_offset, running_compiled_code=True)
