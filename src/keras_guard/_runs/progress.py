"""What ``run`` is doing, on the standard error."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

from .outcome import Outcome

_ERASE = "\r\x1b[K"
_WIDTH = 100


class Progress:
    """Says what is running: one changing line in a terminal, a line for each run elsewhere.

    Args:
        total: How many runs there are.
        stream: Where to write; nothing is written for ``None``.
    """

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._stream = stream
        self._changes = stream is not None and stream.isatty()
        self._done = 0
        self._running: dict[str, str] = {}
        self._lock = threading.Lock()

    def step(self, path: str, what: str) -> None:
        """A run does something else now."""
        with self._lock:
            self._running[path] = what
            self._show_line()

    def end(self, outcome: Outcome) -> None:
        """A run has ended."""
        with self._lock:
            self._running.pop(outcome.path, None)
            self._done += 1
            if self._stream is not None:
                erase = _ERASE if self._changes else ""
                self._stream.write(f"{erase}{outcome.path}: {summary_of(outcome)}\n")
            self._show_line()

    def close(self) -> None:
        """Erase the changing line."""
        if self._changes and self._stream is not None:
            self._stream.write(_ERASE)
            self._stream.flush()

    def _show_line(self) -> None:
        if self._changes and self._stream is not None:
            running = "; ".join(f"{path}: {what}" for path, what in self._running.items())
            self._stream.write(f"{_ERASE}{f'[{self._done}/{self._total}] {running}'[:_WIDTH]}")
            self._stream.flush()


def summary_of(outcome: Outcome) -> str:
    """Return how a run ended, in a few words."""
    words = [f"{len(outcome.open)} open"] if outcome.open else []
    pending = sum(found.card["state"] == "pending" for found in outcome.found)
    words += [f"{pending} pending"] if pending else []
    words += [f"failed with {outcome.error_line}"] if outcome.failed else []
    return f"{', '.join(words) or 'nothing lost'} ({outcome.seconds:.1f} s)"


def standard_error() -> TextIO | None:
    """Return the standard error, ``None`` where there is none."""
    return sys.stderr
