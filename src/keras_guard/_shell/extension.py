"""The extension in one shell: hooks on, hooks off, and the face the session sees.

Loading is light, because it happens at every kernel start: the session and the rules are
imported when Keras is, when a cell speaks of it, or when a magic asks. A cell's AST transformer
is registered for that cell alone, and only where the cell can matter: even a transformer that
does nothing costs a fifth of a trivial cell.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .._adapter import wake
from .._data.meant import Meant
from .._session.containment import Containment
from .cells import Cells, running_script

if TYPE_CHECKING:
    from .._data.diagnostic import Diagnostic
    from .._data.picture import Picture
    from .._session.session import Session
    from .._session.shell_face import CellFrame, CellText, Options
    from .display import Display
    from .front_end import FrontEnd
    from .options import CellSettings

_ATTRIBUTE = "_keras_guard_extension"
_EVENTS = ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell")

#: A cell with one of these words may import Keras or build a model.
_KERAS_WORDS = re.compile(r"\b(?:keras|tensorflow|tf_keras)\b")


class GuardTransformer(ast.NodeTransformer):
    """The AST transformer registered with IPython; never raises, so that IPython keeps it."""

    def __init__(self, extension: Extension) -> None:
        self._extension = extension

    def visit(self, node: ast.AST) -> ast.AST:
        """Instrument a cell's module, and nothing else."""
        if isinstance(node, ast.Module):
            self._extension.instrument(node)
        return node


