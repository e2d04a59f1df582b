"""Where an edit stands that was noticed by what it changed: found in the text of the cells, latest first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from .._data.diagnostic import Span
from .._data.missing import MISSING
from .._data.place import Place
from .._instrument.syntax import parsed, root_name
from .shell_face import CellFrame, CellText, ShellFace
from .spans import span_of_frame

#: So many cells are looked through.
_MAX_CELLS = 50

Matches = Callable[[ast.AST], bool]


def span_of_attribute(shell: ShellFace, target: object, name: str) -> Span:
    """Return where an attribute of an object was assigned last, as far as the cells' text shows it."""

    def matches(node: ast.AST) -> bool:
        owner = _owner_set(node, name)
        return owner is not None and _value_of(owner, shell.namespace) is target

    def may_match(node: ast.AST) -> bool:
        """Whether it assigns an attribute of that name to what cannot be read here: ``self.x``, ``m.layers[0].x``."""
        owner = _owner_set(node, name)
        if owner is None:
            return False
        value = _value_of(owner, shell.namespace)
        return value is None or value is MISSING

    found = _latest(shell, matches, name)
    return found if found.line is not None else _latest(shell, may_match, name)


class GlobalSpans:
    """Where globals were bound last: as it was seen, else as the cells' text shows it.

    Args:
        shell: The shell.
    """

    def __init__(self, shell: ShellFace) -> None:
        self._shell = shell
        self._seen: dict[str, Span] = {}

    def note(self, name: str, span: Span) -> None:
        """A global was bound."""
        self._seen[name] = span

    def of_slots(self, name: str) -> Span:
        """Return where a slot of what a name holds was set last."""
        return _latest(self._shell, lambda node: _sets_slot(node, name), name)

    def of(self, place: Place) -> Span:
        """Return where a global, or a slot of one such as ``cfg["alpha"]``, was bound last."""
        seen = self._seen.get(place.root) if not place.steps else None
        return seen or _latest(
            self._shell, lambda node: _binds(node, place.root, slots=bool(place.steps)), place.root
        )


def _sets_slot(node: ast.AST, name: str) -> bool:
    """Whether a node sets a slot of a container, or calls one of its methods."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and root_name(node.func) == name
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and root_name(node) == name


def _binds(node: ast.AST, name: str, *, slots: bool) -> bool:
    """Whether a node binds a name, or, where asked for, something that the name's object holds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name == name
    if not isinstance(getattr(node, "ctx", None), ast.Store):
        return False
    while slots and isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return isinstance(node, (ast.Name, ast.Subscript)) and root_name(node) == name


def _owner_set(node: ast.AST, name: str) -> ast.expr | None:
    """Return the expression one of whose attributes a node assigns."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr == name:
        return node.value
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and _is_word(node.slice, name):
        return _owner_of_dict(node.value)
    if not isinstance(node, ast.Call):
        return None
    called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if called in ("setattr", "__setattr__") and len(node.args) == 3 and _is_word(node.args[1], name):
        return node.args[0]
    if isinstance(node.func, ast.Attribute) and called in ("update", "__setitem__") and _is_said(node, name):
        return _owner_of_dict(node.func.value)
    return None


def _owner_of_dict(node: ast.expr) -> ast.expr | None:
    """Return ``x`` of ``vars(x)`` and of ``x.__dict__``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars":
        return node.args[0] if len(node.args) == 1 else None
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__dict__" else None


def _is_said(call: ast.Call, name: str) -> bool:
    """Whether a call has an argument or a key of this name."""
    named = any(keyword.arg == name for keyword in call.keywords)
    return named or any(_is_word(item, name) for argument in call.args for item in ast.walk(argument))


def _is_word(node: ast.AST, word: str) -> bool:
    return isinstance(node, ast.Constant) and node.value == word


def _value_of(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """Return what a name or a chain of attributes holds now; no code of the user's is run for it."""
    try:
        return Place.of(node).read(namespace)
    except ValueError:
        return None


def _latest(shell: ShellFace, matches: Matches, name: str) -> Span:
    for cell, line in _cells(shell):
        found = sorted(node.lineno for node in _nodes(cell) if matches(node))  # type: ignore[attr-defined]
        before = [at for at in found if at <= line]
        if found:
            place = before[-1] if before else found[-1]  # further down: in a loop, or a function
            return span_of_frame(shell, CellFrame(cell, place, None, None), name)
    return Span()


def _nodes(cell: CellText) -> Iterator[ast.AST]:
    try:
        return ast.walk(parsed(cell.source))
    except (SyntaxError, ValueError):
        return iter(())  # it never ran


def _cells(shell: ShellFace) -> Iterator[tuple[CellText, int]]:
    """Yield the running cell and those before it, each with the line it has come to."""
    running = shell.cell
    if running is None:
        return
    lines = [frame.line for frame in shell.frames() if frame.function is None]
    yield running, lines[-1] if lines else 10**9
    number = running.number or 0
    for earlier in range(number - 1, max(0, number - _MAX_CELLS), -1):
        cell = shell.text_of(earlier)
        if cell is not None:
            yield cell, 10**9
