"""Whether two functions or classes of the user's do the same.

Running a cell again defines everything in it again. What is compared is a normal form: the
instructions with their constants, without docstrings, comments, annotations and the names of local
variables; and values by what they hold, for two arrays or initializers are never one object. What
cannot be compared counts as the same: a change that is missed costs less than one that is made up.
"""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Iterator
from typing import Any

from .._data.missing import MISSING
from .._data.reserved import SITE_PREFIX
from .quiet import no_warnings
from .same_numbers import in_single_precision, is_number, same_number

#: Arrays with more items are compared by shape and type alone: comparing must not be felt.
_MAX_ITEMS = 1_000_000
#: Classes whose values say all by ``==``.
PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None), type(...), type(MISSING)})
_CONTAINERS = (list, dict, set)
#: Methods that change a list, dict or set in place.
MUTATORS = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "add", "discard", "update",
     "setdefault", "popitem"}
)  # fmt: skip
#: Members of a class that Python makes, or that say nothing of what its objects compute.
_SKIPPED = frozenset(
    {"__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__", "__static_attributes__",
     "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__orig_bases__",
     "__repr__", "__str__", "get_config"}
)  # fmt: skip
_KINDS = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR | inspect.CO_COROUTINE
_LOCAL = frozenset(dis.haslocal) | frozenset(dis.hasfree)


def same_meaning(old: object, new: object) -> bool:
    """Whether two functions, classes, losses, metrics or optimizers do the same, or cannot be compared."""
    return _Comparison().same(old, new)


def same_instructions(old: types.CodeType, new: types.CodeType) -> bool:
    """Whether the code of two functions does the same, whatever they close over."""
    return _Comparison().same(list(_normal_form(old)), list(_normal_form(new)))


class _Comparison:
    """One comparison of two values and of all they are made of."""

    def __init__(self) -> None:
        #: Pairs that are being or were compared, kept alive: definitions refer to themselves.
        self._met: dict[tuple[int, int], tuple[Any, Any]] = {}

    def same(self, a: object, b: object) -> bool:
        """Whether two values mean the same, or cannot be compared."""
        if a is b or (id(a), id(b)) in self._met:
            return True
        if is_number(a) and is_number(b):
            return same_number(a, b)
        if type(a) in PLAIN or type(b) in PLAIN:
            return _same_plain(a, b)
        self._met[id(a), id(b)] = (a, b)
        try:
            return self._same_parts(a, b)
        except Exception:
            return True

    def _same_parts(self, a: Any, b: Any) -> bool:
        if isinstance(a, type) and isinstance(b, type):
            return self._same_class(a, b)
        if not self.same(type(a), type(b)):
            return False
        if isinstance(a, types.FunctionType):
            return self._same_function(a, b)
        parts = _parts(a), _parts(b)
        if parts[0] is not None and parts[1] is not None:
            return self._same_dicts(*parts) if isinstance(parts[0], dict) else self._same_items(*parts)
        return _same_opaque(a, b)

    def _same_function(self, a: types.FunctionType, b: types.FunctionType) -> bool:
        return (
            self._same_items(list(_normal_form(a.__code__)), list(_normal_form(b.__code__)))
            and self.same(a.__defaults__, b.__defaults__)
            and self.same(a.__kwdefaults__, b.__kwdefaults__)
            and self._same_items(_closure(a), _closure(b))
            and _by_name(a) == _by_name(b)
        )

    def _same_class(self, a: type, b: type) -> bool:
        if a.__qualname__ != b.__qualname__ or len(a.__mro__) != len(b.__mro__):
            return False
        bases = zip(a.__mro__[1:], b.__mro__[1:], strict=True)
        states = _state_names(a) | _state_names(b)
        # What one class alone has, and the other does not even inherit, is nothing that the rest of the code uses.
        left_out = states | {
            name for name in {*vars(a), *vars(b)} if not (hasattr(a, name) and hasattr(b, name))
        }
        return all(self.same(x, y) for x, y in bases) and self._same_dicts(
            _members(a, left_out), _members(b, left_out)
        )

    def _same_dicts(self, a: dict[Any, Any], b: dict[Any, Any]) -> bool:
        if a.keys() == b.keys():
            return all(self.same(a[name], b[name]) for name in a)
        return self._same_items([*a, *a.values()], [*b, *b.values()])  # keys may be classes or functions

    def _same_items(self, a: list[Any], b: list[Any]) -> bool:
        return len(a) == len(b) and all(self.same(x, y) for x, y in zip(a, b, strict=True))


