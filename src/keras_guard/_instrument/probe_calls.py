"""The calls of probes, as nodes of a syntax tree."""

from __future__ import annotations

import ast
from typing import Any

from . import flags, runtime
from .syntax import parts_of

_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def call(name: str, number: str, like: ast.AST, *values: ast.expr) -> ast.Call:
    """Return the call of a probe, at the place of a node."""
    place = {attribute: getattr(like, attribute) for attribute in _PLACE}
    probe = ast.Name(name, ast.Load(), **place)
    return ast.Call(probe, [ast.Constant(number, **place), *values], [], **place)


def call_statement(name: str, number: str, like: ast.stmt) -> ast.stmt:
    """Return the call of a probe as a statement, on the first line of another one."""
    statement = ast.Expr(call(name, number, _first_line(like)))
    return ast.copy_location(statement, statement.value)


def call_first(name: str, number: str, like: ast.stmt, value: ast.expr) -> ast.expr:
    """Return an expression that calls a probe, on the first line of a statement, and then is the value.

    The probe must return ``None``.
    """
    return ast.copy_location(ast.BoolOp(ast.Or(), [call(name, number, _first_line(like)), value]), value)


def _first_line(like: ast.stmt) -> ast.stmt:
    """Return a node of one line and no width: a traceback never has to show a probe's place."""
    line, column = like.lineno, like.col_offset
    return ast.Pass(lineno=line, col_offset=column, end_lineno=line, end_col_offset=column)


def either(flag: int, probed: list[ast.stmt], plain: ast.stmt) -> ast.stmt:
    """Return a statement that runs the statements with probes while a flag is true, and the plain one otherwise."""
    test = ast.copy_location(ast.Name(flags.NAMES[flag], ast.Load()), _first_line(plain))
    return ast.copy_location(ast.If(test, probed, [plain]), plain)


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
