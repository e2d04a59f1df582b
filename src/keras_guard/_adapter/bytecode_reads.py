"""What the bytecode of a function reads from outside itself: globals, variables of enclosing functions, ``self``."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterator
from dataclasses import dataclass

from .._data.place import Attribute, Item, Place, Step
from .same_code import MUTATORS

_MAX_STEPS = 4
_BETWEEN = frozenset({"PUSH_NULL", "CACHE", "EXTENDED_ARG", "COPY_FREE_VARS", "RESUME", "PRECALL"})
#: What is asked of an array is not what is in it.
_FORM = frozenset({"shape", "dtype", "ndim", "size"})
GLOBAL_LOADS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_FREE = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})


@dataclass(frozen=True)
class Read:
    """One read in the code of a function.

    Attributes:
        scope: ``global``, ``free`` for a variable of an enclosing function, ``self`` for the first argument.
        place: The name, with the attributes and items that are read from it.
        length: Whether it is read for its length only.
    """

    scope: str
    place: Place
    length: bool = False


@functools.lru_cache(maxsize=1_024)
def reads_in(code: types.CodeType, idle: frozenset[int] = frozenset()) -> tuple[Read, ...]:
    """Return what code reads and never writes, the functions defined in it included, but for ``idle`` instructions."""
    found: dict[Read, None] = {}
    written: set[str] = set()
    changed: set[Place] = set()
    for part in codes_in(code):
        steps = instructions_of(part)
        for index, scope, place, end in places_read(part, code):
            if part is not code or steps[index].offset not in idle:
                found.setdefault(Read(scope, place, _is_length(steps, index, end)))
            changed |= _changed_by(place)
        written.update(name for step in steps for name in _written_by(step))
    return tuple(
        read for read in found if not (_is_written(read.place, written) or _is_changed(read.place, changed))
    )


def codes_in(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield code, and that of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_in(constant)


# What is found in them is kept by the callers. Few are kept here: each is two objects more for Python's garbage collector.
@functools.lru_cache(maxsize=32)
def instructions_of(code: types.CodeType) -> tuple[dis.Instruction, ...]:
    """Return the instructions of code that do something of their own."""
    return tuple(step for step in dis.get_instructions(code) if step.opname not in _BETWEEN)


def places_read(part: types.CodeType, outermost: types.CodeType) -> Iterator[tuple[int, str, Place, int]]:
    """Yield what code reads from outside itself, or from the outermost function, in the order of its instructions.

    With the scope and the place of a read come the indices of its first instruction, and of the one after it.
    """
    steps = instructions_of(part)
    for index, step in enumerate(steps):
        scope = _scope_of(step, part, outermost)
        place, end = _place_read(steps, index) if scope is not None else (None, index)
        if scope is not None and place is not None:
            yield index, scope, place, end


def _scope_of(step: dis.Instruction, part: types.CodeType, outermost: types.CodeType) -> str | None:
    own = outermost.co_varnames[:1] if outermost.co_argcount else ()
    if step.opname in GLOBAL_LOADS:
        return "global"
    if step.opname in _FREE and step.argval in outermost.co_freevars:
        return "free"
    is_own = step.argval in own and (part is outermost or step.opname in _FREE)
    if is_own and step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) and type(step.argval) is str:
        return "self"
    return None


def _place_read(all_steps: tuple[dis.Instruction, ...], index: int) -> tuple[Place | None, int]:
    """Return the name that an instruction reads, with the constant attributes and items that the next ones read from it.

    The place is ``None`` where the value is not read; the number is the index of the instruction after it.
    """
    name, index = str(all_steps[index].argval), index + 1
    steps: list[Step] = []
    while index < len(all_steps) and len(steps) < _MAX_STEPS:
        step = all_steps[index]
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if step.argval in _FORM:
                return None, index
            if step.argval == "get" and _constant_at(all_steps, index + 1) is not None:
                steps.append(Item(all_steps[index + 1].argval))  # ``settings.get("rate", 1.0)``
                break
            steps.append(Attribute(str(step.argval)))
            index += 1
        elif _constant_at(all_steps, index) is not None and _is_subscript(all_steps, index + 1):
            steps.append(Item(step.argval))
            index += 2
        else:
            break
    return Place(name, tuple(steps)), index


def _is_length(steps: tuple[dis.Instruction, ...], first: int, end: int) -> bool:
    """Whether what is read between two instructions is given to ``len``, and to nothing else."""
    if first == 0 or end >= len(steps):
        return False
    before, after = steps[first - 1], steps[end]
    is_call = after.opname in ("CALL", "CALL_FUNCTION") and after.arg == 1
    return is_call and before.opname in GLOBAL_LOADS and before.argval == "len"


def _changed_by(place: Place) -> set[Place]:
    """Return the list, dict or set that a method which is read changes in place."""
    last = place.steps[-1] if place.steps else None
    if isinstance(last, Attribute) and last.name in MUTATORS:
        return {Place(place.root, place.steps[:-1])}
    return set()


def _is_changed(place: Place, changed: set[Place]) -> bool:
    return not _changed_by(place) and any(place.is_below(other) for other in changed)


def _constant_at(steps: tuple[dis.Instruction, ...], index: int) -> str | int | None:
    if index < len(steps) and steps[index].opname.startswith(("LOAD_CONST", "LOAD_SMALL_INT")):
        value = steps[index].argval
        return value if type(value) in (str, int) else None
    return None


def _is_subscript(steps: tuple[dis.Instruction, ...], index: int) -> bool:
    return index < len(steps) and (steps[index].opname == "BINARY_SUBSCR" or steps[index].argrepr == "[]")


def _written_by(step: dis.Instruction) -> set[str]:
    if step.opname in ("STORE_GLOBAL", "STORE_ATTR", "STORE_DEREF", "STORE_NAME"):
        return {str(step.argval)}
    return {"["} if step.opname in ("STORE_SUBSCR", "DELETE_SUBSCR") else set()


def _is_written(place: Place, written: set[str]) -> bool:
    if not place.steps:
        return place.root in written
    step = place.steps[-1]
    return step.name in written if isinstance(step, Attribute) else "[" in written
