"""The AST transformer, registered for the cells that can matter.

It is registered for one cell at a time: a transformer that does nothing still costs a fifth of a trivial cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, MutableSequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell


class GuardTransformer(ast.NodeTransformer):
    """The AST transformer of one shell; never raises, so that IPython keeps it.

    Args:
        shell: The IPython shell.
        instrument: Instruments the tree of a cell in place; raises nothing.
    """

    def __init__(self, shell: Shell, instrument: Callable[[ast.Module], object]) -> None:
        self._shell = shell
        self._instrument = instrument
        self._registered = False

    def start(self) -> None:
        """Register with IPython for the next cell."""
        transformers = self._shell.ast_transformers
        if not any(item is self for item in transformers):
            # First: other transformers may replace a statement, such as an assignment by calls.
            transformers.insert(0, self)
        self._registered = True

    def stop(self) -> None:
        """Unregister."""
        if self._registered:
            self._registered = False
            remove(self._shell.ast_transformers, self)

    def stop_early(self) -> None:
        """Unregister while the transformers run, if there is no other one.

        IPython completes the lines of the whole tree when there is a transformer after they ran. The probes have
        lines already.
        """
        if len(self._shell.ast_transformers) == 1:
            self.stop()

    def visit(self, node: ast.AST) -> ast.AST:
        """Instrument a cell's module, and nothing else."""
        if isinstance(node, ast.Module):
            self._instrument(node)
        return node


def remove(items: MutableSequence[Any], item: object) -> None:
    """Remove an item from a list, by identity."""
    for index, found in enumerate(items):
        if found is item:
            del items[index]
            return