class Extension:
    """keras_guard in one shell (``ShellFace`` for its session).

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Any) -> None:
        from .options import KerasGuard

        self._shell = shell
        self.containment = Containment()
        self.options = KerasGuard(parent=shell)
        self.cells = Cells(shell)
        self.cell_settings: CellSettings | None = None
        self._session: Session | None = None
        self._display: Display | None = None
        self._front_end: FrontEnd | None = None
        self._transformer = GuardTransformer(self)
        self._finder: wake.KerasImportFinder | None = None
        self._magics: Any = None
        self._woken_for: set[str] = set()
        self._transforming = False
        for name in (*_EVENTS, "instrument", "_wake"):
            setattr(self, name, self.containment.shield(getattr(self, name)))

    # Loading

    def load(self) -> None:
        """Register everything; Keras is not imported."""
        from .magics import register_magics

        for event in _EVENTS:
            self._shell.events.register(event, getattr(self, event))
        self._shell.configurables.append(self.options)
        self._finder = wake.listen(self._wake)
        self._magics = register_magics(self._shell, self)
        if any(name in sys.modules for name in wake.WAITED_FOR):
            self._wake()

    def unload(self) -> None:
        """Leave the shell as it was found."""
        self._stop_transforming()
        for event in _EVENTS:
            try:
                self._shell.events.unregister(event, getattr(self, event))
            except ValueError:
                continue
        _remove(self._shell.configurables, self.options)
        wake.stop(self._finder)
        self._magics.unregister()
        if self._front_end is not None:
            self._front_end.close()
        if self._session is not None:
            self._session.close()

    @property
    def session(self) -> Session:
        """What watches; made when it is first needed."""
        if self._session is None:
            from .._instrument import runtime
            from .._session.session import Session

            runtime.install()
            self._session = Session(self, self.containment)
        return self._session

    @property
    def display(self) -> Display:
        """What shows; made when it is first needed."""
        if self._display is None:
            from .display import Display

            self._display = Display(self._shell, self.options)
            self._tell_front_end(self._display)
        return self._display

    def _tell_front_end(self, display: Display) -> None:
        if display.is_kernel():
            from .front_end import FrontEnd

            self._front_end = FrontEnd(self)
            self.containment.shield(self._front_end.listen)(self._shell.kernel)
            display.listeners.append(self._front_end.hear_diagnostic)

    def _wake(self) -> None:
        from .support import not_said_yet

        self._woken_for.update(name for name in wake.WAITED_FOR if name in sys.modules)
        self.session.wake()
        lines = [f"keras_guard: {line}" for line in not_said_yet()]
        if lines:
            self.display.show_line("\n".join(lines))

    def _wake_if_unheard(self) -> None:
        """Wake for a Keras whose import was not heard: ipyflow and others put loaders of their own in our place."""
        for name in wake.WAITED_FOR:  # in every cell: a generator would take longer than the question
            if name in sys.modules and name not in self._woken_for:
                self._wake()
                return

    # Events of the shell

    def pre_run_cell(self, info: Any = None) -> None:
        """A cell is about to run."""
        self._wake_if_unheard()
        outermost = self.cells.begin(info)
        if outermost:
            self._stop_transforming()
            if self._session is not None:
                self._session.begin_cell()
        text = self.cells.raw if outermost else getattr(info, "raw_cell", "") or ""
        if self._may_matter(text):
            self._start_transforming()

    def pre_execute(self) -> None:
        """Something is about to run: a cell, which has its own event, or a script in IPython's language."""
        script = running_script()
        if script is None:
            return
        self.cells.begin_script(script)
        if self.cells.in_lone_script:
            self._stop_transforming()
            if self._session is not None:
                self._session.begin_cell()
        if self._may_matter(script.text):
            self._start_transforming()

    def post_execute(self) -> None:
        """Something has run; the end of a script that no cell has begun is the end of a cell."""
        script = running_script()
        if script is None:
            return
        error = None
        if self.cells.in_lone_script:
            self._stop_transforming()
            error = self._end_session_cell()
        self.cells.end_script()
        if error is not None:
            self._fail(script.result, error)

    def _may_matter(self, text: str) -> bool:
        if _KERAS_WORDS.search(text):
            return True
        session = self._session
        return session is not None and session.may_matter(text)

    def _start_transforming(self) -> None:
        transformers = self._shell.ast_transformers
        if not any(item is self._transformer for item in transformers):
            # First: what others make of a statement, such as calls in place of an assignment, says less.
            transformers.insert(0, self._transformer)
        self._transforming = True

    def _stop_transforming(self) -> None:
        if self._transforming:
            self._transforming = False
            _remove(self._shell.ast_transformers, self._transformer)

    def instrument(self, tree: ast.Module) -> None:
        """Instrument the tree of a cell in place."""
        cell = self.cells.current
        if cell is None:
            return  # a silent request
        from .._session.shell_face import CellText

        self.cells.note_code()
        text = self.cells.raw if cell.file is None else cell.source
        self.session.instrument(tree, CellText(cell.number, text, cell.cell_id, cell.offset, cell.file))

    def post_run_cell(self, result: Any = None) -> None:
        """A cell has ended."""
        if not self.cells.end():
            return
        self._wake_if_unheard()
        self._stop_transforming()
        error = self._end_session_cell() if self.cells.current is not None else None
        self.cell_settings = None
        self.cells.finish()
        if error is not None:
            self._fail(result, error)

    def _end_session_cell(self) -> Meant | None:
        """Let the session end the cell and show what is left; returns the error of strict mode."""
        try:
            if self._session is not None:
                self._session.end_cell()
        except Meant as error:
            return error
        finally:
            if self._display is not None:
                self._display.flush()
        return None

    def _fail(self, result: Any, error: Meant) -> None:
        """Make an error the cell's own: what an event's callback raises is printed, and the run goes on."""
        if not getattr(result, "success", False):
            return  # it has failed already, and the card is shown
        result.error_in_exec = error
        self._shell.last_execution_succeeded = False
        self._shell.showtraceback((type(error), error, None))

    # ShellFace

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's namespace."""
        names: dict[str, Any] = self._shell.user_ns
        return names

    @property
    def cell(self) -> CellText | None:
        """The cell that runs now."""
        return self.cells.current

    @property
    def is_seen(self) -> bool:
        """Whether somebody sees what is shown now: between cells of a kernel nobody does, a terminal is always seen."""
        return self.cells.current is not None or not self.display.is_kernel()

    def options_in_force(self) -> Options:
        """Return the options in force."""
        from .._session.shell_face import Options
        from .display import filtered_action
        from .options import frozen

        found = frozen(self.options, self.cell_settings)
        if filtered_action() == "error":
            return Options(found.enabled, found.ignored, strict=True)
        return found

    def frames(self) -> Iterator[CellFrame]:
        """Yield the frames of cells on the stack."""
        return self.cells.frames(self.text_of_file)

    def text_of(self, number: int | None) -> CellText | None:
        """Return an earlier cell by its number."""
        return self.cells.by_number(number)

    def text_of_file(self, file: str) -> CellText | None:
        """Return the text of a watched module, or of a script."""
        return self.cells.by_script(file) or self.session.packages.text_of(file)

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic."""
        self.display.show(diagnostic, update=update)

    def pictures(self, model: Any, edits: tuple[Any, ...]) -> tuple[Picture, ...]:
        """Draw the neighbourhood of edits; nothing where that cannot be done."""
        if model is None or not edits or not self.options.picture:
            return ()
        from .._rebuild.neighbourhood import pictures_of

        return self.containment.shield(pictures_of)(model, edits) or ()

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        """Whether a comment on the lines asks to ignore a rule."""
        from .options import ignored_by_comment

        return ignored_by_comment(text, code)


def _remove(items: list[Any], item: Any) -> None:
    for index, found in enumerate(items):
        if found is item:
            del items[index]
            return


def current(shell: Any) -> Extension | None:
    """Return the extension loaded in a shell, if there is one."""
    return getattr(shell, _ATTRIBUTE, None)


def load(shell: Any) -> Extension:
    """Load keras_guard into a shell; loading twice changes nothing."""
    extension = current(shell)
    if extension is None:
        extension = Extension(shell)
        extension.load()
        setattr(shell, _ATTRIBUTE, extension)
    return extension


def unload(shell: Any) -> None:
    """Take keras_guard out of a shell; without effect where it is not loaded."""
    extension = current(shell)
    if extension is not None:
        extension.unload()
        delattr(shell, _ATTRIBUTE)
