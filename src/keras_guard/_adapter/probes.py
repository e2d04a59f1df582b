"""Probes at the head of Keras functions, without an extra frame.

Wrapping ``Model.fit`` would put a frame of ours into every traceback a user sees. Instead the
function's own source is compiled again with one call in front (and one behind, where asked
for), on the same lines of the same file, and its ``__code__`` is exchanged. Function objects,
identities, signatures and traceback lines stay what they were; :meth:`Probe.remove` puts the
old code back. Where the source cannot be read, the probe is reported as not attached.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

_PREFIX = "__keras_guard_probe_"
_counter = 0


class Probe:
    """One instrumented function.

    Args:
        function: The function, or a decorated one: decorators made with ``functools.wraps`` are looked through.
        before: Called with the values of the function's parameters, ``*args`` and ``**kwargs`` last; returns a token.
        after: Called with the token when the function returns or raises, if the token is not ``None``.

    Raises:
        ProbeError: When the function cannot be instrumented.
    """

    def __init__(
        self,
        function: object,
        before: Callable[..., Any],
        after: Callable[[Any], None] | None = None,
    ) -> None:
        self.function = inspect.unwrap(function)  # type: ignore[arg-type]
        if not isinstance(self.function, FunctionType):
            raise ProbeError(f"{function!r} is not a Python function")
        self._old_code = self.function.__code__
        global _counter  # noqa: PLW0603 - names in builtins must differ over the whole process
        _counter += 1
        self._names = (f"{_PREFIX}{_counter}_before__", f"{_PREFIX}{_counter}_after__")
        new_code = _named(_template(self.function, has_after=after is not None), self._names)
        setattr(builtins, self._names[0], before)
        if after is not None:
            setattr(builtins, self._names[1], after)
        self.function.__code__ = new_code

    def remove(self) -> None:
        """Put the function's own code back."""
        self.function.__code__ = self._old_code
        # The names stay: a frame that is inside the function now still has to find them.
        for name in self._names:
            if hasattr(builtins, name):
                setattr(builtins, name, _nothing)


class ProbeError(Exception):
    """A function cannot be instrumented."""


def _nothing(*_: object) -> None:
    return None


def _template(function: FunctionType, *, has_after: bool) -> CodeType:
    """Return the instrumented code with names in place of those of the probes; it is compiled once for a function."""
    code = function.__code__
    key = (code, code.co_filename, has_after)  # codes of two files can be equal
    found = _TEMPLATES.get(key)
    if found is None:
        found = _TEMPLATES[key] = _instrumented_code(function, has_after=has_after)
    return found


_PLACES = (f"{_PREFIX}before__", f"{_PREFIX}after__")
_TEMPLATES: dict[tuple[CodeType, str, bool], CodeType] = {}


def _named(code: CodeType, names: tuple[str, str]) -> CodeType:
    named = dict(zip(_PLACES, names, strict=True))
    return code.replace(co_names=tuple(named.get(name, name) for name in code.co_names))


def _instrumented_code(function: FunctionType, *, has_after: bool) -> CodeType:
    definition = definition_of(function)
    if not isinstance(definition, ast.FunctionDef):
        raise ProbeError(f"{function.__qualname__} is not a plain def")
    _insert_calls(definition, has_after=has_after)
    module = _with_free_variables(definition, function.__code__.co_freevars)
    code = compile(module, function.__code__.co_filename, "exec", dont_inherit=True)
    return _fitted(_find_code(code, definition.name), function)


def definition_of(function: FunctionType) -> ast.AST:
    """Parse the source of a function."""
    lines = linecache.getlines(function.__code__.co_filename, function.__globals__)
    first = function.__code__.co_firstlineno
    try:
        return _parsed(lines[first - 1 : _last_line(function.__code__, lines)], first)
    except (SyntaxError, IndexError):  # the block ends in another way
        pass
    try:
        return _parsed(*inspect.getsourcelines(function))
    except (OSError, TypeError) as error:
        raise ProbeError(f"no source for {function.__qualname__}") from error


