"""Names bound to a copy that Keras returns, ``w = layer.get_weights()``: where it is edited, and where it is read."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .names import ASKING
from .syntax import FUNCTIONS, LOOPS, blocks_of, method_called, parsed, root_name, walk, walk_scope
from .vocabulary import ARRAY_MUTATORS, HELD_METHODS, MUTATORS, WORDS

_EDITS = MUTATORS | ARRAY_MUTATORS
#: Functions of NumPy that change the array they are given first.
_CHANGE_FIRST = frozenset({"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "shuffle"})
#: Functions and methods of arrays whose result holds nothing of the array.
_NEW = frozenset(
    ["abs", "absolute", "all", "any", "argmax", "argmin", "argsort", "count_nonzero", "exp", "isnan", "isfinite", "log",
     "max", "mean", "median", "min", "norm", "percentile", "quantile", "sign", "sort", "sqrt", "square", "std", "sum", "var",
     "where"]
)  # fmt: skip
#: What is asked of an array is not what is in it.
_FORM = frozenset({"shape", "dtype", "ndim", "size", "nbytes"})
_END = float("inf")


def held_names(statement: ast.stmt, call: ast.AST) -> tuple[str, ...]:
    """Return the names that a statement binds to what a call in it returns, or to an item of it.

    Such as ``w = layer.get_weights()[0]`` and ``kernel, bias = layer.get_weights()``.
    """
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1 or not _is_held(call):
        return ()
    value, target = statement.value, statement.targets[0]
    if isinstance(target, ast.Tuple) and value is call:
        return tuple(item.id for item in target.elts if isinstance(item, ast.Name))
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(target.elts, value.elts, strict=False))
    return tuple(name.id for name, given in pairs if isinstance(name, ast.Name) and _whole(given) is call)


def _whole(value: ast.expr) -> ast.expr:
    """Return ``x`` of ``x[0]``."""
    while isinstance(value, ast.Subscript):
        value = value.value
    return value


def _is_held(call: ast.AST) -> bool:
    method = method_called(call)
    return method is not None and method.attr in HELD_METHODS


@dataclass(frozen=True)
class LocalEdit:
    """An edit of a copy that only a local name of a function, or a name of a loop, holds.

    Attributes:
        name: The name.
        owner: The name of the object that the copy was read from.
        method: The method that read it.
    """

    name: str
    owner: str
    method: str


@dataclass(frozen=True)
class _Line:
    """What a simple statement, or the head of a compound one, does with the object of a name."""

    first: int
    last: int
    loops: tuple[int, ...]
    edits: bool = False
    reads: bool = False
    computes: bool = False
    shows: bool = False
    binds: bool = False
    in_function: bool = False


def binds(source: str, name: str) -> bool:
    """Whether code binds a name."""
    return any(line.binds for line in _lines(source, name))


def reads(source: str, name: str, *, computed: bool, shown: bool) -> bool:
    """Whether code reads the object of a name, other than to edit it; to compute from it or to print it may count."""
    return any(
        line.reads or (computed and line.computes) or (shown and line.shows) for line in _lines(source, name)
    )


def lost_edit(source: str, name: str, bound: int, before: float) -> int | None:
    """Return the line of an edit of the object of a name that nothing in the code reads afterwards.

    The edit is above the line ``before``; ``bound`` is the line that bound the name, 0 where an earlier cell did.
    """
    return _lost_edit(_lines(source, name), bound, before)


def lost_local_edits(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[int, LocalEdit]:
    """Return the edits of copies that only local names of a function hold, and that nothing in it reads afterwards.

    They are given by the ``id`` of their statement.
    """
    shared = {
        name for node in walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
    }
    copies = _copies_in(walk_scope(function))
    return _lost_edits(function.body, [found for found in copies if found[1].name not in shared])


def lost_loop_edits(body: list[ast.stmt]) -> dict[int, LocalEdit]:
    """Return the edits, in loops of a cell, of copies that the same turn reads and that nothing in the cell reads.

    They are given by the ``id`` of their statement.
    """
    loops = [node for statement in body for node in walk_scope(statement) if isinstance(node, LOOPS)]
    # A loop in another one is walked twice.
    return _lost_edits(
        body, list(dict.fromkeys(found for loop in loops for found in _copies_in(walk_scope(loop))))
    )


def _lost_edits(body: list[ast.stmt], copies: Sequence[tuple[int, LocalEdit]]) -> dict[int, LocalEdit]:
    found = {}
    for bound, edit in copies:
        line = _lost_edit(list(_of_block(body, edit.name, (), in_function=False)), bound, _END)
        for node in (item for top in body for item in walk(top)) if line is not None else ():
            if isinstance(node, ast.stmt) and node.lineno == line and _edits(node, edit.name):
                found[id(node)] = edit
    return found


def _copies_in(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, LocalEdit]]:
    """Yield the lines that bind a name to a copy, or that walk over the arrays of one."""
    for node in nodes:
        if isinstance(node, ast.Assign):
            for call in ast.walk(node.value):
                for name in held_names(node, call):
                    yield from _copy(node.lineno, name, call)
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _is_held(node.iter):
            yield from _copy(node.lineno, node.target.id, node.iter)


def _copy(line: int, name: str, call: ast.AST) -> Iterator[tuple[int, LocalEdit]]:
    method = method_called(call)
    if method is not None and isinstance(method.value, ast.Name):
        yield line, LocalEdit(name, method.value.id, method.attr)


def _lost_edit(lines: Sequence[_Line], bound: int, before: float) -> int | None:
    loops = next((line.loops for line in lines if line.binds and line.first <= bound <= line.last), ())
    edits = (line for line in lines if line.edits and bound < line.first and line.last < before)
    edit = next(
        (line.first for line in edits if not line.in_function and _is_in_turn(line, loops, lines)), None
    )
    if edit is None or any(line.shows and line.first > edit for line in lines):
        return None
    read = (line for line in lines if line.in_function or line.last > bound or line.loops)
    if any(line.reads or (line.computes and not _is_between(line, bound, edit, loops)) for line in read):
        return None
    return edit


def _is_between(line: _Line, bound: int, edit: int, loops: tuple[int, ...]) -> bool:
    """Whether a line runs after the name is bound and before the edit, and then no more."""
    return bound < line.first and line.last < edit and _is_inside(line, loops) and not line.in_function


def _is_in_turn(edit: _Line, loops: tuple[int, ...], lines: Sequence[_Line]) -> bool:
    """Whether an edit is in the loops that bind the name, or in one there that only edits the items of the copy.

    A loop that does something else as well gathers something over its turns.
    """
    if not _is_inside(edit, loops):
        return False
    inner = edit.loops[len(loops) :]
    return not inner or all(
        line.edits or line.first in line.loops for line in lines if inner[0] in line.loops
    )


def _is_inside(line: _Line, loops: tuple[int, ...]) -> bool:
    return line.loops[: len(loops)] == loops


@functools.lru_cache(maxsize=256)
def _lines(source: str, name: str) -> tuple[_Line, ...]:
    """Return what each line does with a name; code that is no Python, such as a magic, reads each name it shows."""
    if name not in WORDS.findall(source):
        return ()
    try:
        return tuple(_of_block(parsed(source).body, name, (), in_function=False))
    except (SyntaxError, ValueError):
        return (_Line(1, source.count("\n") + 1, (), reads=True, in_function=True),)


def _of_block(
    body: list[ast.stmt], name: str, loops: tuple[int, ...], *, in_function: bool
) -> Iterator[_Line]:
    for statement in body:
        inside = (*loops, statement.lineno) if isinstance(statement, LOOPS) else loops
        blocks = blocks_of(statement)
        parts = {id(item) for block in blocks for item in block}
        yield _of_statement(statement, name, inside, parts, in_function=in_function)
        for block in blocks:
            scope = isinstance(statement, (*FUNCTIONS, ast.ClassDef))
            yield from _of_block(block, name, inside, in_function=in_function or scope)


def _of_statement(
    statement: ast.stmt, name: str, loops: tuple[int, ...], blocks: set[int], *, in_function: bool
) -> _Line:
    head = list(_outside(statement, blocks))
    edits = _edits(statement, name)
    reads, computes, shows = (False, False, False) if edits else _use(head, name)
    bound = any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in head)
    last = statement.lineno if blocks else statement.end_lineno or statement.lineno
    return _Line(statement.lineno, last, loops, edits, reads, computes, shows, bound, in_function)


def _outside(statement: ast.stmt, blocks: set[int]) -> Iterator[ast.AST]:
    """Walk a statement without the statements of its blocks."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield node
        stack += [child for child in ast.iter_child_nodes(node) if id(child) not in blocks]


