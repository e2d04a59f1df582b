"""Which names a statement binds, and which objects it may change."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .syntax import FUNCTIONS, LOOPS, SIMPLE, method_called, root_name, statements_of, walk, walk_scope
from .vocabulary import LAYER_LISTS, MUTATORS


@dataclass
class Touched:
    """Names a statement binds, and names whose object it may change in place."""

    bound: set[str]
    edited: set[str]

    @property
    def all(self) -> set[str]:
        """Both kinds."""
        return self.bound | self.edited


def touched_names(statement: ast.stmt, mutators: frozenset[str]) -> Touched:
    """Return the names a top-level statement binds or edits, nested functions left out."""
    touched = Touched(set(), set())
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        touched.bound.add(statement.name)
        return touched
    for node in walk_scope(statement):
        if type(node) in _TOUCHING:  # most nodes are of other kinds
            _note(node, touched, mutators)
    return touched


_PATTERNS = (ast.MatchAs, ast.MatchStar, ast.MatchMapping)
_TOUCHING = frozenset(
    [ast.Name, *FUNCTIONS, ast.ClassDef, *_PATTERNS, ast.Attribute, ast.Subscript, ast.AugAssign, ast.Call]
)


def _note(node: ast.AST, touched: Touched, mutators: frozenset[str]) -> None:
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            touched.bound.add(node.id)
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        touched.bound.add(node.name)
    elif isinstance(node, _PATTERNS):
        # Patterns bind names for which there are no nodes.
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        touched.bound |= {name} if name is not None else set()
    elif isinstance(node, (ast.Attribute, ast.Subscript)):
        name = None if isinstance(node.ctx, ast.Load) else root_name(node)
        if name is not None:
            touched.edited.add(name)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        touched.edited.add(node.target.id)
    elif isinstance(node, ast.Call):
        name = _edited_by_call(node, mutators)
        if name is not None:
            touched.edited.add(name)


def _edited_by_call(node: ast.Call, mutators: frozenset[str]) -> str | None:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in mutators:
        return root_name(function.value)
    if isinstance(function, ast.Name) and function.id in ("setattr", "delattr") and node.args:
        return root_name(node.args[0])
    return None


def walking_names(statement: ast.stmt) -> set[str]:
    """Return the names that loops inside ``statement`` assign to: their targets, and what each turn selects.

    ``layer = model.layers[i]`` or ``layer = model.get_layer(name)`` in the body of a loop has the same meaning as
    ``for layer in model.layers``.
    """
    found: set[str] = set()
    for node in walk_scope(statement):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            found |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if isinstance(node, LOOPS):
            found |= {name for inner in node.body for name, value in _bound_values(inner) if _selects(value)}
    return found


def _selects(value: ast.expr) -> bool:
    method = method_called(value)
    return isinstance(value, ast.Subscript) or (method is not None and method.attr == "get_layer")


@dataclass(frozen=True)
class Bindings:
    """How a top-level statement binds names.

    Attributes:
        end_line: Its last line.
        walked: Names that a ``for`` loop assigns to.
        read: Names bound to the list that ``x.layers`` returns, with ``x`` as the code names it.
        made: Names bound to the new result of an expression.
        chosen: Those of them whose expression reads a model's list (``list(model.layers)``).
        lost: Those of ``walked`` that a later statement of the cell binds to something else.
    """

    end_line: int
    walked: frozenset[str] = frozenset()
    read: Mapping[str, str] = field(default_factory=dict)
    made: frozenset[str] = frozenset()
    chosen: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.walked or self.read or self.made)


_NO_BINDINGS = Bindings(0)
_MAKERS = (ast.Call, ast.List, ast.ListComp, ast.BinOp, ast.Subscript)


def bindings_in(body: Sequence[ast.stmt], offset: int = 0, text: str | None = None) -> list[Bindings]:
    """Return how the statements of a cell bind names, without the statements for which that does not matter.

    The offset is added to their lines. What ``text``, the cell's, has no words of is not looked for.
    """
    walrus = text is None or ":=" in text
    lists = text is None or any(word in text for word in LAYER_LISTS)
    found = [bindings_of(statement, offset, walrus=walrus, lists=lists) for statement in body]
    if any(item.walked for item in found):
        later: set[str] = set()
        for index in reversed(range(len(body))):
            found[index] = replace(found[index], lost=found[index].walked & later)
            later |= touched_names(body[index], _NO_METHODS).bound - found[index].walked
    return [item for item in found if item]


_NO_METHODS: frozenset[str] = frozenset()


def bindings_of(statement: ast.stmt, offset: int = 0, *, walrus: bool = True, lists: bool = True) -> Bindings:
    """Return how a statement binds names: whether an expression may bind one, or read a list of layers, is known."""
    if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
        return _NO_BINDINGS
    read: dict[str, str] = {}
    made, chosen = set(), set()
    for name, value in _bound_values(statement, walrus=walrus):
        if isinstance(value, ast.Attribute) and is_layer_list(value):
            read[name] = ast.unparse(value.value)
        elif isinstance(value, _MAKERS):
            made.add(name)
            if lists and any(map(is_layer_list, walk(value))):
                chosen.add(name)
    walked = set() if isinstance(statement, SIMPLE) else walking_names(statement)
    if not (walked or read or made):
        return _NO_BINDINGS
    line = (statement.end_lineno or 0) + offset
    return Bindings(line, frozenset(walked), read, frozenset(made), frozenset(chosen))


def is_layer_list(node: ast.AST) -> bool:
    """Whether an expression reads a list of layers: ``x.layers``."""
    return isinstance(node, ast.Attribute) and node.attr in LAYER_LISTS


def _bound_values(statement: ast.stmt, *, walrus: bool = True) -> Iterator[tuple[str, ast.expr]]:
    nodes = walk_scope(statement) if walrus or not isinstance(statement, SIMPLE) else [statement]
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _pairs(target, node.value)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield from _pairs(node.target, node.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        for inner, item in zip(target.elts, value.elts, strict=False):
            yield from _pairs(inner, item)
    elif isinstance(target, ast.Name):
        yield target.id, value


def binding_line(source: str, name: str, first: int, last: int) -> int | None:
    """Return the first line between two lines that binds or edits ``name``, functions left out."""
    lines = []
    for statement in statements_of(source):
        if (statement.end_lineno or statement.lineno) < first or statement.lineno > last:
            continue
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            if statement.name == name:
                lines.append(statement.lineno)
            continue
        for node in walk_scope(statement):
            if _binds(node, name):
                lines.append(getattr(node, "lineno", statement.lineno))
    return min(lines) if lines else None


def _binds(node: ast.AST, name: str) -> bool:
    touched = Touched(set(), set())
    _note(node, touched, MUTATORS)
    return name in touched.all


@functools.lru_cache(maxsize=64)  # each use of a model asks it of the running cell
def names_used(source: str, first: int, last: int) -> frozenset[str]:
    """Return the names that code between two lines calls, passes to a call, or calls a method of.

    A name that is only printed, or asked for its type or length, is not used. Functions and classes that
    are only defined there do not count.
    """
    found: set[str] = set()
    for statement in statements_of(source):
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and first <= node.lineno <= last:
                found |= _used_by(node)
    return frozenset(found)


@functools.lru_cache(maxsize=64)
def names_walked(source: str, first: int, last: int) -> frozenset[str]:
    """Return the names that loops and comprehensions between two lines go through, item by item."""
    found: set[str] = set()
    for statement in statements_of(source):
        for node in ast.walk(statement):
            if first <= getattr(node, "lineno", first) <= last:
                found |= walked_names(node)
    return frozenset(found)


def walked_names(node: ast.AST) -> set[str]:
    """Return the names that a loop or a comprehension goes through: as what it iterates over, or by its counter."""
    if isinstance(node, ast.While):
        return _names_in([node.test])
    if isinstance(node, (ast.For, ast.AsyncFor)):
        sources, targets, inside = [node.iter], [node.target], list[ast.AST](node.body)
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        sources = [part.iter for part in node.generators]
        targets = [part.target for part in node.generators]
        inside = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    else:
        return set()
    counters = _names_in(targets)
    items = (item for top in inside for item in walk(top) if isinstance(item, ast.Subscript))
    return _names_in(sources) | {
        item.value.id
        for item in items
        if isinstance(item.ctx, ast.Load)
        and isinstance(item.value, ast.Name)
        and counters & _names_in([item.slice])
    }


def _names_in(nodes: Sequence[ast.AST]) -> set[str]:
    return {part.id for node in nodes for part in walk(node) if isinstance(part, ast.Name)}


#: Functions that show or measure what they are given.
ASKING = frozenset({"print", "repr", "str", "type", "isinstance", "len", "id", "display", "help", "dir"})


def _used_by(call: ast.Call) -> set[str]:
    if isinstance(call.func, ast.Name) and call.func.id in ASKING:
        return set()
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    names = {part.id for value in given for part in _alternatives(value) if isinstance(part, ast.Name)}
    if isinstance(call.func, ast.Name):
        return names | {call.func.id}
    root = root_name(call.func.value) if isinstance(call.func, ast.Attribute) else None
    return names | ({root} if root is not None else set())


def _alternatives(value: ast.expr) -> list[ast.expr]:
    return list(value.elts) if isinstance(value, (ast.List, ast.Tuple)) else [value]


@functools.lru_cache(maxsize=64)
def functions_applying(source: str, name: str, last: int) -> Mapping[str, frozenset[str]]:
    """Return the functions and classes of a cell, up to a line, that apply what a global holds, with the names they read.

    To apply is to call it (``head(x)``, ``loss_fn(y, p)``) or one of the methods that do its work (``opt.apply(...)``).
    """
    if name not in source or "def " not in source:
        return {}
    found = {}
    for statement in statements_of(source):
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef)) or (statement.end_lineno or 0) > last:
            continue
        nodes = [node for part in statement.body for node in ast.walk(part)]
        nodes += () if isinstance(statement, ast.ClassDef) else ast.walk(statement.args)
        bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        if name not in bound and any(isinstance(node, ast.Call) and _applies(node, name) for node in nodes):
            reads = {node.id for node in nodes if isinstance(node, ast.Name)}
            attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
            found[statement.name] = frozenset((reads | attributes) - bound)
    return found


#: Methods by which an optimizer, a metric or a layer does its work.
_APPLYING = frozenset({"apply", "apply_gradients", "minimize", "update_state", "call"})


def _applies(call: ast.Call, name: str) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in _APPLYING:
        function = function.value
    return isinstance(function, ast.Name) and function.id == name


def code_lines(source: str) -> frozenset[str]:
    """Return the lines of a cell without comments and blank space around them; comments are no code."""
    found = set()
    for line in source.splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            found.add(text.split("  #")[0].rstrip())
    return frozenset(found)
