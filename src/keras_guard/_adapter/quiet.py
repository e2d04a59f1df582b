"""Running a user's or Keras' ``get_config`` without the warnings that it gives."""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Any

_alone = threading.RLock()


@contextlib.contextmanager
def no_warnings() -> Iterator[None]:
    """Drop what this thread gives to ``warnings.warn``.

    The filters stay as they are: Python forgets what it has shown once when they change, and would show the user's
    own warnings again. A thread that finds another one here runs as if it were not.
    """
    if not _alone.acquire(blocking=False):
        yield
        return
    given, thread = warnings.warn, threading.get_ident()

    def warn(*args: Any, **kwargs: Any) -> None:
        if threading.get_ident() != thread:
            given(*args, **kwargs)

    warnings.warn = warn
    try:
        yield
    finally:
        if warnings.warn is warn:
            warnings.warn = given
        _alone.release()
