"""What the session asks of the shell it drives; the shell adapter answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from .._data.diagnostic import Diagnostic
from .._data.edits import Edit
from .._data.picture import Picture
from .._data.types import Model
from .cell_text import CellFrame, CellText


@dataclass(frozen=True)
class Options:
    """What the user set.

    Attributes:
        enabled: Whether the guard watches at all.
        ignored: Rule codes and names of the user's that are ignored.
        strict: Whether a diagnostic that opens raises.
        norms_limit: Up to how many parameters of a model its norms are noted when ``fit`` begins.
    """

    enabled: bool = True
    ignored: frozenset[str] = frozenset()
    strict: bool = False
    norms_limit: int = 0


class ShellInterface(Protocol):
    """The shell as the session sees it."""

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's namespace."""

    @property
    def cell(self) -> CellText | None:
        """The cell that runs now, ``None`` between cells and in silent requests."""

    @property
    def is_seen(self) -> bool:
        """Whether somebody sees what is shown now."""

    def options_in_force(self) -> Options:
        """What the user set, the running cell's own settings included."""

    def frames(self) -> Iterator[CellFrame]:
        """Yield the frames of cells on the stack, innermost first."""

    def text_of(self, number: int | None) -> CellText | None:
        """Return an earlier cell by its number."""

    def text_of_file(self, file: str) -> CellText | None:
        """Return the text of a watched module."""

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show a diagnostic, or bring the shown one up to date."""

    def pictures(self, model: Model, edits: tuple[Edit, ...]) -> tuple[Picture, ...]:
        """Draw the neighbourhood of edits; nothing where that cannot be done."""

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        """Whether a comment on the lines asks to ignore a rule."""


__all__ = ["CellFrame", "CellText", "Options", "ShellInterface"]
