"""The sites of one cell."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import runtime
from .runtime import Listener, Site


@dataclass
class CellPlan:
    """What was found in a cell; makes its sites.

    Attributes:
        listener: The object that the probes call.
        cell: Execution count of the cell.
        line_offset: Lines of the user's cell above the code (1 under a cell magic).
        namespace: The user's names.
        file: For a module instead of a cell, the file it was read from.
        names: Names whose objects the session has to look at before the cell runs.
        passing: The sites that run only in this cell: outside functions, lambdas and classes.
    """

    listener: Listener
    cell: int | None
    line_offset: int
    namespace: Mapping[str, object]
    file: str | None
    names: set[str] = field(default_factory=set)
    passing: list[Site] = field(default_factory=list)

    def make(
        self, statement: ast.stmt, node: ast.AST | None = None, *, names: Iterable[str] = (), **details: Any
    ) -> Site:
        """Make and register the site of a statement, or of a part of it; the rest is described by :class:`Site`."""
        node = node or statement
        one_line = getattr(node, "lineno", 0) == getattr(node, "end_lineno", -1) == statement.lineno
        part = node if one_line else statement
        site = Site(
            number=runtime.new_number(),
            listener=self.listener,
            cell=self.cell,
            line=statement.lineno + self.line_offset,
            end_line=(statement.end_lineno or statement.lineno) + self.line_offset,
            column=getattr(part, "col_offset", 0),
            end_column=getattr(part, "end_col_offset", None) or 0,
            names=frozenset(names),
            namespace=self.namespace,
            file=self.file,
            **details,
        )
        runtime.register(site)
        return site
