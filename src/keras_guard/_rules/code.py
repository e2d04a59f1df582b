"""Whether two functions or classes of the user's do the same."""

from __future__ import annotations

import types
from typing import Any

from .._instrument.runtime import SITE_PREFIX


def same_code(old: types.FunctionType, new: types.FunctionType) -> bool:
    """Whether two functions do the same: equal code, defaults and closures."""
    cells = [[c.cell_contents for c in f.__closure__ or () if _filled(c)] for f in (old, new)]
    return (
        _same(old.__code__, new.__code__)
        and _equal(old.__defaults__, new.__defaults__)
        and _equal(old.__kwdefaults__, new.__kwdefaults__)
        and len(cells[0]) == len(cells[1])
        and all(_same_cell(a, b) for a, b in zip(*cells, strict=True))
    )


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _same_cell(a: Any, b: Any) -> bool:
    # ``super()`` closes over the class itself, which is another object in each definition.
    return (
        a is b
        or (isinstance(a, type) and isinstance(b, type) and a.__qualname__ == b.__qualname__)
        or _equal(a, b)
    )


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


def _same(a: types.CodeType, b: types.CodeType) -> bool:
    if (a.co_code, a.co_names, a.co_varnames, a.co_freevars) != (
        b.co_code,
        b.co_names,
        b.co_varnames,
        b.co_freevars,
    ):
        return False
    if len(a.co_consts) != len(b.co_consts):
        return False
    for x, y in zip(a.co_consts, b.co_consts, strict=True):
        if isinstance(x, types.CodeType) and isinstance(y, types.CodeType):
            if not _same(x, y):
                return False
        elif (type(x) is not type(y) or x != y) and not (_is_site(x) and _is_site(y)):
            return False
    return True


def _is_site(constant: Any) -> bool:
    """Whether a constant is the number of a probe, which is another one each time a cell runs."""
    return isinstance(constant, str) and constant.startswith(SITE_PREFIX)


def same_class(old: type, new: type) -> bool:
    """Whether two classes have equal bases and members, functions compared by their code."""
    if [b.__qualname__ for b in old.__mro__] != [b.__qualname__ for b in new.__mro__]:
        return False
    a, b = _members(old), _members(new)
    return a.keys() == b.keys() and all(_same_member(a[name], b[name]) for name in a)


def _members(cls: type) -> dict[str, Any]:
    skipped = {"__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__", "__static_attributes__"}
    return {
        name: value
        for name, value in vars(cls).items()
        if name not in skipped and not name.startswith("_abc")
    }


def _same_member(a: Any, b: Any) -> bool:
    if isinstance(a, property) and isinstance(b, property):
        return all(_same_member(x, y) for x, y in ((a.fget, b.fget), (a.fset, b.fset)))
    a, b = getattr(a, "__func__", a), getattr(b, "__func__", b)
    a, b = getattr(a, "__wrapped__", a), getattr(b, "__wrapped__", b)
    if isinstance(a, types.FunctionType) and isinstance(b, types.FunctionType):
        return same_code(a, b)
    return a is b or _equal(a, b)
