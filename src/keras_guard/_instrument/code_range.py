"""Ranges of code in a cell, as the user sees them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .syntax import FUNCTIONS, parsed, statements_around, walk_scope


@dataclass(frozen=True)
class CodeRange:
    """A range in a cell: 1-based lines and columns, and the function around it."""

    line: int
    end_line: int
    column: int
    end_column: int
    function: str | None = None


def range_of_line(source: str, line: int, target: str | None = None) -> CodeRange | None:
    """Return the statement at a line: the whole of a simple one, the header's line of a compound one.

    Where the statement binds the name ``target``, it is only the part that does.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return None
    found, function = None, None
    for around in statements_around(tree.body, line):
        found = around
        if isinstance(around.statement, FUNCTIONS):
            function = around.statement.name
    return range_of_node(source, _part(found.statement, target), function) if found is not None else None


def _part(statement: ast.stmt, target: str | None) -> ast.AST:
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        return statement.iter
    if isinstance(statement, (ast.While, ast.If)):
        return statement.test
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return statement.items[0].context_expr  # an item itself has no line
    if target is not None:
        for node in walk_scope(statement):
            if isinstance(node, ast.Name) and node.id == target and isinstance(node.ctx, ast.Store):
                return statement if isinstance(statement, ast.Assign) else node
    return statement


def range_of_node(source: str, node: ast.AST, function: str | None = None) -> CodeRange:
    """Return the range of a node; columns count characters, not bytes."""
    line = getattr(node, "lineno", 1)
    end_line = getattr(node, "end_lineno", None) or line
    lines = source.splitlines() or [""]
    start = _characters(lines, line, getattr(node, "col_offset", 0))
    end = _characters(lines, end_line, getattr(node, "end_col_offset", None) or 0)
    return CodeRange(line, end_line, start + 1, end + 1, function)


def _characters(lines: list[str], line: int, byte_offset: int) -> int:
    if not 1 <= line <= len(lines):
        return byte_offset
    return len(lines[line - 1].encode()[:byte_offset].decode(errors="replace"))
