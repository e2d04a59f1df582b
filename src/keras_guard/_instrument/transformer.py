"""The AST transformer: probes around the statements of a cell that can edit a model.

A cell without such a statement goes back untouched. Values are wrapped and statements added
behind; a target's chain is never moved into a variable, names and line numbers stay, a last
expression stays last, and ``from __future__`` stays first.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from . import runtime
from .names import Touched, is_layer_list, root_name, touched_names
from .runtime import Listener, Site
from .vocabulary import ATTRIBUTES, COPY_METHODS, LIST_WORDS, MUTATORS

_NO_NAMES: frozenset[str] = frozenset()
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (ast.For, ast.While, ast.With, ast.If, ast.Try)
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


@dataclass
class CellPlan:
    """What was found in a cell.

    Attributes:
        names: Names whose objects the session has to look at before the cell runs.
        sites: The instrumented places.
        passing: Those of them that run in this cell and never again: outside functions, lambdas and classes.
    """

    names: set[str] = field(default_factory=set)
    sites: list[Site] = field(default_factory=list)
    passing: list[Site] = field(default_factory=list)


class CellInstrumenter:
    """Instruments one cell.

    Args:
        listener: Who hears the probes.
        cell: Execution count of the cell.
        watched: Says of a name whether its object is one to watch now.
        dull: Says of a name whether it holds something that has no layers of its own now.
        line_offset: Lines of the user's cell above the code (1 under a cell magic).
        namespace: The user's names, which globals bound in functions are.
        file: For a module instead of a cell, the file it was read from.
    """

    def __init__(
        self,
        listener: Listener,
        cell: int | None,
        watched: Callable[[str], bool],
        line_offset: int = 0,
        *,
        dull: Callable[[str], bool] = lambda name: False,
        namespace: Mapping[str, object] | None = None,
        file: str | None = None,
    ) -> None:
        self._listener = listener
        self._cell = cell
        self._watched = watched
        self._offset = line_offset
        self._file = file
        self._dull = dull
        self._namespace: Mapping[str, object] = {} if namespace is None else namespace
        self._bound: set[str] = set()
        self.plan = CellPlan()

    def instrument(self, tree: ast.Module, text: str, *, functions: bool) -> ast.Module:
        """Return the tree with probes, the same object if nothing was found.

        Args:
            tree: The cell's tree; changed in place where probes go in.
            text: The cell's text, to rule most cells out fast.
            functions: Whether slots bound inside functions are to be watched.
        """
        if not tree.body:
            return tree  # comments only
        touched = [touched_names(statement, MUTATORS) for statement in tree.body]
        self._bound = set().union(*(item.bound for item in touched))
        self._choose_names(touched, tree.body)
        steps = self._steps(touched)
        if LIST_WORDS.search(text) or (functions and _defines_functions(tree.body)):
            editor = _EditSites(self, functions=functions)
            last = tree.body[-1]
            tree.body = [item for statement in tree.body for item in editor.visit_statement(statement)]
            if _binds_one_name(last):
                # IPython may be asked to show what the last statement binds: it has to stay the last one.
                del tree.body[next(i for i, item in enumerate(tree.body) if item is last) + 1 :]
            steps = _moved(steps, editor.origins)
        if steps:
            self._insert_steps(tree, steps)
        return tree

    def _choose_names(self, touched: list[Touched], body: list[ast.stmt]) -> None:
        counts: dict[str, int] = {}
        for item in touched:
            for name in item.all:
                counts[name] = counts.get(name, 0) + 1
        again = {name for name, count in counts.items() if count > 1}
        made = _made_by_calls(body) if again else set()
        for name in counts:
            if self._watched(name) or (name in again and name in made):
                self.plan.names.add(name)

    def _steps(self, touched: list[Touched]) -> list[tuple[int, frozenset[str]]]:
        wanted = [(index, frozenset(item.all & self.plan.names)) for index, item in enumerate(touched)]
        return [(index, names) for index, names in wanted if names]

    def _insert_steps(self, tree: ast.Module, steps: list[tuple[int, frozenset[str]]]) -> None:
        # Behind the last statement the end of the cell itself is the step; nothing may follow it there.
        for index, names in reversed(steps):
            if index + 1 < len(tree.body):
                statement = tree.body[index]
                site = self.site(statement, names=names)
                self.plan.passing.append(site)
                tree.body.insert(index + 1, _call_statement(runtime.STEP, site.number, statement))

    def is_ruled_out(self, node: ast.expr) -> bool:
        """Whether a name cannot hold a model while the top level of this cell runs."""
        return isinstance(node, ast.Name) and node.id not in self._bound and self._dull(node.id)

    def site(
        self,
        statement: ast.stmt,
        node: ast.AST | None = None,
        *,
        attribute: str = "",
        names: Iterable[str] = (),
        function: str | None = None,
        chain: str = "",
        passed: bool = False,
    ) -> Site:
        """Make and register the site of a statement."""
        node = node or statement
        one_line = getattr(node, "lineno", 0) == getattr(node, "end_lineno", -1) == statement.lineno
        part = node if one_line else statement
        site = Site(
            number=runtime.new_number(),
            listener=self._listener,
            cell=self._cell,
            line=statement.lineno + self._offset,
            end_line=(statement.end_lineno or statement.lineno) + self._offset,
            column=getattr(part, "col_offset", 0),
            end_column=getattr(part, "end_col_offset", None) or 0,
            attribute=attribute,
            names=frozenset(names) or _NO_NAMES,
            function=function,
            chain=chain,
            passed=passed,
            namespace=self._namespace,
            file=self._file,
        )
        runtime.register(site)
        self.plan.sites.append(site)
        return site


def _binds_one_name(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return len(targets) == 1 and isinstance(targets[0], ast.Name)


def _moved(steps: list[tuple[int, frozenset[str]]], origins: list[int]) -> list[tuple[int, frozenset[str]]]:
    """Bring indices from before the insertions to the last statement that came of each."""
    last = {origin: index for index, origin in enumerate(origins)}
    return [(last[index], names) for index, names in steps]


def _defines_functions(body: list[ast.stmt]) -> bool:
    return any(isinstance(statement, (*_FUNCTIONS, ast.ClassDef)) for statement in body)


def _made_by_calls(body: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind (or slots of them) to results of calls or to lists of layers."""
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement) if isinstance(statement, _BLOCKS) else [statement]:
            if isinstance(node, ast.Assign) and _has_call(node.value):
                roots = {root_name(part) for target in node.targets for part in _parts(target)}
                found |= {name for name in roots if name is not None}
    return found


