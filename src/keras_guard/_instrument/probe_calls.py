"""The calls of probes, as nodes of a syntax tree."""

from __future__ import annotations

import ast
import copy

from . import runtime


def call(name: str, number: str, like: ast.AST, *values: ast.expr) -> ast.Call:
    """Return the call of a probe, at the place of a node."""
    probe = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(number), *values], [])
    for node in (probe, probe.func, probe.args[0]):
        ast.copy_location(node, like)
    return probe


def call_statement(name: str, number: str, like: ast.stmt) -> ast.stmt:
    """Return the call of a probe as a statement, on the first line of another one."""
    statement = ast.Expr(call(name, number, like))
    ast.copy_location(statement, like)
    for node in ast.walk(statement):
        # One line and no width: a traceback never has to show a probe's place.
        node.end_lineno = node.lineno = like.lineno  # type: ignore[attr-defined]
    return statement


def if_any(flags: str, statement: ast.stmt) -> ast.stmt:
    """Return a statement that runs only while some site or name is in a list: a test costs a tenth of a call."""
    guarded = ast.If(ast.Name(flags, ast.Load()), [statement], [])
    for node in (guarded, guarded.test):
        ast.copy_location(node, statement)
    return guarded


def call_if_armed(name: str, number: str, value: ast.expr) -> ast.expr:
    """Return an expression that passes its value to a probe only while some site is armed."""
    choice = ast.IfExp(
        ast.Name(runtime.ARMED, ast.Load()), call(name, number, value, copy.deepcopy(value)), value
    )
    for node in (choice, choice.test):
        ast.copy_location(node, value)
    return choice
