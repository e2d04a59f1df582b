"""Probes around the edits of lists and the binding of slots."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from . import flags, runtime
from .cell_plan import Around, SiteMaker
from .loop_edits import layers_bound_in_loop
from .names import is_layer_list, touched_names
from .probe_calls import call, call_statement, either, without_probes
from .runtime import Site
from .syntax import LOOPS, SIMPLE, walk
from .vocabulary import ATTRIBUTES, COPY_METHODS, LOOP, MUTATORS

#: Builtins that only read a list they are given.
_READERS = frozenset(
    [
        "all",
        "any",
        "enumerate",
        "filter",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "min",
        "print",
        "reversed",
        "set",
        "sorted",
        "sum",
        "tuple",
        "zip",
    ]
)
_WORDS = ATTRIBUTES | COPY_METHODS
_PLAIN_VALUES = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr, ast.BoolOp)


@dataclass
class _Statement:
    """A statement that is visited, with the sites that are looked at behind it and those of the value it binds."""

    node: ast.stmt
    behind: list[Site] = field(default_factory=list)
    values: list[Site] = field(default_factory=list)
    flag: int | None = None


class EditSites(ast.NodeTransformer):
    """Puts probes around edits of lists that Keras returns, and around slots bound in functions.

    Args:
        maker: Makes the sites.
        is_ruled_out: Whether an expression cannot hold a model while the top level of the cell runs.
        slots: Whether slots bound in functions get probes.

    Attributes:
        origins: For each statement that was returned, the index of the one it comes from.
    """

    def __init__(self, maker: SiteMaker, is_ruled_out: Callable[[ast.expr], bool], *, slots: bool) -> None:
        self._maker = maker
        self._ruled_out = is_ruled_out
        self._slots = slots
        self._function: list[str] = []
        self._statement: _Statement | None = None
        self._globals: list[set[str]] = []
        self._aliases: list[set[str]] = []
        self._inner = 0
        self._loops = 0
        self._bound_in_loops: set[int] = set()
        self.origins: list[int] = []
        self._index = -1

    def visit_statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """Instrument one top-level statement; returns it with the statements around it."""
        self._index += 1
        items = _as_list(self.visit(statement)) if _may_edit(statement) else [statement]
        self.origins += [self._index] * len(items)
        return items

    # Functions

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._function.append(node.name)
        names = [n for item in walk(node) if isinstance(item, ast.Global) for n in item.names]
        self._globals.append(set(names))
        self._aliases.append(_list_aliases(node))
        node.body = [item for statement in node.body for item in _as_list(self.visit(statement))]
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
        self._statement = outer
        return _with_probes(statement, first, before)

    def _around(self, statement: _Statement) -> Around:
        """Return what is around a site; a statement that can run often, and can be compiled twice, gets a flag."""
        often = bool(self._function or self._loops) and isinstance(statement.node, SIMPLE)
        if often and statement.flag is None:
            statement.flag = flags.new_flag()
        return Around(self._function[-1] if self._function else None, statement.flag)

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
        look = ast.Expr(call(runtime.OBJECT, site.number, node, ast.Name(name.id, ast.Load())))
        return ast.fix_missing_locations(ast.copy_location(look, node))

    def _global_sites(self, node: ast.stmt) -> list[Site]:
        watched = self._globals[-1] if self._globals else set()
        if not watched or not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            return []
        names = touched_names(node, MUTATORS).all & watched
        return [self._site(node, names=names)] if names else []

    def _site(
        self,
        node: ast.AST,
        *,
        attribute: str = "",
        names: Iterable[str] = (),
        chain: str = "",
        passed: bool = False,
    ) -> Site:
        assert self._statement is not None
        site = self._maker.make(
            self._statement.node,
            node,
            attribute=attribute,
            names=names,
            chain=chain,
            passed=passed,
            around=self._around(self._statement),
        )
        if not self._function and not self._inner:
            self._maker.plan.passing.append(site)
        return site

    # Edits

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``x.layers[i] = ...`` and ``del x.layers[i]``."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) and self._statement is not None:
            if self._edit_chain(node, "value") is not None:
                return node
            self._slot(node, "[]")
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """``self.fc = ...`` inside a function."""
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Store) and self._statement is not None:
            self._slot(node, node.attr)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``x.layers.pop()``."""
        self.generic_visit(node)
        function = node.func
        if self._statement is None:
            return node
        sites = self._passed_lists(node)
        if isinstance(function, ast.Attribute) and function.attr in MUTATORS:
            site = self._edit_chain(function, "value", behind=False)
            sites += [site] if site is not None else []
        result = node
        for site in sites:
            result = call(runtime.DONE, site.number, node, result)
        return result

    def _passed_lists(self, node: ast.Call) -> list[Site]:
        """``cut(x.layers)``: what is called may edit the list. Returns the sites to look at after the call."""
        statement = self._statement
        assert statement is not None
        if isinstance(statement.node, ast.Return) or _only_reads(node.func):
            return []
        sites = []
        for index, value in enumerate(node.args):
            if is_layer_list(value):
                assert isinstance(value, ast.Attribute)
                if self._is_ruled_out(value.value):
                    continue
                site = self._site(node, attribute=value.attr, chain=ast.unparse(value), passed=True)
                value.value = call(runtime.OBJECT, site.number, value.value, value.value)
                node.args[index] = call(runtime.LIST, site.number, value, value)
                sites.append(site)
        if isinstance(statement.node, ast.Expr):
            return sites
        # The result of the call may be made of the list: look after it is bound.
        statement.behind += sites
        return []

    def _edit_chain(
        self, parent: ast.Subscript | ast.Attribute, where: str, *, behind: bool = True
    ) -> Site | None:
        """Wrap the list under ``parent`` if it is one that Keras returns."""
        holder: ast.AST = parent
        node = parent.value
        while isinstance(node, ast.Subscript):  # get_config()["layers"][1]["config"]
            holder, node = node, node.value
        nested = holder is not parent
        site = None
        if self._is_ruled_out(getattr(node, "func", node)):
            return None
        if isinstance(node, ast.NamedExpr) and is_layer_list(node.value):
            site = self._site(parent, chain=node.target.id)
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in ATTRIBUTES
            and not (nested and node.attr == "layers")
        ):
            site = self._site(parent, attribute=node.attr, chain=ast.unparse(node))
            node.value = call(runtime.OBJECT, site.number, node.value, node.value)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in COPY_METHODS
        ):
            site = self._site(parent, attribute=f"{node.func.attr}()", chain=ast.unparse(node))
            node.func.value = call(runtime.OBJECT, site.number, node.func.value, node.func.value)
        elif isinstance(node, ast.Name) and self._aliases and node.id in self._aliases[-1] and not nested:
            site = self._site(parent, attribute="", chain=node.id)
        if site is None:
            return None
        # For an alias there is no owner that could have armed the site.
        probe = runtime.LIST if site.attribute else runtime.ALIAS
        setattr(holder, where, call(probe, site.number, node, node))
        if behind and self._statement is not None:
            self._statement.behind.append(site)
        return site

    def _is_ruled_out(self, node: ast.expr) -> bool:
        """Whether an attribute's owner, or the owner itself, is known before the cell runs to hold no layers."""
        if self._function or self._inner:
            return False  # runs later, or with other names
        owner = node.value if isinstance(node, ast.Attribute) else node
        return self._ruled_out(owner)

    def _slot(self, node: ast.Subscript | ast.Attribute, attribute: str) -> None:
        """Watch one slot: a value that is a layer arms the site, and the slot is looked at only then."""
        statement = self._statement
        if not self._slots or not self._function or statement is None:
            return
        binding = statement.node
        if not isinstance(binding, (ast.Assign, ast.AnnAssign)):
            return
        if binding.value is None or isinstance(binding.value, _PLAIN_VALUES):
            return
        site = self._site(node, attribute=attribute, chain=ast.unparse(node))
        node.value = call(runtime.SLOT, site.number, node.value, node.value)
        statement.values.append(site)
        statement.behind.append(site)