def _same_plain(a: object, b: object) -> bool:
    if _is_site(a) and _is_site(b):
        return True
    return type(a) is type(b) and (a == b or (a != a and b != b))  # noqa: PLR0124 - not a number


def _is_site(constant: object) -> bool:
    """Whether a constant is the number of a probe, which is another one each time a cell runs."""
    return isinstance(constant, str) and constant.startswith(SITE_PREFIX)


# Functions


def _closure(function: types.FunctionType) -> list[Any]:
    """Return what a function closes over, in the order in which its code first reads it."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    order = [name for name in _names_in_order(function.__code__) if name in cells]
    return [content(cells[name]) for name in dict.fromkeys([*order, *cells])]


def content(cell: Any) -> Any:
    """Return what a cell of a closure holds, ``MISSING`` where it is not filled yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def _by_name(function: types.FunctionType) -> tuple[str, ...]:
    """Return the arguments that may be given by name, such as ``training``: those with a default."""
    code, optional = function.__code__, len(function.__defaults__ or ())
    first = code.co_argcount - optional
    return code.co_varnames[first : code.co_argcount + code.co_kwonlyargcount]


class _Scope:
    """Numbers for the variables of a function, by first appearance: their names mean nothing."""

    def __init__(self, code: types.CodeType, outer: _Scope | None = None) -> None:
        self._outer = outer
        self._depth: int = outer._depth + 1 if outer is not None else 0
        self._free = frozenset(code.co_freevars) if outer is not None else frozenset()
        self._numbers: dict[str, int] = {}
        for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            self.number(name)

    def number(self, name: str) -> tuple[int, int]:
        """Return the depth at which a variable lives, and its number there."""
        if self._outer is not None and name in self._free:
            return self._outer.number(name)
        return self._depth, self._numbers.setdefault(name, len(self._numbers))


def _normal_form(code: types.CodeType, outer: _Scope | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the instructions with what they load; constants that none of them loads fall away."""
    scope = _Scope(code, outer)
    yield code.co_argcount, code.co_kwonlyargcount, code.co_flags & _KINDS
    for instruction in dis.get_instructions(code):
        value = instruction.argval
        if instruction.opcode in _LOCAL:
            names = _names(value)
            if not _makes_closure(instruction.opname, names[0], code):
                yield (instruction.opname, *map(scope.number, names))
        elif isinstance(value, types.CodeType):
            yield (instruction.opname, *_normal_form(value, scope))
        else:
            yield instruction.opname, value


def _makes_closure(operation: str, name: str, code: types.CodeType) -> bool:
    """Whether an instruction passes cells to an inner function, which it does in the order of their names."""
    if operation in ("MAKE_CELL", "LOAD_CLOSURE"):
        return True
    return operation.startswith("LOAD_FAST") and name in (*code.co_cellvars, *code.co_freevars)


def _names(value: object) -> list[str]:
    return [str(name) for name in (value if isinstance(value, tuple) else (value,))]


def _names_in_order(code: types.CodeType) -> Iterator[str]:
    """Yield the names of variables in the order in which the code and the functions in it first use them."""
    for instruction in dis.get_instructions(code):
        if instruction.opcode in _LOCAL:
            names = _names(instruction.argval)
            if not _makes_closure(instruction.opname, names[0], code):
                yield from names
        elif isinstance(instruction.argval, types.CodeType):
            yield from _names_in_order(instruction.argval)


# Classes


def _members(cls: type, left_out: frozenset[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(cls).items()
        if name not in _SKIPPED and name not in left_out and not name.startswith("_abc")
    }


def _state_names(cls: type) -> frozenset[str]:
    """Return the members that the class's own methods change, such as a count of its instances."""
    names: set[str] = set()
    for value in vars(cls).values():
        function = function_of_member(value)
        if function is not None:
            names |= _stored(function.__code__, vars(cls))
    return frozenset(names)


def function_of_member(value: Any) -> types.FunctionType | None:
    """Return the function of a method or property as it is in a class; ``None`` for any other member."""
    found = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    found = inspect.unwrap(found) if callable(found) else None
    return found if isinstance(found, types.FunctionType) else None


def _stored(code: types.CodeType, members: Any) -> set[str]:
    """Return the attributes that code assigns, and the containers among ``members`` it may change in place."""
    loaded, stored, mutates = set(), set(), False
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_ATTR":
            stored.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            loaded.add(instruction.argval)
        mutates |= instruction.opname in ("STORE_SUBSCR", "DELETE_SUBSCR")
    if mutates or loaded & MUTATORS:
        stored |= {name for name in loaded if isinstance(members.get(name), _CONTAINERS)}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            stored |= _stored(constant, members)
    return {name for name in stored if not isinstance(members.get(name), types.FunctionType)}


# Values


#: How functions are wrapped up in a class or a call, and where these wrappers keep them.
_WRAPPERS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (property, ("fget", "fset", "fdel")),
    (functools.cached_property, ("func",)),
    (functools.partial, ("func", "args", "keywords")),
    (types.MethodType, ("__func__", "__self__")),
    (staticmethod, ("__func__",)),
    (classmethod, ("__func__",)),
)


