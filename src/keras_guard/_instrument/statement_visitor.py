"""A walk over the statements of a cell that knows what is around each, and adds the probes before and after it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from . import flags, runtime
from .cell_plan import CellPlan
from .copy_uses import lost_local_edits, lost_loop_edits
from .loop_edits import layers_bound_in_loop
from .names import touched_names
from .probe_calls import call, call_statement, either, without_probes
from .runtime import Site
from .syntax import LOOPS, SIMPLE, walk
from .vocabulary import ATTRIBUTES, LOOP, MUTATORS


@dataclass
class _Statement:
    """A statement that is visited, with the sites that are looked at behind it and those of the value it binds."""

    node: ast.stmt
    behind: list[Site] = field(default_factory=list)
    values: list[Site] = field(default_factory=list)
    flag: int | None = None


class StatementVisitor(ast.NodeTransformer):
    """Keeps track of functions, loops and the innermost statement; a subclass says which places get a site."""

    def __init__(self, plan: CellPlan, body: list[ast.stmt], *, copies: bool) -> None:
        self._plan = plan
        self._copies = copies
        self._function: list[str] = []
        self._statement: _Statement | None = None
        self._globals: list[set[str]] = []
        self._aliases: list[set[str]] = []
        self._inner = 0
        self._loops = 0
        self._bound_in_loops: set[int] = set()
        self._copy_edits = lost_loop_edits(body) if copies else {}
        #: The names that hold the copies of those, which the edits in the loops look after.
        self._loop_copies = frozenset(edit.name for edit in self._copy_edits.values())

    # Functions

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._function.append(node.name)
        names = [n for item in walk(node) if isinstance(item, ast.Global) for n in item.names]
        self._globals.append(set(names))
        self._aliases.append(_list_aliases(node))
        if self._copies:
            self._copy_edits.update(lost_local_edits(node))
        node.body = [item for statement in node.body for item in as_list(self.visit(statement))]
        self._aliases.pop()
        self._globals.pop()
        self._function.pop()
        return node

    visit_FunctionDef = _visit_function
    visit_AsyncFunctionDef = _visit_function

    def _visit_inner(self, node: ast.AST) -> Any:
        self._inner += 1
        result = self.generic_visit(node)
        self._inner -= 1
        return result

    visit_ClassDef = _visit_inner
    visit_Lambda = _visit_inner
    visit_ListComp = _visit_inner
    visit_SetComp = _visit_inner
    visit_DictComp = _visit_inner
    visit_GeneratorExp = _visit_inner

    # Statements

    def generic_visit(self, node: ast.AST) -> Any:
        """Keep track of the innermost statement, and add probes before and after it."""
        if not isinstance(node, ast.stmt):
            super().generic_visit(node)
            return node
        outer, statement = self._statement, _Statement(node)
        self._statement = statement
        self._loops += isinstance(node, LOOPS)
        before = self._global_sites(node)
        first = self._loop_site(statement)
        super().generic_visit(node)
        for site in statement.values:
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            assert node.value is not None
            node.value = call(_value_probe(node), site.number, node.value, node.value)
        self._loops -= isinstance(node, LOOPS)
        after = self._copy_edit(node)
        self._statement = outer
        return _with_probes(statement, first, before, after)

    def _loop_site(self, statement: _Statement) -> ast.stmt | None:
        """Watch the binding of a loop's name to a new layer; returns the statement that looks at the old one."""
        node = statement.node
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self._bound_in_loops.update(map(id, layers_bound_in_loop(node)))
        if id(node) not in self._bound_in_loops or not isinstance(node, ast.Assign):
            return None
        name = node.targets[0]
        assert isinstance(name, ast.Name)
        site = self._site(node, attribute=LOOP, chain=name.id)
        node.value = call(runtime.LIST, site.number, node.value, node.value)
        statement.behind.append(site)
        return _look_at(name.id, site, node)

    def _copy_edit(self, node: ast.stmt) -> list[ast.stmt]:
        """Watch the edit of a copy that only a local name, or a name of a loop, holds; returns the statements behind it."""
        edit = self._copy_edits.get(id(node))
        if edit is None:
            return []
        site = self._site(node, attribute=f"{edit.method}()", chain=edit.name)
        return [_look_at(edit.owner, site, node), call_statement(runtime.DONE, site.number, node)]

    def _global_sites(self, node: ast.stmt) -> list[Site]:
        watched = self._globals[-1] if self._globals else set()
        if not watched or not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            return []
        names = touched_names(node, MUTATORS).all & watched
        return [self._site(node, names=names)] if names else []

    def _site(self, node: ast.AST, **details: Any) -> Site:
        """Make the site of a node; a statement that can run often, and can be compiled twice, gets a flag."""
        statement = self._statement
        assert statement is not None
        often = bool(self._function or self._loops) and isinstance(statement.node, SIMPLE)
        if often and statement.flag is None:
            statement.flag = flags.new_flag()
        function = self._function[-1] if self._function else None
        site = self._plan.make(statement.node, node, function=function, flag=statement.flag, **details)
        if not self._function and not self._inner:
            self._plan.passing.append(site)
        return site


def _look_at(name: str, site: Site, like: ast.stmt) -> ast.stmt:
    """Return a statement that shows the object of a name to a site's probe."""
    look = ast.Expr(call(runtime.OBJECT, site.number, like, ast.Name(name, ast.Load())))
    return ast.fix_missing_locations(ast.copy_location(look, like))


def _with_probes(
    statement: _Statement, first: ast.stmt | None, binding: list[Site], after: list[ast.stmt]
) -> Any:
    """Return a statement with the probes before and after it, in a choice between both forms if it has a flag."""
    node = statement.node
    items: list[ast.stmt] = [first] if first is not None else []
    items += [call_statement(runtime.BEFORE, site.number, node) for site in binding]
    items.append(node)
    items += after
    items += [call_statement(runtime.DONE, site.number, node) for site in statement.behind]
    items += [call_statement(runtime.AFTER, site.number, node) for site in binding]
    if statement.flag is not None:
        return either(statement.flag, items, without_probes(node))
    return items if len(items) > 1 else node


def _value_probe(node: ast.Assign | ast.AnnAssign) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else []
    unpacked = any(isinstance(target, (ast.Tuple, ast.List)) for target in targets)
    return runtime.VALUES if unpacked else runtime.VALUE


def _list_aliases(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the local names that a function gives to a list of layers."""
    found = set()
    for node in walk(function):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr in ATTRIBUTES
        ):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def as_list(result: object) -> list[ast.stmt]:
    """Return what a visit returned as a list of statements."""
    return result if isinstance(result, list) else [result]  # type: ignore[list-item]
