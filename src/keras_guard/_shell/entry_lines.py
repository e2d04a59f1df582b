"""Entries of the ledger as lines of ``%keras_guard status`` and ``history``."""

from __future__ import annotations

import time
from dataclasses import replace

from .._data.diagnostic import Diagnostic, State
from .._ledger import Entry


def diagnostic_of(entry: Entry) -> Diagnostic:
    """Return an entry's diagnostic with the uses up to now; the card has those up to when it was shown."""
    return replace(entry.diagnostic, happened=entry.happened)


def one_line(entry: Entry) -> str:
    """Return state, rule, message, place and stale uses of an entry."""
    diagnostic = entry.diagnostic
    line = f"{diagnostic.state.value:<8} {diagnostic.code} {diagnostic.message} ({diagnostic.span.label()})"
    return f"{line}; {entry.happened}" if entry.happened else line


def history_line(entry: Entry) -> str:
    """Return the line of an entry with its states, their times, and what resolved it."""
    steps = ", ".join(
        f"{state.value} {'in Cell In[' + str(cell) + '] ' if cell is not None else ''}at "
        f"{time.strftime('%H:%M:%S', time.localtime(when))}"
        for when, state, cell in entry.history
    )
    line = f"{one_line(entry)}; {steps}" if steps else one_line(entry)
    if entry.state is State.RESOLVED and entry.diagnostic.resolution:
        line += f"; {entry.diagnostic.resolution}"
    return line
