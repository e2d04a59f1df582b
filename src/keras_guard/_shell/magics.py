"""The ``%keras_guard`` magics: registering, completing, taking out again."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .._data.meant import Meant

if TYPE_CHECKING:
    from .commands import Commands

_NAME = "keras_guard"
_CELL_LINE = re.compile(r"^%%keras_guard\b(.*?)(\n?)$")

#: Option by which a cell magic, rewritten as a line magic, says that it speaks of its cell.
_CELL_OPTION = "--this-cell"


class Magics:
    """What was registered with one shell.

    Args:
        shell: The IPython shell.
        extension: The extension whose session they ask.
    """

    def __init__(self, shell: Any, extension: Any) -> None:
        self._shell = shell
        self._extension = extension
        self._hooked: list[tuple[str, Callable[..., Any]]] = []
        # Made once: every cell passes through the first.
        self._as_line = extension.containment.shield(cell_magic_as_line)
        self._completions = extension.containment.shield(self._complete)

    @cached_property
    def _commands(self) -> Commands:
        from .commands import Commands

        return Commands(self._extension)

    def register(self) -> None:
        """Register the magics, their completion and the rewriting of the cell magic."""
        self._shell.register_magic_function(self.run, "line_cell", _NAME)
        self._shell.input_transformers_cleanup.append(self._rewrite)
        for key in (f"%{_NAME}", f"%%{_NAME}", _NAME):
            self._hook_completer(key)

    def _rewrite(self, lines: list[str]) -> list[str]:
        return self._as_line(lines) or lines

    def _hook_completer(self, key: str) -> None:
        def complete(_: Any, event: Any) -> list[str]:
            return self._completions(event) or []

        self._shell.set_hook("complete_command", complete, str_key=key)
        self._hooked.append((key, complete))

    def _complete(self, event: Any) -> list[str]:
        return self._commands.complete(event.line, event.symbol)

    def unregister(self) -> None:
        """Take everything out again; IPython itself leaves magics behind."""
        for kind in ("line", "cell"):
            self._shell.magics_manager.magics[kind].pop(_NAME, None)
        transforms = self._shell.input_transformers_cleanup
        if self._rewrite in transforms:
            transforms.remove(self._rewrite)
        dispatcher = self._shell.strdispatchers.get("complete_command")
        if dispatcher is not None:
            for key, _ in self._hooked:
                dispatcher.strs.pop(key, None)

    def run(self, line: str, cell: str | None = None) -> None:
        """Watch this notebook's Keras models; `%keras_guard help` lists the subcommands."""
        words = line.split()
        if cell is None and _CELL_OPTION in words:
            self._answer(lambda: self._commands.set_for_cell([w for w in words if w != _CELL_OPTION]))
        elif cell is None:
            self._answer(lambda: self._commands.run(line))
        else:  # reached only through run_cell_magic(); a typed cell is rewritten before it runs
            self._answer(lambda: self._commands.set_for_cell(words))
            self._shell.run_cell(cell).raise_error()

    def _answer(self, command: Callable[[], None]) -> None:
        """Run a command; what it cannot work with, and a fault of the guard's own, end in one line."""
        from IPython.core.error import UsageError

        from .command_error import CommandError

        try:
            command()
        except CommandError as error:
            raise UsageError(str(error)) from None
        except (KeyboardInterrupt, Meant):
            raise
        except BaseException as error:
            # Not silent as elsewhere: the user waits for an answer, and code behind it may need it.
            self._extension.containment.note(error)
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


def register_magics(shell: Any, extension: Any) -> Magics:
    """Register the magics of an extension in its shell."""
    magics = Magics(shell, extension)
    magics.register()
    return magics
