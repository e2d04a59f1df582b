"""The sites of one cell."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import runtime
from .runtime import Listener, Site


@dataclass
class CellPlan:
    """What was found in a cell.

    Attributes:
        names: Names whose objects the session has to look at before the cell runs.
        sites: The instrumented places.
        passing: Those of them that run only in this cell: outside functions, lambdas and classes.
    """

    names: set[str] = field(default_factory=set)
    sites: list[Site] = field(default_factory=list)
    passing: list[Site] = field(default_factory=list)


@dataclass(frozen=True)
class Around:
    """What is around a site.

    Attributes:
        function: The name of the function.
        flag: The flag of the statement, in a function or a loop.
    """

    function: str | None = None
    flag: int | None = None


class SiteMaker:
    """Makes the sites of one cell.

    Args:
        listener: The object that the probes call.
        cell: Execution count of the cell.
        line_offset: Lines of the user's cell above the code (1 under a cell magic).
        namespace: The user's names.
        file: For a module instead of a cell, the file it was read from.

    Attributes:
        plan: What was found in the cell so far.
    """

    def __init__(
        self,
        listener: Listener,
        cell: int | None,
        line_offset: int,
        namespace: Mapping[str, object],
        file: str | None,
    ) -> None:
        self._listener = listener
        self._cell = cell
        self._offset = line_offset
        self._namespace = namespace
        self._file = file
        self.plan = CellPlan()

    def make(
        self,
        statement: ast.stmt,
        node: ast.AST | None = None,
        *,
        attribute: str = "",
        names: Iterable[str] = (),
        chain: str = "",
        passed: bool = False,
        around: Around | None = None,
    ) -> Site:
        """Make and register the site of a statement, or of a part of it; the rest is described by :class:`Site`."""
        node = node or statement
        around = around or Around()
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
            names=frozenset(names),
            function=around.function,
            chain=chain,
            passed=passed,
            namespace=self._namespace,
            file=self._file,
            flag=around.flag,
        )
        runtime.register(site)
        self.plan.sites.append(site)
        return site
