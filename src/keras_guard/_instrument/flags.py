"""Flags in ``builtins`` that choose between a statement with probes and the same statement without them.

A statement in a function or a loop is compiled twice, behind a test of its flag. While the flag is true, its probes
run. When they saw nothing of Keras many times, the flag becomes false: the statement is *cold*, and costs only the test.
A new cell, a new layer, a new model or a new trace makes every flag true again. An edit that a cold statement makes is
found when the model is used, without its line.

The flags are a fixed set of names, which statements share: a new name in ``builtins`` would invalidate what the
interpreter cached about all others.
"""

from __future__ import annotations

import builtins
import itertools

from .._data.reserved import SITE_PREFIX

#: How often in a row the probes of a statement see nothing of Keras before it becomes cold.
QUIET_LIMIT = 1000
#: How many flags there are.
COUNT = 128

#: A name begins as the numbers of sites do: two compilations of the same code differ in neither. It ends with two
#: underscores: in a class, Python changes private names.
NAMES = tuple(f"{SITE_PREFIX}flag_{index}__" for index in range(COUNT))

_quiet = [0] * COUNT
_cold: set[int] = set()
_next = itertools.cycle(range(COUNT))


def new_flag() -> int:
    """Return the flag of one more statement."""
    return next(_next)


def saw_nothing(flag: int | None) -> None:
    """Count a probe that saw nothing of Keras; at the limit the flag becomes false."""
    if flag is None:
        return
    _quiet[flag] += 1
    if _quiet[flag] >= QUIET_LIMIT:
        _cold.add(flag)
        setattr(builtins, NAMES[flag], False)


def saw_something(flag: int | None) -> None:
    """Start the count of a flag again."""
    if flag is not None:
        _quiet[flag] = 0


def warm() -> None:
    """Make every flag true that became false, so that all probes run again."""
    while _cold:
        flag = _cold.pop()
        _quiet[flag] = 0
        setattr(builtins, NAMES[flag], True)


def install() -> None:
    """Put the flags into ``builtins``, all true."""
    _cold.clear()
    _quiet[:] = [0] * COUNT
    for name in NAMES:
        setattr(builtins, name, True)
