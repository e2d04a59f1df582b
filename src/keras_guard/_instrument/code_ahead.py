"""What the code after a line does."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, fields

from .names import walked_names
from .syntax import FUNCTIONS, LOOPS, root_name, statements_around, statements_of, walk


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
        return Ahead(*(getattr(self, item.name) | getattr(other, item.name) for item in fields(self)))

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

    With ``from_call`` the statement at the line is in the middle of a call: its own targets are bound later.
    """
    rest: list[ast.AST] = []
    for around in statements_around(statements_of(source), line):
        statement = around.statement
        if isinstance(statement, FUNCTIONS) and line > statement.lineno:
            rest = []  # the code after the definition is not the code after the call
        else:
            rest += around.rest
        if around.inside and isinstance(statement, LOOPS):
            rest.append(statement)  # the next turn starts at the top
        if from_call and not around.inside:
            rest += _targets(statement)
    return _summary(rest) if rest else NOTHING_AHEAD


def code_in_turn(source: str, line: int, *, again: bool = False) -> Ahead | None:
    """Return what the loops around a line do in each turn; ``None`` where there is no loop.

    With ``again`` a loop calls the function around the line: it is a loop itself then.
    """
    loops: list[ast.AST] = []
    for around in statements_around(statements_of(source), line):
        statement = around.statement
        if isinstance(statement, FUNCTIONS) and line > statement.lineno:
            loops = [statement] if again else []
        elif isinstance(statement, LOOPS) and around.inside:
            loops.append(statement)
    return _summary(loops) if loops else None


def _targets(statement: ast.stmt) -> list[ast.AST]:
    if isinstance(statement, ast.Assign):
        return list(statement.targets)
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        return [statement.target]
    return []


def _summary(tops: list[ast.AST]) -> Ahead:
    nodes = [node for top in tops for node in walk(top)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    methods = [function for function in called if isinstance(function, ast.Attribute)]
    roots = ((root_name(method.value), method.attr) for method in methods)
    set_here = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return Ahead(
        bound=frozenset(node.id for node in names if not isinstance(node.ctx, ast.Load)),
        read=frozenset(node.id for node in names if isinstance(node.ctx, ast.Load)),
        methods=frozenset((root, method) for root, method in roots if root is not None),
        called=frozenset(
            function.id if isinstance(function, ast.Name) else function.attr
            for function in called
            if isinstance(function, (ast.Name, ast.Attribute))
        ),
        walked=frozenset().union(*map(walked_names, nodes)),
        written=frozenset(node.attr for node in set_here),
    )
