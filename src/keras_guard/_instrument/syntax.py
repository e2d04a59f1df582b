"""The syntax tree of a cell: parsing it, walking it, and finding the statement at a line."""

from __future__ import annotations

import ast
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
#: Statements without a body.
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Delete, ast.Return)
_SCOPES = frozenset([ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda])


def walk(node: ast.AST) -> list[ast.AST]:
    """Return the nodes of a tree, the outer ones first, as :func:`ast.walk` does in more time."""
    return _nodes(node, frozenset())


def walk_scope(node: ast.AST) -> list[ast.AST]:
    """Return the nodes of a tree without those in functions, classes and lambdas defined in it."""
    return _nodes(node, _SCOPES)


def _nodes(top: ast.AST, closed: frozenset[type]) -> list[ast.AST]:
    """Return the nodes of a tree without what nodes of some kinds hold, unless one is the tree itself."""
    found = [top]
    add, node_type = found.append, ast.AST  # this loop runs for each node of each cell
    for item in found:
        kind = type(item)
        if kind in closed and item is not top:
            continue
        for name in parts_of[kind]:
            value = getattr(item, name, None)
            if type(value) is list:
                found += [child for child in value if isinstance(child, node_type)]
            elif isinstance(value, node_type):
                add(value)
    return found


_LEAVES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "kind", "n", "s", "type_comment", "level", "lineno"}
)


class _Parts(dict[type, tuple[str, ...]]):
    """The fields of each kind of node that can hold other nodes; contexts and operators hold none."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        found = self[kind] = tuple(name for name in fields if name not in _LEAVES)
        return found


parts_of = _Parts()


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


def method_called(node: ast.AST) -> ast.Attribute | None:
    """Return the method that a node calls, with its owner; ``None`` where it calls none."""
    function = node.func if isinstance(node, ast.Call) else None
    return function if isinstance(function, ast.Attribute) else None


def index_at(body: Sequence[ast.stmt], line: int) -> int | None:
    """Return the index of the statement that a line is part of, its decorators included."""
    for index, statement in enumerate(body):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        if first <= line <= (statement.end_lineno or statement.lineno):
            return index
    return None


def blocks_of(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of a compound statement; none for a simple one."""
    blocks = [getattr(statement, name, ()) for name in ("body", "orelse", "finalbody")]
    blocks += [part.body for name in ("handlers", "cases") for part in getattr(statement, name, ())]
    return [block for block in blocks if block]


@dataclass(frozen=True)
class Around:
    """A statement that a line is part of.

    Attributes:
        statement: The statement.
        rest: What is behind it in its block.
        inside: Whether the line is part of a block of it, and not of its head.
    """

    statement: ast.stmt
    rest: list[ast.stmt]
    inside: bool


def statements_around(body: list[ast.stmt], line: int) -> Iterator[Around]:
    """Yield the statements that a line is part of, the outer ones first."""
    block: list[ast.stmt] | None = body
    while block is not None and (index := index_at(block, line)) is not None:
        statement, rest = block[index], block[index + 1 :]
        block = next((inner for inner in blocks_of(statement) if index_at(inner, line) is not None), None)
        yield Around(statement, rest, block is not None)
