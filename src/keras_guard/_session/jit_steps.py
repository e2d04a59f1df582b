"""Steps of the user's own that ``jax.jit`` compiled: what they traced, and when they run it again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .._adapter.jitted import is_jitted, jitted_call, may_be_jitted, programs_of
from .._data.identity import IdentityMap
from .._instrument.syntax import FUNCTIONS, walk
from .desk import Desk
from .function_uses import FunctionUses
from .shell_interface import ShellInterface

_END = 10**9
#: A definition or a statement with this in it may make such a function.
_MAKER = "jit"


class JitSteps:
    """Looks, behind each statement that calls such a function, whether it was traced or ran an older trace.

    A call runs no Python code that a hook could be in, so a stale one is found when its statement has ended.

    Args:
        shell: The shell.
        desk: What is known of models.
        uses: Hears of traced functions that are called.
    """

    def __init__(self, shell: ShellInterface, desk: Desk, uses: FunctionUses) -> None:
        self._shell = shell
        self._desk = desk
        self._uses = uses
        #: How many programs each function was seen to keep.
        self._known: IdentityMap[int] = IdentityMap()
        self._names: frozenset[str] = frozenset()
        self._ended = 0

    def read_cell(self, body: list[ast.stmt]) -> None:
        """A cell is about to run: note the names by which it may call such functions."""
        self._names, self._ended = frozenset(), 0
        if may_be_jitted():
            names = {node.id for top in body for node in walk(top) if isinstance(node, ast.Name)}
            self._names = frozenset(self._calling(names)) | frozenset(_made_in(body))

    def may_call(self, words: set[str]) -> bool:
        """Whether code of these words may call one of them."""
        return may_be_jitted() and any(self._calling(words))

    def _calling(self, names: set[str]) -> Iterator[str]:
        """Yield the names of such functions, and of the functions of the user's that call one."""
        for name in names:
            reached = {name} | self._desk.read_by_function(name)
            if any(is_jitted(self._desk.namespace.get(item)) for item in reached):
                yield name

    def may_run_in(self, statement: ast.stmt) -> bool:
        """Whether a statement may call one of them."""
        if not self._names or isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            return False
        return any(isinstance(node, ast.Name) and node.id in self._names for node in walk(statement))

    @property
    def is_busy(self) -> bool:
        """Whether the running cell may call one of them."""
        return bool(self._names)

    def statement_ended(self, last: int = _END) -> None:
        """A statement has ended, or the cell: look at what was called since the one before.

        Args:
            last: Its last line.
        """
        cell, first = self._shell.cell, self._ended + 1
        self._ended = last
        if cell is None or not self._names:
            return
        for name in self._desk.names_used(cell.source, first, last):
            function = self._desk.namespace.get(name)
            if is_jitted(function):
                self._called(function)

    def _called(self, function: object) -> None:
        programs, known = programs_of(function), self._known.get(function, 0)
        self._known[function] = programs
        call = jitted_call(function, programs)
        if programs == known:
            self._uses.runs(function, call)
        else:
            self._uses.made_trace(function, call)


def _made_in(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that a cell binds to what ``jax.jit`` returns, as far as its words tell."""
    for statement in body:
        if isinstance(statement, FUNCTIONS):
            if any(_MAKER in ast.unparse(item) for item in statement.decorator_list):
                yield statement.name
        elif isinstance(statement, ast.Assign) and _MAKER in ast.unparse(statement.value):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