def _parts(value: object) -> Any:
    """Return what a value is made of, as a list or dict; ``None`` where that cannot be said."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, dict):
        return dict(value)
    for kind, names in _WRAPPERS:
        if isinstance(value, kind):
            return [getattr(value, name) for name in names]
    if hasattr(value, "__wrapped__"):  # of a cache, or a function made for graphs
        return [value.__wrapped__]
    return None if _is_array(value) else _state(value)


def _state(value: Any) -> dict[str, Any] | None:
    """Return the config of an object of Keras, with the attributes of an object of the user's own class."""
    state: dict[str, Any] = {}
    known = callable(getattr(value, "get_config", None))
    if known:
        with no_warnings():
            state = _unnamed(value.get_config())
    if type(value).__module__ == "__main__" and hasattr(value, "__dict__"):
        own = {key: item for key, item in vars(value).items() if not known or _is_own(key)}
        return {**own, **state}
    return state if known else None


def _is_own(name: str) -> bool:
    return name != "name" and not name.startswith("_")


def _unnamed(config: object) -> Any:
    """Return a config without names: each layer and metric is given one of its own."""
    if isinstance(config, dict):
        return {key: _unnamed(item) for key, item in config.items() if key != "name"}
    return [_unnamed(item) for item in config] if isinstance(config, (list, tuple)) else config


def _is_array(value: object) -> bool:
    return all(hasattr(value, name) for name in ("__array__", "shape", "dtype"))


def _same_opaque(a: Any, b: Any) -> bool:
    if _is_array(a):
        return _same_array(a, b)
    if not any("__eq__" in vars(base) for base in type(a).__mro__[:-1]):
        return True  # one object each: that tells nothing of what they hold
    if isinstance(a, (set, frozenset)) and not all(type(item) in PLAIN for item in (*a, *b)):
        return len(a) == len(b)
    return bool(a == b)


def _same_array(a: Any, b: Any) -> bool:
    if tuple(a.shape) != tuple(b.shape):
        return False
    if a.dtype != b.dtype:
        numbers = in_single_precision(a) if a.size <= _MAX_ITEMS else None
        return numbers is not None and numbers == in_single_precision(b)
    if hasattr(a, "assign"):
        return True  # the value of a variable is state, not definition
    import numpy as np  # never before Keras brought it along

    x, y = np.asarray(a), np.asarray(b)
    return x.size > _MAX_ITEMS or np.array_equal(x, y, equal_nan=x.dtype.kind in "fc")
