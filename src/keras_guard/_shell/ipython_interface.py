"""An IPython shell as the session sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .._session.containment import Containment
from .cells import Cells
from .options import Settings

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell as Shell

    from .._data.diagnostic import Diagnostic
    from .._data.edits import Edit
    from .._data.picture import Picture
    from .._session.shell_interface import CellFrame, CellText, Options
    from .display import Display


class IPythonInterface:
    """One IPython shell (``ShellInterface``).

    Args:
        shell: The IPython shell.
        cells: Which cell runs.
        settings: The settings.
        display: Returns what shows.
        text_of_module: Returns the text of a watched module by its file.
        containment: Counts faults.
    """

    def __init__(
        self,
        shell: Shell,
        cells: Cells,
        settings: Settings,
        display: Callable[[], Display],
        text_of_module: Callable[[str], CellText | None],
        containment: Containment,
    ) -> None:
        self._shell = shell
        self._cells = cells
        self._settings = settings
        self._display = display
        self._text_of_module = text_of_module
        self._containment = containment

    @property
    def namespace(self) -> dict[str, object]:
        """The user's namespace."""
        names: dict[str, object] = self._shell.user_ns
        return names

    @property
    def cell(self) -> CellText | None:
        """The cell that runs now."""
        return self._cells.current

    @property
    def is_seen(self) -> bool:
        """Whether a user sees what is shown now: not between the cells of a kernel, always in a terminal."""
        return self._cells.current is not None or not self._display().is_kernel()

    def options_in_force(self) -> Options:
        """Return the options in force."""
        return self._settings.in_force()

    def frames(self) -> Iterator[CellFrame]:
        """Yield the frames of cells on the stack."""
        return self._cells.frames(self.text_of_file)

    def text_of(self, number: int | None) -> CellText | None:
        """Return an earlier cell by its number."""
        return self._cells.by_number(number)

    def text_of_file(self, file: str) -> CellText | None:
        """Return the text of a watched module, or of a script."""
        return self._cells.by_script(file) or self._text_of_module(file)

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic."""
        self._display().show(diagnostic, update=update)

    def pictures(self, model: object, edits: tuple[Edit, ...]) -> tuple[Picture, ...]:
        """Draw the neighbourhood of edits; nothing where that cannot be done."""
        if model is None or not edits or not self._settings.options.picture:
            return ()
        from .._rebuild.neighbourhood import pictures_of

        return self._containment.try_to(pictures_of, model, edits) or ()

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        """Whether a comment on the lines asks to ignore a rule."""
        from .options import ignored_by_comment

        return ignored_by_comment(text, code)