def _with_probes(statement: _Statement, first: ast.stmt | None, binding: list[Site]) -> Any:
    """Return a statement with the probes before and after it, in a choice between both forms if it has a flag."""
    node = statement.node
    items: list[ast.stmt] = [first] if first is not None else []
    items += [call_statement(runtime.BEFORE, site.number, node) for site in binding]
    items.append(node)
    items += [call_statement(runtime.DONE, site.number, node) for site in statement.behind]
    items += [call_statement(runtime.AFTER, site.number, node) for site in binding]
    if statement.flag is not None:
        return either(statement.flag, items, without_probes(node))
    return items if len(items) > 1 else node


def _may_edit(statement: ast.stmt) -> bool:
    """Whether a statement shows anything that this file puts probes around; most show nothing."""
    stores = not isinstance(statement, SIMPLE)  # it may hold functions, in which slots are watched
    for node in walk(statement):
        if isinstance(node, ast.Attribute):
            if node.attr in _WORDS or (stores and not isinstance(node.ctx, ast.Load)):
                return True
        elif isinstance(node, ast.Global) or (
            stores and isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load)
        ):
            return True
    return False


def _value_probe(node: ast.Assign | ast.AnnAssign) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else []
    unpacked = any(isinstance(target, (ast.Tuple, ast.List)) for target in targets)
    return runtime.VALUES if unpacked else runtime.VALUE


def _only_reads(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in _READERS


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


def _as_list(result: object) -> list[ast.stmt]:
    return result if isinstance(result, list) else [result]  # type: ignore[list-item]
