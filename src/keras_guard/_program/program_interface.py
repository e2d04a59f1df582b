"""A program without cells as the session sees it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from .._data.diagnostic import Diagnostic
from .._data.edits import Edit
from .._data.picture import Picture
from .._data.types import Model
from .._session.shell_interface import CellFrame, CellText, Options
from .._shell.options import ignored_by_comment
from .._shell.warning import filtered_action


@dataclass(frozen=True)
class Wishes:
    """What a user of a program asks for.

    Attributes:
        ignored: Rule codes, rule names and names of models that are not reported.
        strict: Whether a card that opens raises.
        pictures: Whether a card has pictures of the layers.
    """

    ignored: frozenset[str] = field(default=frozenset())
    strict: bool = False
    pictures: bool = True


class ProgramInterface:
    """A program without cells (``ShellInterface``).

    Args:
        namespace: The names of its main module.
        wishes: What the user asks for.
        show: Called with each state of each diagnostic.

    Attributes:
        namespace: The names of its main module.
        cell: The script that runs; ``None`` where there are only modules.
        texts: The texts of modules that are instrumented, by their files.
        text_of_module: Returns the text of a module that an import hook instrumented.
    """

    is_seen = True

    def __init__(self, namespace: dict[str, Any], wishes: Wishes, show: Callable[[Diagnostic], None]) -> None:
        self.namespace = namespace
        self.cell: CellText | None = None
        self.texts: dict[str, CellText] = {}
        self.text_of_module: Callable[[str], CellText | None] = lambda _: None
        self._wishes = wishes
        self._show = show

    def options_in_force(self) -> Options:
        """See ``ShellInterface``."""
        strict = self._wishes.strict or filtered_action() == "error"
        return Options(ignored=self._wishes.ignored, strict=strict)

    def frames(self) -> Iterator[CellFrame]:
        """Yield the frames of this thread that run instrumented code, innermost first."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            text = self.text_of_file(frame.f_code.co_filename)
            if text is not None:
                top = text is self.cell and frame.f_code.co_name == "<module>"
                yield CellFrame(text, frame.f_lineno, None if top else frame.f_code.co_name, frame)
            frame = frame.f_back

    def text_of(self, number: int | None) -> CellText | None:
        """Return nothing: there are no cells with numbers."""
        return None

    def text_of_file(self, file: str) -> CellText | None:
        """Return the text of the script, or of a module that is instrumented."""
        return self.texts.get(file) or self.text_of_module(file)

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic, unless a filter on its category asks to ignore it."""
        if filtered_action() != "ignore":
            self._show(diagnostic)

    def pictures(self, model: Model, edits: tuple[Edit, ...]) -> tuple[Picture, ...]:
        """Draw the neighbourhood of edits."""
        if model is None or not edits or not self._wishes.pictures:
            return ()
        from .._rebuild.neighbourhood import pictures_of

        return pictures_of(model, edits)

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        """Whether a comment on the lines asks to ignore a rule."""
        return ignored_by_comment(text, code)
