"""Showing diagnostics: display messages in notebooks, text in terminals, warnings without either."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._data.diagnostic import Diagnostic, State
from .._render import bundle, render_text
from .._render.paint import Look
from .._render.terminal import look_of_terminal
from .options import KerasGuard
from .warning import KerasGuardWarning, filtered_action

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell


class Display:
    """Shows diagnostics in one shell.

    Args:
        shell: The IPython shell.
        options: The options.
    """

    def __init__(self, shell: Shell, options: KerasGuard) -> None:
        self._shell = shell
        self._options = options
        self._kept: list[tuple[Diagnostic, bool]] = []
        #: In a terminal, the state in which each card was printed last.
        self._printed: dict[str, State] = {}
        #: Called with each diagnostic that is shown.
        self.listeners: list[Callable[[Diagnostic], None]] = []

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic now, or keep it while the cell's output is being captured."""
        if filtered_action() == "ignore":
            return
        for listener in self.listeners:
            listener(diagnostic)
        if self._captured():
            self._kept.append((diagnostic, update))
            return
        self._publish(diagnostic, update)

    def flush(self) -> None:
        """Show what was kept while a cell magic captured the output."""
        kept, self._kept = self._kept, []
        for diagnostic, update in kept:
            self._publish(diagnostic, update)

    def _captured(self) -> bool:
        return type(self._shell.display_pub).__name__ == "CapturingDisplayPublisher"

    def _publish(self, diagnostic: Diagnostic, update: bool) -> None:
        if not self.is_kernel():
            self._print(diagnostic, update)
            return
        data = bundle(diagnostic)
        if not self._options.html:
            del data["text/html"]
        self._shell.display_pub.publish(
            data=data,
            metadata={},
            transient={"display_id": diagnostic.id},
            update=update,
        )

    def _print(self, diagnostic: Diagnostic, update: bool) -> None:
        state = self._printed.get(diagnostic.id)
        if update and state is diagnostic.state:
            return  # a terminal cannot change what it printed, and repeating it adds nothing
        self._printed[diagnostic.id] = diagnostic.state
        text = render_text(diagnostic, look=self.look())
        if sys.stdout is None:
            warnings.warn(KerasGuardWarning(text), stacklevel=2)
        else:
            print(text, flush=True)  # noqa: T201 - the terminal is the front end here

    def show_text(self, text: str, html: str) -> None:
        """Show the answer of a magic, as text and as HTML."""
        if not self.is_kernel():
            print(text, flush=True)  # noqa: T201
            return
        data = {"text/plain": text} | ({"text/html": html} if self._options.html else {})
        self._shell.display_pub.publish(data=data, metadata={})

    def show_line(self, text: str) -> None:
        """Show a line of the guard's own, as plain text."""
        if not self.is_kernel():
            print(text, flush=True)  # noqa: T201
        else:
            self._shell.display_pub.publish(data={"text/plain": text}, metadata={})

    def next_input(self, source: str) -> None:
        """Offer code as the next cell, or as the terminal's next prompt."""
        self._shell.set_next_input(source)

    def is_kernel(self) -> bool:
        """Whether the shell is a kernel, whose front end gets messages."""
        return hasattr(self._shell, "kernel")

    def look(self) -> Look:
        """Return how text is shown: in a terminal with its colours, background and width, elsewhere plain."""
        if self.is_kernel():
            return Look()
        return look_of_terminal(self.coloured(), str(getattr(self._shell, "colors", "")))

    def coloured(self) -> bool:
        """Whether text is for a terminal that shows colours."""
        if self._options.colour != "auto":
            return bool(self._options.colour == "always")
        colours = str(getattr(self._shell, "colors", "")).lower()
        if colours == "nocolor" or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return False
        return bool(getattr(sys.stdout, "isatty", lambda: False)())
