"""The processes of runs that have not ended, so that an interrupt can end them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_KILLERS: dict[int, Callable[[], None]] = {}
_LOCK = threading.Lock()


@contextmanager
def alive(kill: Callable[[], None]) -> Iterator[None]:
    """Remember how to end a process while it may run.

    Args:
        kill: Ends the process; it may have ended already.
    """
    with _LOCK:
        _KILLERS[id(kill)] = kill
    try:
        yield
    finally:
        with _LOCK:
            del _KILLERS[id(kill)]


def kill_all() -> None:
    """End every process."""
    with _LOCK:
        killers = list(_KILLERS.values())
    for kill in killers:
        with suppress(OSError, AttributeError, TypeError):
            kill()
