"""Loops over a model's layers whose body binds the loop's name to a new layer.

``for layer in model.layers: if wrong(layer): layer = Dropout(0.1)`` changes nothing, because it binds only the name. A
loop that uses the new layer (calls it, puts it into a list, returns it) builds something, and is not reported.
"""

from __future__ import annotations

import ast

from .names import is_layer_list
from .syntax import method_called, walk_scope


def layers_bound_in_loop(loop: ast.For | ast.AsyncFor) -> list[ast.Assign]:
    """Return the assignments in a loop's body that bind its name to the new result of a call that is not used."""
    if not any(map(is_layer_list, ast.walk(loop.iter))):
        return []
    walked = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    found = []
    for statement in loop.body:
        for node in walk_scope(statement):
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                name = node.targets[0].id
                if name in walked and _makes_new(node.value, name) and not _is_used(loop, name, node):
                    found.append(node)
    return found


def _makes_new(value: ast.expr, name: str) -> bool:
    if not isinstance(value, ast.Call) or any(_is_read(node, name) for node in ast.walk(value)):
        return False
    method = method_called(value)
    return method is None or method.attr != "get_layer"


def _is_used(loop: ast.For | ast.AsyncFor, name: str, binding: ast.Assign) -> bool:
    """Whether the body uses the new object for more than its attributes."""
    nodes = [node for statement in loop.body for node in ast.walk(statement)]
    bases = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    last = binding.end_lineno or binding.lineno
    return any(_is_read(node, name) and id(node) not in bases and node.lineno > last for node in nodes)  # type: ignore[attr-defined]


def _is_read(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