def _has_call(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) or is_layer_list(node) for node in ast.walk(value))


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for element in target.elts for part in _parts(element)]
    return [target]


def _call(name: str, number: str, like: ast.AST, *values: ast.expr) -> ast.Call:
    call = ast.Call(ast.Name(name, ast.Load()), [ast.Constant(number), *values], [])
    for node in (call, call.func, call.args[0]):
        ast.copy_location(node, like)
    return call


def _call_statement(name: str, number: str, like: ast.stmt) -> ast.stmt:
    statement = ast.Expr(_call(name, number, like))
    ast.copy_location(statement, like)
    for node in ast.walk(statement):
        # One line and no width: a traceback never has to show a probe's place.
        node.end_lineno = node.lineno = like.lineno  # type: ignore[attr-defined]
    return statement


def _if_any(flags: str, statement: ast.stmt) -> ast.stmt:
    """Return a statement that runs only while some site or name is in a list: a test costs a tenth of a call."""
    guarded = ast.If(ast.Name(flags, ast.Load()), [statement], [])
    for node in (guarded, guarded.test):
        ast.copy_location(node, statement)
    return guarded


def _call_if_armed(name: str, number: str, value: ast.expr) -> ast.expr:
    choice = ast.IfExp(
        ast.Name(runtime.ARMED, ast.Load()), _call(name, number, value, copy.deepcopy(value)), value
    )
    for node in (choice, choice.test):
        ast.copy_location(node, value)
    return choice


