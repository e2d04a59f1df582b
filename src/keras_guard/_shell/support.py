"""What is not supported here; reported once, when the guard wakes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from .._adapter import support

OLDEST_PYTHON = (3, 10)
OLDEST_IPYTHON = (7, 34)

#: What was reported in this process; loading the guard again does not repeat it.
_REPORTED: set[str] = set()


def complaints() -> Iterator[str]:
    """Yield a line for every part of this installation that is not, or only partly, supported."""
    from .._rules import RULES

    if sys.version_info < OLDEST_PYTHON:
        yield f"Python {sys.version.split()[0]} is not supported; 3.10 or later is"
    ipython = sys.modules.get("IPython")
    numbers = tuple(getattr(ipython, "version_info", OLDEST_IPYTHON))[:2]
    if numbers < OLDEST_IPYTHON:
        yield f"IPython {getattr(ipython, '__version__', '')} is not supported; 7.34 or later is"
    yield from support.complaints([code for code, rule in RULES.items() if rule.keras_2])


def not_said_yet() -> list[str]:
    """Return the lines that this function has not returned before."""
    new = [line for line in complaints() if line not in _REPORTED]
    _REPORTED.update(new)
    return new
