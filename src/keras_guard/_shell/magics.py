"""The ``%keras_guard`` magics: registering, completing, unregistering."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._data.meant import Meant
from .._session.containment import Containment, shielded
from .command_basics import CommandError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell

    from .commands import Commands

_NAME = "keras_guard"
_CELL_LINE = re.compile(r"^%%keras_guard\b(.*?)(\n?)$")

#: Option of the line magic that a cell magic is rewritten to: the words are about the running cell.
_CELL_OPTION = "--this-cell"


class Magics:
    """The magics of one shell.

    Args:
        shell: The IPython shell.
        commands: Returns what answers the magics.
        containment: Counts faults.
    """

    def __init__(self, shell: Shell, commands: Callable[[], Commands], containment: Containment) -> None:
        self.containment = containment
        self.commands = commands
        self._shell = shell
        self._hooked: list[str] = []

    def register(self) -> None:
        """Register the magics, their completion and the rewriting of the cell magic."""
        self._shell.register_magic_function(self.run, "line_cell", _NAME)  # type: ignore[arg-type]
        self._shell.input_transformers_cleanup.append(self._rewrite)
        for key in (f"%{_NAME}", f"%%{_NAME}", _NAME):
            self._hook_completer(key)

    def _rewrite(self, lines: list[str]) -> list[str]:
        return self._as_line(lines) or lines

    @shielded
    def _as_line(self, lines: list[str]) -> list[str]:
        return cell_magic_as_line(lines)

    def _hook_completer(self, key: str) -> None:
        def complete(_: object, event: Any) -> list[str]:
            return self._complete(event.line, event.symbol) or []

        self._shell.set_hook("complete_command", complete, str_key=key)  # type: ignore[no-untyped-call]
        self._hooked.append(key)

    @shielded
    def _complete(self, line: str, symbol: str) -> list[str]:
        return self.commands().complete(line, symbol)

    def unregister(self) -> None:
        """Remove everything; IPython's own unloading leaves magics behind."""
        for kind in ("line", "cell"):
            self._shell.magics_manager.magics[kind].pop(_NAME, None)
        transforms = self._shell.input_transformers_cleanup
        if self._rewrite in transforms:
            transforms.remove(self._rewrite)
        dispatcher = self._shell.strdispatchers.get("complete_command")
        if dispatcher is not None:
            for key in self._hooked:
                dispatcher.strs.pop(key, None)

    def run(self, line: str, cell: str | None = None) -> None:
        """Watch this notebook's Keras models; `%keras_guard help` lists the subcommands."""
        words = line.split()
        if cell is None and _CELL_OPTION in words:
            self._answer(lambda: self.commands().for_cell([w for w in words if w != _CELL_OPTION]))
        elif cell is None:
            self._answer(lambda: self.commands().run(line))
        else:  # only through run_cell_magic(); a typed cell is rewritten before it runs
            self._answer(lambda: self.commands().for_cell(words))
            self._shell.run_cell(cell).raise_error()  # type: ignore[no-untyped-call]

    def _answer(self, command: Callable[[], None]) -> None:
        """Run a command; a wrong argument and a fault of the guard both end in one line."""
        from IPython.core.error import UsageError

        try:
            command()
        except CommandError as error:
            raise UsageError(str(error)) from None
        except (KeyboardInterrupt, Meant):
            raise
        except BaseException as error:
            # Reported, unlike other faults: the user waits for an answer, and later code may need it.
            self.containment.note(error)
            raise UsageError(
                f"keras_guard itself failed here ({type(error).__name__}); your models and names are as they were. "
                "`%keras_guard status` says more"
            ) from None


def cell_magic_as_line(lines: list[str]) -> list[str]:
    """Turn a ``%%keras_guard`` first line into a line magic.

    The rest of the cell then runs as any other cell: same line numbers, same ``Out[]``, same
    tracebacks, ``await`` included.
    """
    match = _CELL_LINE.match(lines[0]) if lines else None
    if match is None:
        return lines
    return [f"%{_NAME} {_CELL_OPTION}{match.group(1)}{match.group(2)}", *lines[1:]]
