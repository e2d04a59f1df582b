"""Whether an edit of a copy is only the way to read an item of it; shared by KG204 and KG301."""

from __future__ import annotations

import ast
import textwrap

from .._data.events import CopyEdited

#: Methods by which an edit also returns what it took or found.
_HANDING_OUT = frozenset({"pop", "popitem", "setdefault"})


def is_value_used(event: CopyEdited) -> bool:
    """Whether the edit is only the way to read: its value goes on into an expression or a name."""
    source = event.source.removesuffix("()")
    tree = _parsed(textwrap.dedent("\n".join(event.span.text)))
    if tree is None:
        return True  # the head of an ``elif`` or the like asks for a value
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    edits = [node for node in ast.walk(tree) if _takes_from(node, source)]
    return bool(edits) and not any(id(node) in bare for node in edits)


def _parsed(text: str) -> ast.Module | None:
    """Return the tree of a statement, or of the head of one whose body is not shown."""
    for code in (text, f"{text}\n    pass"):
        try:
            return ast.parse(code)
        except SyntaxError:
            pass
    return None


def _takes_from(node: ast.AST, source: str) -> bool:
    """Whether a node is ``x.source().pop()`` or the like, of any part of what is read."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    read: ast.expr = node.func.value
    while isinstance(read, (ast.Subscript, ast.Call)):
        read = read.value if isinstance(read, ast.Subscript) else read.func
    return node.func.attr in _HANDING_OUT and isinstance(read, ast.Attribute) and read.attr == source
