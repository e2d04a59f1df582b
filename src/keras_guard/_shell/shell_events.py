"""What the guard does at the events of the shell: where cells begin and end."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._data.meant import Meant
from .._session.containment import Containment, shielded
from .cells import Cells, running_script
from .interrupts import Interrupts
from .lazy import Lazy
from .options import Settings
from .transforming import GuardTransformer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo as CellInfo
    from IPython.core.interactiveshell import ExecutionResult
    from IPython.core.interactiveshell import InteractiveShell as Shell

    from .._session.session import Session
    from .display import Display

#: A cell with one of these words may import Keras or build a model.
_KERAS_WORDS = re.compile(r"\b(?:keras|tensorflow|tf_keras)\b")


class ShellEvents:
    """Tells the session where cells begin and end, and has cells instrumented.

    Args:
        shell: The IPython shell.
        cells: Which cell runs.
        settings: The settings; those of the cell end with it.
        session: The session, made for the first cell that can matter.
        display: The display, flushed at the end of a cell.
        wake_if_unheard: Wakes the guard for a Keras whose import was not heard.
        containment: Counts faults.
    """

    def __init__(
        self,
        shell: Shell,
        cells: Cells,
        settings: Settings,
        session: Lazy[Session],
        display: Lazy[Display],
        wake_if_unheard: Callable[[], None],
        containment: Containment,
    ) -> None:
        self.containment = containment
        self._shell = shell
        self._cells = cells
        self._settings = settings
        self._session = session
        self._display = display
        self._wake_if_unheard = wake_if_unheard
        self._transformer = GuardTransformer(shell, self._instrument_or_interrupt)
        self._interrupts = Interrupts(shell)
        # One function for each event: an event forgets a function only when given the same one.
        self._handlers: dict[str, Callable[..., object]] = {
            "pre_execute": self._interrupts.deferred(self.pre_execute, self._start_for_interrupt),
            "pre_run_cell": self._interrupts.deferred(self.pre_run_cell, self._start_for_interrupt),
            "post_execute": self._interrupts.deferred(self.post_execute, lambda *_: None),
            "post_run_cell": self._interrupts.deferred(self.post_run_cell, self._fail_interrupted),
        }

    def register(self) -> None:
        """Register with the shell."""
        self._interrupts.start()
        for event, handler in self._handlers.items():
            self._shell.events.register(event, handler)

    def unregister(self) -> None:
        """Remove everything from the shell."""
        self._transformer.stop()
        self._interrupts.stop()
        for event, handler in self._handlers.items():
            try:
                self._shell.events.unregister(event, handler)
            except ValueError:
                continue

    @shielded
    def pre_run_cell(self, info: CellInfo | None = None) -> None:
        """A cell is about to run."""
        self._wake_if_unheard()
        outermost = self._cells.begin(info)
        if outermost:
            self.containment.begin_outermost()
            self._begin_session_cell()
        text = self._cells.raw if outermost else getattr(info, "raw_cell", "") or ""
        if self._may_matter(text):
            self._transformer.start()

    @shielded
    def pre_execute(self) -> None:
        """Something is about to run: a cell, which has its own event, or a script in IPython's language."""
        script = running_script()
        if script is None:
            return
        self._cells.begin_script(script)
        if self._cells.in_lone_script:
            self._begin_session_cell()
        if self._may_matter(script.text):
            self._transformer.start()

    def _begin_session_cell(self) -> None:
        self._transformer.stop()
        if self._session.made is not None:
            self._session.made.begin_cell()

    @shielded
    def post_execute(self) -> None:
        """Something has run; the end of a script that no cell has begun is the end of a cell."""
        script = running_script()
        if script is None:
            return
        error = None
        if self._cells.in_lone_script:
            self._transformer.stop()
            error = self._end_session_cell()
        self._cells.end_script()
        if error is not None:
            self._fail(script.result, error)

    @shielded
    def post_run_cell(self, result: ExecutionResult | None = None) -> None:
        """A cell has ended."""
        if not self._cells.end():
            return
        self._wake_if_unheard()
        self._transformer.stop()
        error = self._end_session_cell() if self._cells.current is not None else None
        self._settings.cell = None
        self._cells.finish()
        if error is not None:
            self._fail(result, error)

    def _may_matter(self, text: str) -> bool:
        if _KERAS_WORDS.search(text):
            return True
        session = self._session.made
        return session is not None and bool(session.may_matter(text))

    @shielded
    def _instrument_or_interrupt(self, tree: ast.Module) -> None:
        """Instrument the tree of a cell; after an interrupt of the guard, the cell raises it in place of running."""
        if not self._interrupts.pending:
            try:
                self._instrument(tree)
            except KeyboardInterrupt:
                self._interrupts.pending = True
        self._interrupts.put_into(tree)

    def _start_for_interrupt(self, *_: object) -> None:
        self._interrupts.pending = True
        self._transformer.start()

    def _fail_interrupted(self, result: ExecutionResult | None = None) -> None:
        """End a cell whose end an interrupt hit."""
        self._transformer.stop()
        self._settings.cell = None
        self._cells.finish()
        self._fail(result, KeyboardInterrupt())

    def _instrument(self, tree: ast.Module) -> None:
        """Instrument the tree of a cell in place."""
        cell = self._cells.current
        if cell is None:
            return  # a silent request
        from .._session.shell_interface import CellText

        is_plain = self._cells.note_code()
        text = self._cells.raw if cell.file is None else cell.source
        self._session().instrument(tree, CellText(cell.number, text, cell.cell_id, cell.offset, cell.file))
        if is_plain:
            self._transformer.stop_early()

    def _end_session_cell(self) -> Meant | None:
        """Let the session end the cell and show what is left; returns the error of strict mode."""
        try:
            if self._session.made is not None:
                self._session.made.end_cell()
        except Meant as error:
            return error
        finally:
            if self._display.made is not None:
                self._display.made.flush()
        return None

    def _fail(self, result: ExecutionResult | None, error: BaseException) -> None:
        """Make an error the cell's own: IPython only prints what an event's callback raises."""
        if not getattr(result, "success", False):
            return  # it has failed already, and the card is shown
        assert result is not None
        result.error_in_exec = error
        self._shell.last_execution_succeeded = False
        self._shell.showtraceback((type(error), error, None))
