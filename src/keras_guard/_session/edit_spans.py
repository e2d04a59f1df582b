"""Where an edit is that was noticed by what it changed: found in the text of the cells, latest first."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType
from typing import Any

from .._adapter.code_reads import Source
from .._data.diagnostic import Span
from .._data.missing import MISSING
from .._data.place import Attribute, Place
from .._instrument.syntax import parsed, root_name
from .._instrument.vocabulary import UNHEARD_WRITES
from .shell_interface import CellFrame, CellText, ShellInterface
from .spans import span_of_frame

#: So many cells are looked through.
_MAX_CELLS = 50

Matches = Callable[[ast.AST], bool]


def span_of_attribute(shell: ShellInterface, target: object, name: str) -> Span:
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

    def __init__(self, shell: ShellInterface) -> None:
        self._shell = shell
        self._seen: dict[str, Span] = {}

    def note(self, name: str, span: Span) -> None:
        """A global was bound."""
        self._seen[name] = span

    def of_slots(self, name: str) -> Span:
        """Return where a slot of what a name holds was set last."""
        return _latest(self._shell, lambda node: _sets_slot(node, name), name)

    def of_list_slots(self, attribute: str) -> Span:
        """Return where a slot of a list that is an attribute of some object was set last."""
        return _latest(self._shell, lambda node: _sets_attribute_slot(node, attribute), attribute)

    def of(self, source: Source) -> Span:
        """Return where a global, a slot of one such as ``cfg["alpha"]``, or an attribute was bound last."""
        place, owner = source.place, source.owner_now()
        step = place.steps[0] if place.steps else None
        if isinstance(step, Attribute) and not isinstance(owner, (FunctionType, type(None))):
            return span_of_attribute(self._shell, owner, step.name)
        seen = self._seen.get(place.root) if not place.steps else None
        return seen or _latest(
            self._shell, lambda node: _binds(node, place.root, slots=bool(place.steps)), place.root
        )


def _sets_slot(node: ast.AST, name: str) -> bool:
    """Whether a node sets a slot of a container, or calls one of its methods."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and root_name(node.func) == name
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and root_name(node) == name


def _sets_attribute_slot(node: ast.AST, attribute: str) -> bool:
    """Whether a node sets a slot of what an attribute holds."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
        return False
    return isinstance(node.value, ast.Attribute) and node.value.attr == attribute


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
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
        return node.args[0] if len(node.args) == 3 and _text_of(node.args[1]) == name else None
    owner, names = _unheard_write(node)
    return owner if name in names else None


def names_written_unheard(text: str) -> frozenset[str]:
    """Return the attributes that code writes through the ``__dict__`` of an object or with ``object.__setattr__``.

    Args:
        text: The source of a cell.
    """
    if not UNHEARD_WRITES.search(text):
        return frozenset()
    try:
        nodes = ast.walk(parsed(text))
    except (SyntaxError, ValueError):
        return frozenset()  # it will not run
    return frozenset().union(*(_unheard_write(node)[1] for node in nodes))


def attributes_assigned(text: str) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield the lines that assign attributes, as the text of a cell shows them, with their names.

    Args:
        text: The source of a cell.
    """
    for line, words in enumerate(text.splitlines(), 1):
        names = frozenset(_ASSIGNED.findall(words))
        if names:
            yield line, names


_ASSIGNED = re.compile(r"\.\s*([^\W\d]\w*)\s*(?:[-+*/@%|&^]|//|\*\*|<<|>>)?=(?!=)")


def _unheard_write(node: ast.AST) -> tuple[ast.expr | None, frozenset[str]]:
    """Return the object whose attributes a node writes without ``setattr``, and their names."""
    owner: ast.expr | None = None
    keys: Sequence[ast.expr | None] = ()
    named: Sequence[ast.keyword] = ()
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        owner, keys = _owner_of_dict(node.value), [node.slice]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "__setattr__" and len(node.args) == 3:
            owner, keys = node.args[0], node.args[1:2]
        elif node.func.attr in ("update", "__setitem__"):
            owner, named = _owner_of_dict(node.func.value), node.keywords
            keys = [
                key for item in node.args for key in (item.keys if isinstance(item, ast.Dict) else [item])
            ]
    if owner is None:
        return None, frozenset()
    return owner, _texts(keys) | {keyword.arg for keyword in named if keyword.arg is not None}


def _owner_of_dict(node: ast.expr) -> ast.expr | None:
    """Return ``x`` of ``vars(x)`` and of ``x.__dict__``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars":
        return node.args[0] if len(node.args) == 1 else None
    return node.value if isinstance(node, ast.Attribute) and node.attr == "__dict__" else None


def _texts(nodes: Iterable[ast.AST | None]) -> frozenset[str]:
    return frozenset(filter(None, map(_text_of, nodes)))


def _text_of(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _value_of(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """Return what a name or a chain of attributes holds now; no code of the user's is run for it."""
    try:
        return Place.of(node).read(namespace)
    except ValueError:
        return None


def _latest(shell: ShellInterface, matches: Matches, name: str) -> Span:
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


def _cells(shell: ShellInterface) -> Iterator[tuple[CellText, int]]:
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
