"""Which instructions of a function do nothing for a trace: those that do not run, and those that only print.

Plain values decide many branches while a function is traced: ``if self.mode == "soft":``. What the other branch reads
is not in the trace. What ``print(...)`` reads is not in it either, nor what decides only on a ``print``.
"""

from __future__ import annotations

import bisect
import dis
import functools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from .._data.place import Place
from .bytecode_reads import GLOBAL_LOADS, instructions_of, places_read

#: What is not known before the code runs.
UNKNOWN = object()
#: Returns what code reads at a place of a scope now, or ``UNKNOWN``.
ValueOf = Callable[[str, Place], Any]

_ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"})
_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
#: Where these are, code runs that no jump leads to.
_HANDLES = frozenset({"SETUP_FINALLY", "SETUP_WITH", "SETUP_ASYNC_WITH"})


@dataclass(frozen=True)
class _Test:
    """What decides a conditional jump: what is read, from which instruction on, and what its value means for the jump."""

    scope: str
    place: Place
    first: int
    truth: Callable[[Any], bool]


def idle_instructions(code: CodeType, value_of: ValueOf) -> frozenset[int]:
    """Return the offsets of the instructions of a function that a trace made now has nothing of.

    The functions that are defined in it are not looked into. Only plain values decide branches.
    """
    tests = _tests(code)
    if not tests:
        return _printing(code)
    return _printing(code) | _not_reached(code, tests, value_of)


def _not_reached(code: CodeType, tests: dict[int, _Test], value_of: ValueOf) -> frozenset[int]:
    steps = instructions_of(code)
    if getattr(code, "co_exceptiontable", b"") or any(step.opname in _HANDLES for step in steps):
        return frozenset()
    waiting, reached = [0], set()
    while waiting:
        index = waiting.pop()
        if index not in reached and index < len(steps):
            reached.add(index)
            waiting += _next(code, index, tests.get(index), value_of)
    return frozenset(step.offset for index, step in enumerate(steps) if index not in reached)


def _next(code: CodeType, index: int, test: _Test | None, value_of: ValueOf) -> Iterator[int]:
    """Yield the instructions that may run after one."""
    step = instructions_of(code)[index]
    if step.opname in _ENDS:
        return
    if step.opcode not in _JUMPS:
        yield index + 1
        return
    jumps: bool | None = True if step.opname.startswith("JUMP_") and "IF" not in step.opname else None
    if test is not None:
        value = value_of(test.scope, test.place)
        jumps = None if value is UNKNOWN else test.truth(value)
    if jumps is not True:
        yield index + 1
    if jumps is not False:
        yield _index_at(code, step.argval)


@functools.lru_cache(maxsize=1_024)
def _tests(code: CodeType) -> dict[int, _Test]:
    """Return what decides each conditional jump, by its index, where one plain value does."""
    steps = instructions_of(code)
    ends = {end: (scope, place, index) for index, scope, place, end in places_read(code, code)}
    tests = {}
    for index, step in enumerate(steps):
        if step.opcode in _JUMPS and "POP_JUMP" in step.opname:
            found = _test(steps, index, ends)
            if found is not None:
                tests[index] = found
    return tests


def _test(
    steps: tuple[dis.Instruction, ...], jump: int, ends: dict[int, tuple[str, Place, int]]
) -> _Test | None:
    end = jump - 1 if steps[jump - 1].opname == "TO_BOOL" else jump
    meaning = _meaning(steps[jump].opname)
    if end in ends:
        scope, place, first = ends[end]
        return _Test(scope, place, first, meaning)
    compares = _comparison(steps[end - 1])
    is_constant = end > 2 and steps[end - 2].opname.startswith(("LOAD_CONST", "LOAD_SMALL_INT"))
    if compares is None or not is_constant or end - 2 not in ends:
        return None
    scope, place, first = ends[end - 2]
    constant = steps[end - 2].argval
    return _Test(scope, place, first, lambda value: meaning(compares(value, constant)))


def _meaning(opname: str) -> Callable[[Any], bool]:
    """Return which values a jump is taken for."""
    if opname.endswith("IF_NOT_NONE"):
        return lambda value: value is not None
    if opname.endswith("IF_NONE"):
        return lambda value: value is None
    return bool if opname.endswith("IF_TRUE") else operator.not_


def _comparison(step: dis.Instruction) -> Callable[[Any, Any], bool] | None:
    if step.opname == "IS_OP":
        return operator.is_not if step.arg else operator.is_
    if step.opname != "COMPARE_OP":
        return None
    found = _COMPARISONS.get(str(step.argval).removeprefix("bool(").removesuffix(")"))
    return functools.partial(_compared, found) if found is not None else None


def _compared(compares: Callable[[Any, Any], bool], value: object, constant: object) -> bool:
    try:
        return compares(value, constant)
    except TypeError:
        return False  # the code raises there, and is not traced any further


@functools.lru_cache(maxsize=1_024)
def _printing(code: CodeType) -> frozenset[int]:
    """Return the offsets of the instructions that only print, and of those that only decide on a ``print``."""
    found: set[int] = set()
    if "print" not in code.co_names:
        return frozenset()
    every = list(dis.get_instructions(code))
    for index, step in enumerate(every):
        if step.opname in GLOBAL_LOADS and step.argval == "print":
            found.update(_statement_at(every, index))
    steps = instructions_of(code)
    for jump, test in _tests(code).items():
        target = _index_at(code, steps[jump].argval)
        inside = [step.offset for step in steps[jump + 1 : target]]
        if inside and found.issuperset(inside):
            found.update(step.offset for step in steps[test.first : jump])
    return frozenset(found)


def _statement_at(every: list[dis.Instruction], index: int) -> list[int]:
    """Return the offsets of a call whose result is not used, from the instruction that loads what is called."""
    depth, offsets = 0, []
    for step in every[index:]:
        if step.opcode in _JUMPS or step.opname in _ENDS:
            return []
        depth += dis.stack_effect(step.opcode, step.arg if step.opcode >= dis.HAVE_ARGUMENT else None)
        offsets.append(step.offset)
        if depth <= 0 and len(offsets) > 1:
            return offsets if step.opname == "POP_TOP" and depth == 0 else []
    return []


def _index_at(code: CodeType, offset: int) -> int:
    """Return the index of the first instruction at an offset, or after it."""
    return bisect.bisect_left(instructions_of(code), offset, key=lambda step: step.offset)
