"""What a piece of code binds, reads and calls, and what comes after a given line."""

from __future__ import annotations

import ast
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .vocabulary import LAYER_LISTS

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def walk_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without entering functions, classes and lambdas defined in it."""
    stack = [node]
    while stack:
        item = stack.pop()
        yield item
        if item is not node and isinstance(item, _SCOPES):
            continue
        for name in _parts_of(type(item)):
            value = getattr(item, name, None)
            if isinstance(value, list):
                stack.extend([child for child in reversed(value) if isinstance(child, ast.AST)])
            elif isinstance(value, ast.AST):
                stack.append(value)


_PARTS: dict[type, tuple[str, ...]] = {}


def _parts_of(kind: type) -> tuple[str, ...]:
    """Return the fields of a node that can hold other nodes, in reverse; contexts and operators say nothing here."""
    found = _PARTS.get(kind)
    if found is None:
        fields: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        found = _PARTS[kind] = tuple(name for name in reversed(fields) if name not in _LEAVES)
    return found


_LEAVES = frozenset(
    {"ctx", "op", "ops", "id", "attr", "arg", "kind", "n", "s", "type_comment", "level", "lineno"}
)


#: Python 3.11 keeps the depth of a tree it builds in one place for all threads.
_one_at_a_time = threading.Lock()


@functools.lru_cache(maxsize=8)
def parsed(source: str) -> ast.Module:
    """Return the tree of a cell; several questions are asked of the same cell, and none changes it.

    Raises:
        SyntaxError: When the text is no Python.
    """
    with _one_at_a_time:
        return ast.parse(source)


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
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        touched.bound.add(statement.name)
        return touched
    for node in _walk_without_comprehension_targets(statement):
        _note(node, touched, mutators)
    return touched


def _walk_without_comprehension_targets(node: ast.AST) -> Iterator[ast.AST]:
    for item in walk_scope(node):
        if not isinstance(item, _COMPREHENSIONS):
            yield item


def _note(node: ast.AST, touched: Touched, mutators: frozenset[str]) -> None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        touched.bound.add(node.id)
    elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        touched.bound.add(node.name)
    elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
        # Patterns bind names that are no nodes of their own.
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        touched.bound |= {name} if name is not None else set()
    elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        name = root_name(node)
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
    """Return the names that loops inside ``statement`` walk with: their targets, and what each turn selects.

    ``layer = model.layers[i]`` or ``layer = model.get_layer(name)`` in a loop's body is the target of
    ``for layer in model.layers`` in other words.
    """
    found: set[str] = set()
    for node in walk_scope(statement):
        if isinstance(node, (ast.For, ast.AsyncFor)):
            found |= {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        if isinstance(node, _LOOPS):
            found |= {name for inner in node.body for name, value in _bound_values(inner) if _selects(value)}
    return found


_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def _selects(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and value.func.attr == "get_layer"
    return isinstance(value, ast.Subscript)


@dataclass(frozen=True)
class Bindings:
    """How a top-level statement binds names.

    Attributes:
        end_line: Its last line.
        walked: Names a ``for`` walks with.
        read: Names bound to the very list that ``x.layers`` hands out.
        made: Names bound to what an expression makes anew.
        chosen: Those of them that are made of a model's list (``list(model.layers)``).
        lost: Names walked with that a later statement of the cell binds to something else.
    """

    end_line: int
    walked: frozenset[str]
    read: frozenset[str]
    made: frozenset[str]
    chosen: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.walked or self.read or self.made)


_MAKERS = (ast.Call, ast.List, ast.ListComp, ast.BinOp, ast.Subscript)


def bindings_in(body: Sequence[ast.stmt], offset: int = 0) -> list[Bindings]:
    """Return how the statements of a cell bind names, where that tells something.

    Args:
        body: The statements.
        offset: Added to their lines.
    """
    found = [bindings_of(statement, offset) for statement in body]
    if any(item.walked for item in found):
        later: set[str] = set()
        for index in reversed(range(len(body))):
            found[index] = replace(found[index], lost=found[index].walked & later)
            later |= touched_names(body[index], _NO_METHODS).bound - found[index].walked
    return [item for item in found if item]


_NO_METHODS: frozenset[str] = frozenset()


def bindings_of(statement: ast.stmt, offset: int = 0) -> Bindings:
    """Return how a statement binds names.

    Args:
        statement: The statement.
        offset: Added to its line.
    """
    read, made, chosen = set(), set(), set()
    for name, value in _bound_values(statement):
        if is_layer_list(value):
            read.add(name)
        elif isinstance(value, _MAKERS):
            made.add(name)
            if any(map(is_layer_list, ast.walk(value))):
                chosen.add(name)
    line = (statement.end_lineno or 0) + offset
    walked = walking_names(statement)
    return Bindings(line, frozenset(walked), frozenset(read), frozenset(made), frozenset(chosen))


def is_layer_list(node: ast.AST) -> bool:
    """Whether an expression reads a list of layers: ``x.layers``."""
    return isinstance(node, ast.Attribute) and node.attr in LAYER_LISTS


def _bound_values(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    for node in walk_scope(statement):
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


@dataclass(frozen=True)
class Ahead:
    """What the code after a line still does, in the same function or cell.

    Attributes:
        bound: Names it binds.
        read: Names it reads.
        methods: Pairs of root name and method it calls (``("model", "compile")``).
        called: Names of all functions and methods it calls.
        walked: Names it walks over (``for layer in names``), or empties in a ``while``.
    """

    bound: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()
    methods: frozenset[tuple[str, str]] = frozenset()
    called: frozenset[str] = frozenset()
    walked: frozenset[str] = frozenset()

    def __or__(self, other: Ahead) -> Ahead:
        return Ahead(
            self.bound | other.bound,
            self.read | other.read,
            self.methods | other.methods,
            self.called | other.called,
            self.walked | other.walked,
        )

    def calls(self, names: Sequence[str], methods: frozenset[str]) -> bool:
        """Whether one of ``methods`` is called on one of ``names``."""
        return any((name, method) in self.methods for name in names for method in methods)


NOTHING_AHEAD = Ahead()


def code_ahead(source: str, line: int, *, from_call: bool = False) -> Ahead:
    """Return what the code after ``line`` does, up to the end of its function or of the cell.

    Args:
        source: The cell, as Python.
        line: 1-based line of the statement that runs now.
        from_call: True when the statement is in the middle of a call: its own targets are bound later.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return NOTHING_AHEAD
    rest: list[ast.AST] = []
    body: Sequence[ast.stmt] = tree.body
    while True:
        index = _index_at(body, line)
        if index is None:
            break
        statement = body[index]
        if isinstance(statement, _FUNCTIONS) and line > statement.lineno:
            rest = []  # what follows the definition does not follow the call
        else:
            rest.extend(body[index + 1 :])
        inner = _body_at(statement, line)
        if inner is not None and isinstance(statement, (ast.For, ast.AsyncFor, ast.While)):
            rest.append(statement)  # the next turn comes from the top
        if inner is None:
            if from_call:
                rest.extend(_targets(statement))
            break
        body = inner
    return _summary(rest)


