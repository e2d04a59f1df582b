"""Probes around the edits of lists and the binding of slots."""

from __future__ import annotations

import ast
from collections.abc import Callable

from . import runtime
from .cell_plan import CellPlan
from .copy_uses import held_names
from .names import is_layer_list
from .probe_calls import call
from .runtime import Site
from .statement_visitor import StatementVisitor, as_list
from .syntax import SIMPLE, method_called, walk
from .vocabulary import ARRAY_MUTATORS, ATTRIBUTES, COPY_METHODS, MUTATORS

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


class EditSites(StatementVisitor):
    """Puts probes around edits of lists that Keras returns, and around slots bound in functions.

    Slots get probes where ``slots`` is true; ``lists`` says that the cell has a word that an edit of a list has.

    Attributes:
        origins: For each statement that was returned, the index of the one it comes from.
    """

    def __init__(
        self,
        plan: CellPlan,
        body: list[ast.stmt],
        is_ruled_out: Callable[[ast.expr], bool],
        *,
        slots: bool,
        lists: bool,
    ) -> None:
        super().__init__(plan, body, copies=lists)
        self._ruled_out = is_ruled_out
        self._slots = slots
        self._lists = lists
        self.origins: list[int] = []
        self._index = -1

    def visit_statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """Instrument one top-level statement; returns it with the statements around it."""
        self._index += 1
        looked_at = self._lists or not isinstance(statement, SIMPLE)
        items = as_list(self.visit(statement)) if looked_at and _may_edit(statement) else [statement]
        self.origins += [self._index] * len(items)
        return items

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``x.layers[i] = ...`` and ``del x.layers[i]``."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load) and self._statement is not None:
            if self._edit_chain(node) is not None:
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
        if isinstance(function, ast.Attribute) and function.attr in MUTATORS | ARRAY_MUTATORS:
            site = self._edit_chain(function, behind=False)
            sites += [site] if site is not None else []
        self._held_copy(node)
        result = node
        for site in sites:
            result = call(runtime.DONE, site.number, node, result)
        return result

    def _held_copy(self, node: ast.Call) -> None:
        """``w = layer.get_weights()``: note whose copy the name holds."""
        statement = self._statement
        assert statement is not None
        names = () if self._function or self._inner else held_names(statement.node, node)
        if not names or not isinstance(node.func, ast.Attribute) or self._is_ruled_out(node.func):
            return
        if self._loops and not self._loop_copies.isdisjoint(names):
            return
        owner = node.func.value
        site = self._site(node, attribute=f"{node.func.attr}()", chain=ast.unparse(owner), names=names)
        node.func.value = call(runtime.OBJECT, site.number, owner, owner)
        statement.behind.append(site)

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

    def _edit_chain(self, parent: ast.Subscript | ast.Attribute, *, behind: bool = True) -> Site | None:
        """Wrap the list under ``parent`` if it is one that Keras returns."""
        holder, node = parent, parent.value
        while isinstance(node, ast.Subscript):  # get_config()["layers"][1]["config"]
            holder, node = node, node.value
        site = self._list_site(parent, node, nested=holder is not parent)
        if site is None:
            return None
        # For an alias there is no owner that could have armed the site.
        probe = runtime.LIST if site.attribute else runtime.ALIAS
        holder.value = call(probe, site.number, node, node)
        if behind and self._statement is not None:
            self._statement.behind.append(site)
        return site

    def _list_site(
        self, parent: ast.Subscript | ast.Attribute, node: ast.expr, *, nested: bool
    ) -> Site | None:
        """Return the site of an edit of what an expression reads, if that is a list that Keras returns."""
        site = None
        result = _is_result(node)
        if not result and self._is_ruled_out(getattr(node, "func", node)):
            return None
        if result and not nested:
            site = self._site(parent, chain=ast.unparse(node))
        elif isinstance(node, ast.NamedExpr) and is_layer_list(node.value):
            site = self._site(parent, chain=node.target.id)
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in ATTRIBUTES
            and not (nested and node.attr == "layers")
        ):
            site = self._site(parent, attribute=node.attr, chain=ast.unparse(node))
            node.value = call(runtime.OBJECT, site.number, node.value, node.value)
        elif (method := method_called(node)) is not None and method.attr in COPY_METHODS:
            site = self._site(parent, attribute=f"{method.attr}()", chain=ast.unparse(node))
            method.value = call(runtime.OBJECT, site.number, method.value, method.value)
        elif isinstance(node, ast.Name) and self._aliases and node.id in self._aliases[-1] and not nested:
            site = self._site(parent, attribute="", chain=node.id)
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


def _may_edit(statement: ast.stmt) -> bool:
    """Whether a statement shows anything that this file puts probes around; most show nothing."""
    has_slots = not isinstance(statement, SIMPLE)  # it may hold functions, in which slots are watched
    return any(_is_edit(node, has_slots) for node in walk(statement))


def _is_edit(node: ast.AST, has_slots: bool) -> bool:
    if isinstance(node, ast.Attribute):
        if node.attr in _WORDS or (node.attr in MUTATORS and isinstance(node.value, ast.Call)):
            return True
        return has_slots and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Subscript):
        return not isinstance(node.ctx, ast.Load) and (has_slots or isinstance(node.value, ast.Call))
    return isinstance(node, ast.Global)


def _only_reads(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in _READERS


def _is_result(node: ast.expr) -> bool:
    """Whether an expression is what a function returns that may return the list of a model."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not _only_reads(node.func)
