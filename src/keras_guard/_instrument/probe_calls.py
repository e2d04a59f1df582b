"""The calls of probes, as nodes of a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from . import flags, runtime
from .syntax import parts_of


def call(name: str, number: str, like: ast.AST, *values: ast.expr) -> ast.Call:
    """Return the call of a probe, at the place of a node."""
    place = {
        "lineno": like.lineno,  # type: ignore[attr-defined]
        "col_offset": like.col_offset,  # type: ignore[attr-defined]
        "end_lineno": like.end_lineno,  # type: ignore[attr-defined]
        "end_col_offset": like.end_col_offset,  # type: ignore[attr-defined]
    }
    return _call(name, number, place, *values)


def call_statement(name: str, number: str, like: ast.stmt) -> ast.stmt:
    """Return the call of a probe as a statement, on the first line of another one."""
    statement = ast.Expr(_call(name, number, _first_line(like)))
    return ast.copy_location(statement, statement.value)


def call_first(name: str, number: str, like: ast.stmt, value: ast.expr) -> ast.expr:
    """Return an expression that calls a probe, on the first line of a statement, and then is the value.

    The probe must return ``None``.
    """
    probe = _call(name, number, _first_line(like))
    return ast.copy_location(ast.BoolOp(ast.Or(), [probe, value]), value)


def _first_line(like: ast.stmt) -> dict[str, Any]:
    """Return a place of one line and no width: a traceback never has to show a probe's place."""
    return {
        "lineno": like.lineno,
        "col_offset": like.col_offset,
        "end_lineno": like.lineno,
        "end_col_offset": like.end_col_offset,
    }


def _call(name: str, number: str, place: Mapping[str, Any], *values: ast.expr) -> ast.Call:
    probe = ast.Name(name, ast.Load(), **place)
    return ast.Call(probe, [ast.Constant(number, **place), *values], [], **place)


def either(flag: int, probed: list[ast.stmt], plain: ast.stmt) -> ast.stmt:
    """Return a statement that runs the statements with probes while a flag is true, and the plain one otherwise."""
    test = ast.Name(flags.NAMES[flag], ast.Load())
    choice = ast.If(test, probed, [plain])
    ast.copy_location(choice, plain)
    ast.copy_location(test, plain)
    test.end_lineno = test.lineno  # a traceback never has to show it
    test.end_col_offset = test.col_offset
    return choice


def without_probes(node: ast.AST) -> Any:
    """Return a copy of a tree in which each call of a probe is the value that it passes on."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in runtime.PROBES:
        return without_probes(node.args[1])
    copied = type(node).__new__(type(node))
    copied.__dict__.update(node.__dict__)
    for name in parts_of[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            setattr(copied, name, [without_probes(v) if isinstance(v, ast.AST) else v for v in value])
        elif isinstance(value, ast.AST):
            setattr(copied, name, without_probes(value))
    return copied
