"""Probes around the edits of lists and the binding of slots."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from . import runtime
from .cell_plan import SiteMaker
from .loop_edits import layers_bound_in_loop
from .names import is_layer_list, touched_names
from .probe_calls import call, call_if_armed, call_statement, if_any
from .runtime import Site
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
_NUMBERS_AND_TEXTS = (ast.Constant, ast.Compare, ast.JoinedStr)
_PLAIN_VALUES = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr, ast.BoolOp)


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
        self._statement: ast.stmt | None = None
        self._globals: list[set[str]] = []
        self._aliases: list[set[str]] = []
        self._behind: list[Site] = []
        self._values: list[Site] = []
        self._inner = 0
        self._bound_in_loops: set[int] = set()
        self.origins: list[int] = []
        self._index = -1

    def visit_statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """Instrument one top-level statement; returns it with the statements around it."""
        self._index += 1
        result = self.visit(statement)
        items = result if isinstance(result, list) else [result]
        self.origins += [self._index] * len(items)
        return items

    # Functions

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self._function.append(node.name)
        names = [n for item in ast.walk(node) if isinstance(item, ast.Global) for n in item.names]
        self._globals.append(set(names))
        self._aliases.append(_list_aliases(node))
        node.body = [item for statement in node.body for item in _as_list(self.visit(statement))]
        self._aliases.pop()
        if self._globals.pop():
            _look_on_entry(node, frozenset(names), self._maker)
        self._function.pop()
        return node

    visit_FunctionDef = _visit_function
    visit_AsyncFunctionDef = _visit_function

    def _visit_inner(self, node: ast.AST) -> ast.AST:
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

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Keep track of the innermost statement, and add probes before and after it."""
        if not isinstance(node, ast.stmt):
            return super().generic_visit(node)
        outer, self._statement = self._statement, node
        outer_behind, self._behind = self._behind, []
        outer_values, self._values = self._values, []
        before = self._global_sites(node)
        first = self._loop_site(node)
        result = super().generic_visit(node)
        for site in self._values:
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            assert node.value is not None
            node.value = call(_value_probe(node), site.number, node.value, node.value)
        self._values = outer_values
        behind, self._behind = self._behind, outer_behind
        self._statement = outer
        if not behind and not before:
            return result
        items: list[ast.AST] = [first] if first is not None else []
        items += [if_any(runtime.LIVE, call_statement(runtime.BEFORE, s.number, node)) for s in before]
        items.append(result)
        items += [if_any(runtime.ARMED, call_statement(runtime.DONE, s.number, node)) for s in behind]
        items += [_look_behind(node, s) for s in before]
        return items  # type: ignore[return-value]

    def _loop_site(self, node: ast.stmt) -> ast.stmt | None:
        """Watch the binding of a loop's name to a new layer; returns the statement that looks at the old one."""
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self._bound_in_loops.update(map(id, layers_bound_in_loop(node)))
        if id(node) not in self._bound_in_loops or not isinstance(node, ast.Assign):
            return None
        name = node.targets[0]
        assert isinstance(name, ast.Name)
        site = self._site(node, attribute=LOOP, chain=name.id)
        node.value = call(runtime.LIST, site.number, node.value, node.value)
        self._behind.append(site)
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
        function = self._function[-1] if self._function else None
        site = self._maker.make(
            self._statement,
            node,
            attribute=attribute,
            names=names,
            function=function,
            chain=chain,
            passed=passed,
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
        if isinstance(self._statement, ast.Return) or _only_reads(node.func):
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
        if isinstance(self._statement, ast.Expr):
            return sites
        # The result of the call may be made of the list: look after it is bound.
        self._behind += sites
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
        elif _copies(node):
            assert isinstance(node, ast.Call)
            assert isinstance(node.func, ast.Attribute)
            site = self._site(parent, attribute=f"{node.func.attr}()", chain=ast.unparse(node))
            node.func.value = call(runtime.OBJECT, site.number, node.func.value, node.func.value)
        elif isinstance(node, ast.Name) and self._aliases and node.id in self._aliases[-1] and not nested:
            site = self._site(parent, attribute="", chain=node.id)
        if site is None:
            return None
        # For an alias there is no owner that could have armed the site.
        probe = runtime.LIST if site.attribute else runtime.ALIAS
        setattr(holder, where, call(probe, site.number, node, node))
        if behind:
            self._behind.append(site)
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
        if not self._slots or not self._function or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return
        if statement.value is None or isinstance(statement.value, _PLAIN_VALUES):
            return
        site = self._site(node, attribute=attribute, chain=ast.unparse(node))
        node.value = call_if_armed(runtime.SLOT, site.number, node.value)
        self._values.append(site)
        self._behind.append(site)


def _look_on_entry(
    node: ast.FunctionDef | ast.AsyncFunctionDef, names: frozenset[str], maker: SiteMaker
) -> None:
    """Make a function look at its globals when it is entered."""
    first = 1 if ast.get_docstring(node, clean=False) is not None else 0
    statement = next((s for s in node.body[first:] if not isinstance(s, ast.Global)), None)
    if statement is None:
        return
    site = maker.make(statement, names=names, function=node.name)
    node.body.insert(first, call_statement(runtime.ENTER, site.number, statement))


def _look_behind(node: ast.stmt, site: Site) -> ast.stmt:
    """Return the probe after the binding of a global; behind a test if it can bind only numbers and texts."""
    probe = call_statement(runtime.AFTER, site.number, node)
    stays = isinstance(node, ast.AugAssign) or isinstance(getattr(node, "value", None), _NUMBERS_AND_TEXTS)
    return if_any(runtime.LIVE, probe) if stays else probe


def _value_probe(node: ast.Assign | ast.AnnAssign) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else []
    unpacked = any(isinstance(target, (ast.Tuple, ast.List)) for target in targets)
    return runtime.VALUES if unpacked else runtime.VALUE


def _only_reads(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in _READERS


def _is_result(node: ast.expr) -> bool:
    """Whether an expression is what a function returns that may return the list of a model."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not _only_reads(node.func)


def _copies(node: ast.expr) -> bool:
    """Whether an expression calls a method that returns a new container at each call."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in COPY_METHODS
    )


def _list_aliases(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the local names that a function gives to a list of layers."""
    found = set()
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr in ATTRIBUTES
        ):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _as_list(result: object) -> list[ast.stmt]:
    return result if isinstance(result, list) else [result]  # type: ignore[list-item]
