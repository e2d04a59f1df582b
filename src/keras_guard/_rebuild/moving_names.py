"""Names that will hold something else soon: the left-overs of loops."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .._data.types import Namespace

#: Where the cells are not known, these are taken for left-overs of a loop.
_USUAL = frozenset({"_", "l", "layer", "lyr"})


def moving_names(namespace: Namespace) -> frozenset[str]:
    """Return the names that were last bound by a loop, going by the cells that IPython remembers."""
    cells = namespace.get("In")
    if type(cells) is not list or not any(cells):
        return _USUAL
    last: dict[str, bool] = {}
    for cell in cells:
        if isinstance(cell, str):
            last.update(_bindings(cell))
    return frozenset({"_", *(name for name, looped in last.items() if looped)})


def _bindings(cell: str) -> Iterator[tuple[str, bool]]:
    """Yield each name that a cell binds at its top level, and whether a loop does it."""
    lines = ["pass" if line.lstrip()[:1] in ("%", "!", "?") else line for line in cell.splitlines()]
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, False
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        if isinstance(node, (ast.For, ast.AsyncFor)):
            yield from ((name.id, True) for name in ast.walk(node.target) if isinstance(name, ast.Name))
            waiting += reversed([*node.body, *node.orelse])
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, False
        waiting += reversed(list(ast.iter_child_nodes(node)))
