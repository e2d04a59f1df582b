"""What ``%keras_guard status`` says."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.keras_types import TYPES, backend, version
from .._data.diagnostic import State
from .._ledger import Ledger
from .._session.containment import Containment
from .._session.session import Session
from .._version import __version__
from .entry_lines import one_line
from .options import KerasGuard
from .support import complaints

#: The columns of the table of a status, and how the lines begin that the table has in its rows.
STATUS_COLUMNS = ("state", "rule", "what", "edit", "what ran")
LISTED = tuple(f"{indent}{state.value}" for indent in ("  ", "    ") for state in State)


def status_rows(ledger: Ledger) -> list[tuple[str, ...]]:
    """Return the rows of the table: what is pending or open, then what ran stale before it was resolved.

    Args:
        ledger: All findings.
    """
    entries = [entry for entry in ledger.live() if entry.shown]
    entries += [entry for entry in ledger.shown() if not entry.live and entry.happened]
    found: list[tuple[str, ...]] = []
    for entry in entries:
        card = entry.diagnostic
        found.append((card.state.value, card.code, card.message, card.span.label(), entry.happened))
    return found


def status_lines(options: KerasGuard, session: Session) -> list[str]:
    """Say whether the guard watches, what is open, and what went wrong inside it.

    Args:
        options: The options.
        session: The session.
    """
    awake = f"{version()} on {backend()}" if TYPES.awake else "asleep until Keras is imported"
    lines = [f"keras_guard {__version__}: {'on' if options.enabled else 'off'}, {awake}"]
    modes = ["strict"] if options.strict else []
    modes += [f"ignoring {', '.join(sorted(options.ignore))}"] if options.ignore else []
    if modes:
        lines.append("  " + "; ".join(modes))
    lines += _entries(session.ledger)
    lines += _faults(session.containment)
    lines += [f"  {line}" for line in complaints()]
    if session.hooks.missing:
        lines.append(f"  not found in this Keras: {', '.join(session.hooks.missing)}")
    return lines


def _entries(ledger: Ledger) -> Iterator[str]:
    live = [entry for entry in ledger.live() if entry.shown]
    yield from (f"  {one_line(entry)}" for entry in live)
    if not live:
        yield "  nothing pending, nothing open"
    past = [entry for entry in ledger.shown() if not entry.live and entry.happened]
    if past:
        yield "  resolved, but used before that:"
        yield from (f"    {one_line(entry)}" for entry in past)


def _faults(containment: Containment) -> Iterator[str]:
    total = sum(containment.faults.values())
    if total:
        yield f"  {total} fault{'s' * (total != 1)} inside the guard, contained:"
        yield from (f"    {count} x {label}" for label, count in containment.faults.most_common(5))
