"""The AST transformer: probes around the statements of a cell that can edit a model.

A cell without such a statement is returned unchanged. Values are wrapped and statements are added after others. The
chain of a target is never moved into a variable. Names and line numbers stay, the last expression stays the last, and
``from __future__`` stays first.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from . import runtime
from .cell_plan import CellPlan
from .edit_sites import EditSites
from .names import Touched, is_layer_list, touched_names
from .probe_calls import call_first, call_statement
from .runtime import Listener
from .syntax import FUNCTIONS, root_name, walk
from .vocabulary import LIST_WORDS, MUTATORS, RESULT_EDITS

#: Statements that evaluate their value before anything else.
_VALUED = (ast.Expr, ast.Assign, ast.AnnAssign)
_BLOCKS = (ast.For, ast.While, ast.With, ast.If, ast.Try)


class CellInstrumenter:
    """Instruments one cell.

    Args:
        listener, cell, line_offset, namespace, file: See :class:`CellPlan`.
        watched: Whether the object of a name is to be watched now.
        dull: Whether the object of a name has no layers now.
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
        self.plan = CellPlan(listener, cell, line_offset, {} if namespace is None else namespace, file)
        self._watched = watched
        self._dull = dull
        self._bound: set[str] = set()

    def instrument(
        self,
        tree: ast.Module,
        text: str,
        *,
        functions: bool,
        is_step: Callable[[ast.stmt], bool] = lambda statement: False,
    ) -> ast.Module:
        """Return the tree with probes, the same object if nothing was found.

        Args:
            tree: The cell's tree; changed in place where probes go in.
            text: The cell's text, to rule most cells out fast.
            functions: Whether slots bound inside functions are to be watched.
            is_step: Whether something is to be looked at behind a statement, whatever it binds.
        """
        if not tree.body:
            return tree  # comments only
        touched = [touched_names(statement, MUTATORS) for statement in tree.body]
        self._bound = set().union(*(item.bound for item in touched))
        self._choose_names(touched, tree.body)
        steps = self._steps(touched, [is_step(statement) for statement in tree.body])
        may_edit = bool(LIST_WORDS.search(text) or RESULT_EDITS.search(text))
        defines = any(isinstance(statement, (*FUNCTIONS, ast.ClassDef)) for statement in tree.body)
        if may_edit or (functions and defines):
            editor = EditSites(self.plan, tree.body, self.is_ruled_out, slots=functions, lists=may_edit)
            last = tree.body[-1]
            tree.body = [item for statement in tree.body for item in editor.visit_statement(statement)]
            if _binds_one_name(last):
                # IPython can show what the last statement binds: it has to stay the last one.
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
        made = _made_by_calls(
            [statement for statement, item in zip(body, touched, strict=True) if item.all & again], again
        )
        for name in counts:
            if self._watched(name) or (name in again and name in made):
                self.plan.names.add(name)

    def _steps(self, touched: list[Touched], ends: list[bool]) -> list[tuple[int, frozenset[str]]]:
        wanted = [(index, frozenset(item.all & self.plan.names)) for index, item in enumerate(touched)]
        return [(index, names) for index, names in wanted if names or ends[index]]

    def _insert_steps(self, tree: ast.Module, steps: list[tuple[int, frozenset[str]]]) -> None:
        # After the last statement the end of the cell is the step; no statement may follow the last one.
        for index, names in reversed(steps):
            if index + 1 < len(tree.body):
                statement, following = tree.body[index : index + 2]
                site = self.plan.make(statement, names=names)
                self.plan.passing.append(site)
                if isinstance(following, _VALUED) and following.value is not None:
                    # IPython compiles each statement by itself: one more would cost more than this.
                    following.value = call_first(runtime.STEP, site.number, statement, following.value)
                else:
                    tree.body.insert(index + 1, call_statement(runtime.STEP, site.number, statement))

    def is_ruled_out(self, node: ast.expr) -> bool:
        """Whether a name cannot hold a model while the top level of this cell runs."""
        return isinstance(node, ast.Name) and node.id not in self._bound and self._dull(node.id)


def _binds_one_name(statement: ast.stmt) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return len(targets) == 1 and isinstance(targets[0], ast.Name)


def _moved(steps: list[tuple[int, frozenset[str]]], origins: list[int]) -> list[tuple[int, frozenset[str]]]:
    """Change the indices to those of the last statement that comes from each, after the insertions."""
    last = {origin: index for index, origin in enumerate(origins)}
    return [(last[index], names) for index, names in steps]


def _made_by_calls(body: Iterable[ast.AST], names: set[str]) -> set[str]:
    """Return those of some names that statements bind (or slots of them) to results of calls or to lists of layers."""
    found: set[str] = set()
    for statement in body:
        for node in walk(statement) if isinstance(statement, _BLOCKS) else [statement]:
            if isinstance(node, ast.Assign):
                roots = {root_name(part) for target in node.targets for part in _parts(target)}
                wanted = names.intersection(roots) - found
                if wanted and _has_call(node.value):
                    found |= wanted
    return found


def _has_call(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call) or is_layer_list(node) for node in walk(value))


def _parts(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for element in target.elts for part in _parts(element)]
    return [target]