def _last_line(code: CodeType, lines: list[str]) -> int:
    """Return the number of the last line of a function; ``inspect`` reads all its tokens to find it."""
    margin = _indent(lines[code.co_firstlineno - 1])
    last = _last_line_that_runs(code)
    for number, line in enumerate(lines[last:], last + 1):
        if line.strip() and _indent(line) <= margin:
            break
        last = number
    return last


def _last_line_that_runs(code: CodeType) -> int:
    inner = (_last_line_that_runs(item) for item in code.co_consts if isinstance(item, CodeType))
    own = (line for _, _, line in code.co_lines() if line is not None)
    return max((code.co_firstlineno, *own, *inner))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(lines: list[str], first: int) -> ast.AST:
    """Parse a function at its place in the file, as the lines and columns of a traceback need it.

    Args:
        lines: Its lines.
        first: The number of the first one.
    """
    if not lines[0][:1].isspace():
        return ast.parse("\n" * (first - 1) + "".join(lines)).body[0]
    block = ast.parse("\n" * (first - 2) + "if True:\n" + "".join(lines)).body[0]
    assert isinstance(block, ast.If)
    return block.body[0]


def _insert_calls(definition: ast.FunctionDef, *, has_after: bool) -> None:
    before, after = _PLACES
    body = definition.body
    docstring = [body.pop(0)] if ast.get_docstring(definition) is not None else []
    anchor = body[0]
    given = definition.args
    rest = [a for a in (given.vararg, given.kwarg) if a is not None]
    names = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs, *rest)]
    call = ast.Call(ast.Name(before, ast.Load()), [ast.Name(n, ast.Load()) for n in names], [])
    if not has_after:
        definition.body = [*docstring, _placed(ast.Expr(call), anchor), *body]
        return
    token = f"{before}token"
    done = ast.Call(ast.Name(after, ast.Load()), [ast.Name(token, ast.Load())], [])
    # Most calls, such as the attributes that Keras sets itself, have no token.
    given_one = ast.Compare(ast.Name(token, ast.Load()), [ast.IsNot()], [ast.Constant(None)])
    end = _placed(ast.If(given_one, [ast.Expr(done)], []), anchor)
    guarded = ast.Try(body=body, handlers=[], orelse=[], finalbody=[end])
    start = ast.Assign([ast.Name(token, ast.Store())], call)
    definition.body = [*docstring, _placed(start, anchor), ast.copy_location(guarded, anchor)]


def _placed(statement: ast.stmt, anchor: ast.stmt) -> ast.stmt:
    for node in ast.walk(statement):
        if "lineno" in node._attributes:
            ast.copy_location(node, anchor)
    return statement


def _with_free_variables(definition: ast.FunctionDef, free: tuple[str, ...]) -> ast.Module:
    """Nest the function where its free variables (``__class__`` for ``super()``) are free again."""
    if not free:
        return ast.Module([definition], [])
    outer = ast.parse(f"def __keras_guard_outer__({', '.join(free)}): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    # Zero-argument super() is compiled only where the compiler sees a use of __class__; naming the
    # variables once inside keeps those that only super() needs.
    outer.body = [definition]
    return ast.Module([outer], [])


def _find_code(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name == name:
                return constant
            if constant.co_name == "__keras_guard_outer__":
                return _find_code(constant, name)
    raise ProbeError(f"{name} was not compiled")


def _fitted(new: CodeType, function: FunctionType) -> CodeType:
    old = function.__code__
    if new.co_freevars != old.co_freevars:
        raise ProbeError(f"{function.__qualname__} has other free variables when compiled again")
    if new.co_firstlineno != old.co_firstlineno:  # every line of a traceback is counted from it
        raise ProbeError(f"{function.__qualname__} is on other lines than when it was imported")
    changes: dict[str, Any] = {"co_qualname": old.co_qualname} if hasattr(old, "co_qualname") else {}
    return new.replace(**changes)
