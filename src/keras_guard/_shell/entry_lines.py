"""Entries of the ledger as lines of ``%keras_guard status`` and ``history``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .._data.diagnostic import Diagnostic, State
from .._ledger import Entry
from .._render.paint import Line


def diagnostic_of(entry: Entry) -> Diagnostic:
    """Return an entry's diagnostic with the uses up to now; the card has those up to when it was shown."""
    return replace(entry.diagnostic, happened=entry.happened)


def one_line(entry: Entry) -> str:
    """Return state, rule, message, place and stale uses of an entry."""
    diagnostic = entry.diagnostic
    line = f"{diagnostic.state.value:<8} {diagnostic.code} {diagnostic.message} ({diagnostic.span.label()})"
    return f"{line}; {entry.happened}" if entry.happened else line


#: The columns of a history.
EVENT_COLUMNS = ("time", "cell", "state", "rule", "what", "edit")


def events_of(entries: Iterable[Entry]) -> list[tuple[str, ...]]:
    """Return a row for each change of state of the entries, in the order in which they happened.

    Args:
        entries: The entries.
    """
    events = sorted(
        ((when, state, cell, entry) for entry in entries for when, state, cell in entry.history),
        key=lambda event: event[0],
    )
    return [
        (
            time.strftime("%H:%M:%S", time.localtime(when)),
            "" if cell is None else f"In[{cell}]",
            state.value,
            entry.diagnostic.code,
            _told(entry, state),
            entry.diagnostic.span.label(),
        )
        for when, state, cell, entry in events
    ]


def _told(entry: Entry, state: State) -> str:
    """Say what an event was: a resolved entry tells how it ended, with the stale uses before that."""
    happened = entry.happened if entry.history[-1][1] is state else ""
    what = entry.diagnostic.message
    if state is State.RESOLVED:
        # One that opened again has another state, and its card no longer says what resolved it before.
        what = entry.diagnostic.resolution or "a use showed that the edit was made for it"
    return "; ".join(part for part in (what, happened) if part)


def event_lines(events: Sequence[tuple[str, ...]]) -> list[Line]:
    """Return the rows of a history as lines.

    Args:
        events: The rows.
    """
    wide = max((len(event[1]) for event in events), default=0)
    return [
        Line(f"{when} {cell:<{wide}} {state:<8} {code} {what} ({where})", indent=12)
        for when, cell, state, code, what, where in events
    ]
