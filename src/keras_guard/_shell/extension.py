"""Loading and unloading in one IPython shell, and the shell's answers to the session."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from .._adapter import wake
from .._data.diagnostic import Diagnostic
from .._instrument import runtime
from .._session.session import Session
from .._session.shell_face import CellFrame, CellText, Options
from .cells import Cells
from .display import Display, filtered_action
from .options import CellSettings, KerasGuard, frozen, ignored_by_comment

_ATTRIBUTE = "_keras_guard_extension"


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
        self._shell = shell
        self.options = KerasGuard(parent=shell)
        self.cells = Cells(shell)
        self.display = Display(shell, self.options)
        self.session = Session(self)
        self.cell_settings: CellSettings | None = None
        self._transformer = GuardTransformer(self)
        self._finder: wake.KerasImportFinder | None = None
        self._magics: Any = None

    # Loading

    def load(self) -> None:
        """Register everything; Keras is not imported."""
        from .magics import register_magics

        runtime.install()
        self._shell.ast_transformers.append(self._transformer)
        self._shell.events.register("pre_run_cell", self.pre_run_cell)
        self._shell.events.register("post_run_cell", self.post_run_cell)
        self._shell.configurables.append(self.options)
        self._finder = wake.listen(self.session.wake)
        self._magics = register_magics(self._shell, self)
        self.session.wake()

    def unload(self) -> None:
        """Leave the shell as it was found."""
        _remove(self._shell.ast_transformers, self._transformer)
        for event, callback in (("pre_run_cell", self.pre_run_cell), ("post_run_cell", self.post_run_cell)):
            try:
                self._shell.events.unregister(event, callback)
            except ValueError:
                continue
        _remove(self._shell.configurables, self.options)
        wake.stop(self._finder)
        self._magics.unregister()
        self.session.close()
        runtime.forget(self.session)

    # Events of the shell

    def pre_run_cell(self, info: Any = None) -> None:
        """A cell is about to run."""
        if self.cells.begin(info):
            self.session.begin_cell()

    def instrument(self, tree: ast.Module) -> None:
        """Instrument the tree of a cell in place."""
        cell = self.cells.current
        if cell is None:
            return  # a silent request
        try:
            self.cells.note_code()
            raw = self.cells.raw
            self.session.instrument(tree, CellText(cell.number, raw, cell.cell_id, cell.offset))
        except Exception as error:
            self.session.containment.note(error)

    def post_run_cell(self, result: Any = None) -> None:
        """A cell has ended."""
        if not self.cells.end():
            return
        if self.cells.current is not None:
            self.session.end_cell()
            self.display.flush()
        self.cell_settings = None
        self.cells.finish()

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

    def options_in_force(self) -> Options:
        """Return the options in force."""
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
        """Return the text of a watched module."""
        return self.session.packages.text_of(file)

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic."""
        self.display.show(diagnostic, update=update)

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        """Whether a comment on the lines asks to ignore a rule."""
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
