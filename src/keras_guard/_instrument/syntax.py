"""The syntax tree of a cell: parsing it, walking it, and finding the statement at a line."""

from __future__ import annotations

import ast
import functools
import threading
from collections.abc import Iterator, Sequence

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: Statements without a body.
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete, ast.Return)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, as :func:`ast.walk` does in more time."""
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        _push_parts(stack, item)


def walk_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without entering functions, classes and lambdas defined in it."""
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        if item is not node and isinstance(item, _SCOPES):
            continue
        _push_parts(stack, item)


def _push_parts(stack: list[ast.AST], node: ast.AST) -> None:
    """Put the nodes that a node holds on a stack, so that the first one is on top."""
    for name in parts_of(type(node)):
        value = getattr(node, name, None)
        if isinstance(value, list):
            stack.extend([child for child in reversed(value) if isinstance(child, ast.AST)])
        elif isinstance(value, ast.AST):
            stack.append(value)


_PARTS: dict[type, tuple[str, ...]] = {}


def parts_of(kind: type) -> tuple[str, ...]:
    """Return the fields of a node that can hold other nodes, in reverse; contexts and operators hold none."""
    found = _PARTS.get(kind)
    if found is None:
        fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        found = _PARTS[kind] = tuple(name for name in reversed(fields) if name not in _LEAVES)
    return found


_LEAVES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "kind", "n", "s", "type_comment", "level", "lineno"}
)


#: Python 3.11 has one counter for the depth of a tree, shared by all threads.
_one_at_a_time = threading.Lock()


@functools.lru_cache(maxsize=8)
def parsed(source: str) -> ast.Module:
    """Return the tree of a cell; it is cached, because several functions read the tree of the same cell.

    Raises:
        SyntaxError: When the text is no Python.
    """
    with _one_at_a_time:
        return ast.parse(source)


def statements_of(source: str) -> list[ast.stmt]:
    """Return the statements of a cell; none where it is no Python."""
    try:
        return parsed(source).body
    except (SyntaxError, ValueError):
        return []


def root_name(node: ast.AST) -> str | None:
    """Return the name a chain of attributes and subscripts starts with, or ``None``.

    ``vars(x)["y"]`` starts with ``x``, and ``globals()["y"]`` is the name ``y`` itself.
    """
    key: ast.expr | None = None
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        key = node.slice if isinstance(node, ast.Subscript) else None
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "vars" and len(node.args) == 1:
            return root_name(node.args[0])
        if node.func.id in ("globals", "vars", "locals") and not node.args and isinstance(key, ast.Constant):
            return key.value if isinstance(key.value, str) else None
    return node.id if isinstance(node, ast.Name) else None


def index_at(body: Sequence[ast.stmt], line: int) -> int | None:
    """Return the index of the statement that a line is part of, its decorators included."""
    for index, statement in enumerate(body):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        if first <= line <= (statement.end_lineno or statement.lineno):
            return index
    return None


def body_at(statement: ast.stmt, line: int) -> Sequence[ast.stmt] | None:
    """Return the block of a compound statement that a line is part of."""
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list) and index_at(inner, line) is not None:
            return inner
    for handler in getattr(statement, "handlers", ()):
        if index_at(handler.body, line) is not None:
            return list(handler.body)
    for case in getattr(statement, "cases", ()):
        if index_at(case.body, line) is not None:
            return list(case.body)
    return None