def _edits(statement: ast.stmt, name: str) -> bool:
    """Whether a statement only changes the object of a name in place."""
    if isinstance(statement, ast.AugAssign):
        return root_name(statement.target) == name
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        method = method_called(statement.value)
        into = [keyword.value for keyword in statement.value.keywords if keyword.arg == "out"]
        if method is not None and method.attr in _CHANGE_FIRST:
            into += statement.value.args[:1]
        if any(root_name(place) == name for place in into):
            return True  # ``np.multiply(w, mask, out=w)`` and ``np.copyto(w, table)``
        return method is not None and method.attr in _EDITS and root_name(method) == name
    targets = statement.targets if isinstance(statement, (ast.Assign, ast.Delete)) else []
    return bool(targets) and all(isinstance(t, ast.Subscript) and root_name(t) == name for t in targets)


def _use(head: list[ast.AST], name: str) -> tuple[bool, bool, bool]:
    """Return whether a statement reads the object of a name, only computes new numbers from it, and only prints it."""
    shown: set[int] = set()
    form: set[int] = set()
    new: set[int] = set()
    for node in head:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASKING:
            shown |= {id(part) for value in node.args for part in walk(value)}
        elif isinstance(node, ast.Attribute) and node.attr in _FORM:
            form |= {id(part) for part in walk(node.value)}
        method = method_called(node)
        # Or a function or method whose result holds nothing of the arrays it is given.
        if isinstance(node, (ast.BinOp, ast.Compare)) or (method is not None and method.attr in _NEW):
            new |= {id(part) for part in walk(node)}
    # The text of a magic, or of code that is run, reads what it names.
    reads = any(isinstance(n, ast.Constant) and name in WORDS.findall(str(n.value)) for n in head)
    loads = {id(n) for n in head if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)}
    loads -= form
    return reads or bool(loads - shown - new), bool((loads & new) - shown), bool(loads & shown)