class _EditSites(ast.NodeTransformer):
    """Puts probes around edits of lists that Keras hands out and around slots bound in functions."""

    def __init__(self, cell: CellInstrumenter, *, functions: bool) -> None:
        self._cell = cell
        self._slots = functions
        self._function: list[str] = []
        self._statement: ast.stmt | None = None
        self._globals: list[set[str]] = []
        self._aliases: list[set[str]] = []
        self._behind: list[Site] = []
        self._values: list[Site] = []
        self._inner = 0
        self.origins: list[int] = []
        self._index = -1

    def visit_statement(self, statement: ast.stmt) -> list[ast.stmt]:
        """Instrument one top-level statement; returns it with what goes behind it."""
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
            self._look_on_entry(node, frozenset(names))
        self._function.pop()
        return node

    def _look_on_entry(self, node: ast.FunctionDef | ast.AsyncFunctionDef, names: frozenset[str]) -> None:
        """Have a function look at its globals when it is entered."""
        first = 1 if ast.get_docstring(node, clean=False) is not None else 0
        statement = next((s for s in node.body[first:] if not isinstance(s, ast.Global)), None)
        if statement is None:
            return
        site = self._cell.site(statement, names=names, function=node.name)
        node.body.insert(first, _call_statement(runtime.ENTER, site.number, statement))

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
        """Keep track of the innermost statement, and put what belongs behind it there."""
        if not isinstance(node, ast.stmt):
            return super().generic_visit(node)
        outer, self._statement = self._statement, node
        outer_behind, self._behind = self._behind, []
        outer_values, self._values = self._values, []
        before = self._global_sites(node)
        result = super().generic_visit(node)
        for site in self._values:
            assert isinstance(node, (ast.Assign, ast.AnnAssign))
            assert node.value is not None
            node.value = _call(_value_probe(node), site.number, node.value, node.value)
        self._values = outer_values
        behind, self._behind = self._behind, outer_behind
        self._statement = outer
        if not behind and not before:
            return result
        items: list[ast.AST] = []
        items += [_if_any(runtime.LIVE, _call_statement(runtime.BEFORE, s.number, node)) for s in before]
        items.append(result)
        items += [_if_any(runtime.ARMED, _call_statement(runtime.DONE, s.number, node)) for s in behind]
        items += [self._look_behind(node, s) for s in before]
        return items  # type: ignore[return-value]

    @staticmethod
    def _look_behind(node: ast.stmt, site: Site) -> ast.stmt:
        """Return the probe behind a global's binding: only where that can bring in more than a number or text."""
        probe = _call_statement(runtime.AFTER, site.number, node)
        stays = isinstance(node, ast.AugAssign) or isinstance(
            getattr(node, "value", None), _NUMBERS_AND_TEXTS
        )
        return _if_any(runtime.LIVE, probe) if stays else probe

    def _global_sites(self, node: ast.stmt) -> list[Site]:
        if (
            not self._globals
            or not self._globals[-1]
            or not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
        ):
            return []
        names = touched_names(node, MUTATORS).all & self._globals[-1]
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
        site = self._cell.site(
            self._statement,
            node,
            attribute=attribute,
            names=names,
            function=function,
            chain=chain,
            passed=passed,
        )
        if not self._function and not self._inner:
            self._cell.plan.passing.append(site)
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
            result = _call(runtime.DONE, site.number, node, result)
        return result

    def _passed_lists(self, node: ast.Call) -> list[Site]:
        """``cut(x.layers)``: what is called may edit the list. Returns what is to be looked at behind the call."""
        if isinstance(self._statement, ast.Return) or _only_reads(node.func):
            return []
        sites = []
        for index, value in enumerate(node.args):
            if is_layer_list(value):
                assert isinstance(value, ast.Attribute)
                if self._is_ruled_out(value.value):
                    continue
                site = self._site(node, attribute=value.attr, chain=ast.unparse(value), passed=True)
                value.value = _call(runtime.OBJECT, site.number, value.value, value.value)
                node.args[index] = _call(runtime.LIST, site.number, value, value)
                sites.append(site)
        if isinstance(self._statement, ast.Expr):
            return sites
        # What the call returns may have been made of the list: look once it is bound.
        self._behind += sites
        return []

    def _edit_chain(
        self, parent: ast.Subscript | ast.Attribute, where: str, *, behind: bool = True
    ) -> Site | None:
        """Wrap the list under ``parent`` if it is one that Keras hands out."""
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
            node.value = _call(runtime.OBJECT, site.number, node.value, node.value)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in COPY_METHODS
        ):
            site = self._site(parent, attribute=f"{node.func.attr}()", chain=ast.unparse(node))
            node.func.value = _call(runtime.OBJECT, site.number, node.func.value, node.func.value)
        elif isinstance(node, ast.Name) and self._aliases and node.id in self._aliases[-1] and not nested:
            site = self._site(parent, attribute="", chain=node.id)
        if site is None:
            return None
        # An alias stands for itself; elsewhere the list's owner has armed the site.
        probe = runtime.LIST if site.attribute else runtime.ALIAS
        setattr(holder, where, _call(probe, site.number, node, node))
        if behind:
            self._behind.append(site)
        return site

    def _is_ruled_out(self, node: ast.expr) -> bool:
        """Whether an attribute's owner, or the owner itself, is known before the cell runs to hold no layers."""
        if self._function or self._inner:
            return False  # runs later, or with names of its own
        owner = node.value if isinstance(node, ast.Attribute) else node
        return self._cell.is_ruled_out(owner)

    def _slot(self, node: ast.Subscript | ast.Attribute, attribute: str) -> None:
        """Watch one slot: the value arms the site where it is a layer, and only then the slot is looked at."""
        statement = self._statement
        if not self._slots or not self._function or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return
        if statement.value is None or isinstance(statement.value, _PLAIN_VALUES):
            return
        site = self._site(node, attribute=attribute, chain=ast.unparse(node))
        node.value = _call_if_armed(runtime.SLOT, site.number, node.value)
        self._values.append(site)
        self._behind.append(site)


def _value_probe(node: ast.Assign | ast.AnnAssign) -> str:
    targets = node.targets if isinstance(node, ast.Assign) else []
    unpacked = any(isinstance(target, (ast.Tuple, ast.List)) for target in targets)
    return runtime.VALUES if unpacked else runtime.VALUE


def _only_reads(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id in _READERS


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