def _index_at(body: Sequence[ast.stmt], line: int) -> int | None:
    for index, statement in enumerate(body):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
        if first <= line <= (statement.end_lineno or statement.lineno):
            return index
    return None


def _body_at(statement: ast.stmt, line: int) -> Sequence[ast.stmt] | None:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list) and _index_at(inner, line) is not None:
            return inner
    for handler in getattr(statement, "handlers", ()):
        if _index_at(handler.body, line) is not None:
            return list(handler.body)
    for case in getattr(statement, "cases", ()):
        if _index_at(case.body, line) is not None:
            return list(case.body)
    return None


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
    for top in nodes:
        for node in ast.walk(top):
            source = _walked_over(node)
            if source is not None:
                walked |= {part.id for part in ast.walk(source) if isinstance(part, ast.Name)}
            if isinstance(node, ast.Name):
                (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called.add(node.func.attr)
                name = root_name(node.func.value)
                if name is not None:
                    methods.add((name, node.func.attr))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
    return Ahead(frozenset(bound), frozenset(read), frozenset(methods), frozenset(called), frozenset(walked))


def _walked_over(node: ast.AST) -> ast.expr | None:
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return node.iter
    return node.test if isinstance(node, ast.While) else None


@dataclass(frozen=True)
class CodeRange:
    """A range in a cell: 1-based lines and columns, and the function around it."""

    line: int
    end_line: int
    column: int
    end_column: int
    function: str | None = None


def range_of_line(source: str, line: int, target: str | None = None) -> CodeRange | None:
    """Return the statement at a line: the whole of a simple one, the header's line of a compound one.

    Args:
        source: The cell, as Python.
        line: 1-based.
        target: Where the statement binds this name, only the part that does.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return None
    body: Sequence[ast.stmt] = tree.body
    function = None
    while True:
        index = _index_at(body, line)
        if index is None:
            return None
        statement = body[index]
        if isinstance(statement, _FUNCTIONS):
            function = statement.name
        inner = _body_at(statement, line)
        if inner is None:
            return range_of_node(source, _part(statement, target), function)
        body = inner


def _part(statement: ast.stmt, target: str | None) -> ast.AST:
    if isinstance(statement, (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith)):
        return getattr(statement, "iter", None) or getattr(statement, "test", None) or statement.items[0]  # type: ignore[union-attr]
    if target is not None:
        for node in walk_scope(statement):
            if isinstance(node, ast.Name) and node.id == target and isinstance(node.ctx, ast.Store):
                return statement if isinstance(statement, ast.Assign) else node
    return statement


def range_of_node(source: str, node: ast.AST, function: str | None = None) -> CodeRange:
    """Return the range of a node; columns count characters, not bytes."""
    line = getattr(node, "lineno", 1)
    end_line = getattr(node, "end_lineno", None) or line
    lines = source.splitlines() or [""]
    start = _characters(lines, line, getattr(node, "col_offset", 0))
    end = _characters(lines, end_line, getattr(node, "end_col_offset", None) or 0)
    return CodeRange(line, end_line, start + 1, end + 1, function)


def _characters(lines: list[str], line: int, byte_offset: int) -> int:
    if not 1 <= line <= len(lines):
        return byte_offset
    return len(lines[line - 1].encode()[:byte_offset].decode(errors="replace"))


def binding_line(source: str, name: str, first: int, last: int) -> int | None:
    """Return the first line between two lines that binds or edits ``name``, functions left out."""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return None
    lines = []
    for statement in tree.body:
        if (statement.end_lineno or statement.lineno) < first or statement.lineno > last:
            continue
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            if statement.name == name:
                lines.append(statement.lineno)
            continue
        for node in walk_scope(statement):
            if _binds(node, name):
                lines.append(getattr(node, "lineno", statement.lineno))
    return min(lines) if lines else None


def _binds(node: ast.AST, name: str) -> bool:
    touched = Touched(set(), set())
    from .vocabulary import MUTATORS

    _note(node, touched, MUTATORS)
    return name in touched.all


def names_used(source: str, first: int, last: int) -> frozenset[str]:
    """Return the names that code between two lines calls, passes to a call, or calls a method of.

    A name that is only printed, or asked for its type or length, is not used. Functions and classes that
    are only defined there do not count.

    Args:
        source: The cell, as Python.
        first: The first line, 1-based.
        last: The last line.
    """
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and first <= node.lineno <= last:
                found |= _used_by(node)
    return frozenset(found)


_ASKING = frozenset({"print", "repr", "str", "type", "isinstance", "len", "id", "display", "help", "dir"})


def _used_by(call: ast.Call) -> set[str]:
    if isinstance(call.func, ast.Name) and call.func.id in _ASKING:
        return set()
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    names = {part.id for value in given for part in _alternatives(value) if isinstance(part, ast.Name)}
    if isinstance(call.func, ast.Name):
        return names | {call.func.id}
    root = root_name(call.func.value) if isinstance(call.func, ast.Attribute) else None
    return names | ({root} if root is not None else set())


def _alternatives(value: ast.expr) -> list[ast.expr]:
    return list(value.elts) if isinstance(value, (ast.List, ast.Tuple)) else [value]


def code_lines(source: str) -> frozenset[str]:
    """Return the lines of a cell without comments and blank space around them; comments are no code."""
    found = set()
    for line in source.splitlines():
        text = line.strip()
        if text and not text.startswith("#"):
            found.add(text.split("  #")[0].rstrip())
    return frozenset(found)
