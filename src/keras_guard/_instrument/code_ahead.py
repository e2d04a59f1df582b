"""What the code after a line does."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from .names import walked_names
from .syntax import FUNCTIONS, LOOPS, body_at, index_at, root_name, statements_of


@dataclass(frozen=True)
class Ahead:
    """What the code after a line does, in the same function or cell.

    Attributes:
        bound: Names it binds.
        read: Names it reads.
        methods: Pairs of root name and method it calls (``("model", "compile")``).
        called: Names of all functions and methods it calls.
        walked: Names it goes through item by item (``for layer in names``), or empties in a ``while``.
        written: Names of the attributes it sets.
    """

    bound: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    methods: frozenset[tuple[str, str]] = frozenset()
    called: frozenset[str] = frozenset()
    walked: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    def __or__(self, other: Ahead) -> Ahead:
        return Ahead(
            self.bound | other.bound,
            self.read | other.read,
            self.methods | other.methods,
            self.called | other.called,
            self.walked | other.walked,
            self.written | other.written,
        )

    def calls(self, names: Sequence[str], methods: frozenset[str]) -> bool:
        """Whether one of ``methods`` is called on one of ``names``."""
        return any((name, method) in self.methods for name in names for method in methods)

    def calls_each(self, names: Sequence[str], methods: frozenset[str]) -> bool:
        """Whether one of ``methods`` is called on one of ``names``, or in a loop that walks over one of them."""
        return self.calls(names, methods) or (
            not self.walked.isdisjoint(names) and not self.called.isdisjoint(methods)
        )


NOTHING_AHEAD = Ahead()


def code_ahead(source: str, line: int, *, from_call: bool = False) -> Ahead:
    """Return what the code after ``line`` does, up to the end of its function or of the cell.

    Args:
        source: The cell, as Python.
        line: 1-based line of the statement that runs now.
        from_call: True when the statement is in the middle of a call: its own targets are bound later.
    """
    rest: list[ast.AST] = []
    body: Sequence[ast.stmt] = statements_of(source)
    while True:
        index = index_at(body, line)
        if index is None:
            break
        statement = body[index]
        if isinstance(statement, FUNCTIONS) and line > statement.lineno:
            rest = []  # the code after the definition is not the code after the call
        else:
            rest.extend(body[index + 1 :])
        inner = body_at(statement, line)
        if inner is not None and isinstance(statement, LOOPS):
            rest.append(statement)  # the next turn starts at the top
        if inner is None:
            if from_call:
                rest.extend(_targets(statement))
            break
        body = inner
    return _summary(rest) if rest else NOTHING_AHEAD


def code_in_turn(source: str, line: int, *, again: bool = False) -> Ahead | None:
    """Return what the loops around a line do in each turn; ``None`` where there is no loop.

    Args:
        source: The cell, as Python.
        line: 1-based line of the statement that runs now.
        again: True when a loop calls the function around the line: it is a loop itself then.
    """
    body: Sequence[ast.stmt] = statements_of(source)
    loops: list[ast.AST] = []
    while (index := index_at(body, line)) is not None:
        statement = body[index]
        inner = body_at(statement, line)
        if isinstance(statement, FUNCTIONS) and line > statement.lineno:
            loops = [statement] if again else []
        elif isinstance(statement, LOOPS) and inner is not None:
            loops.append(statement)
        if inner is None:
            break
        body = inner
    return _summary(loops) if loops else None


def _targets(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, ast.Assign):
        return list(statement.targets)
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        return [statement.target]
    return []


def _summary(nodes: list[ast.AST]) -> Ahead:
    bound: set[str] = set()
    read: set[str] = set()
    methods: set[tuple[str, str]] = set()
    called: set[str] = set()
    walked: set[str] = set()
    written: set[str] = set()
    for top in nodes:
        for node in ast.walk(top):
            walked |= walked_names(node)
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                written.add(node.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called.add(node.func.attr)
                name = root_name(node.func.value)
                if name is not None:
                    methods.add((name, node.func.attr))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
    return Ahead(
        frozenset(bound),
        frozenset(read),
        frozenset(methods),
        frozenset(called),
        frozenset(walked),
        frozenset(written),
    )
