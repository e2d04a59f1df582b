"""What a run found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .._render.as_json import CardJson


class RunError(Exception):
    """Something cannot be run here; the text says what to do."""


@dataclass(frozen=True)
class Location:
    """Where an edit is. Lines and columns are 1-based; ``None`` for what is not known.

    Attributes:
        path: The notebook, script or module.
        cell: For a notebook, the position of the cell among all of its cells, from 1.
        line: The line in the cell, or in the file where there are no cells.
        column: The column.
        end_line: The last line.
        end_column: The column after the last character.
        file_line: The line in the file: for a notebook, in its JSON text.
        file_end_line: The last line in the file.
    """

    path: str
    cell: int | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    file_line: int | None = None
    file_end_line: int | None = None

    def __str__(self) -> str:
        parts = [self.path]
        if self.cell is not None:
            parts.append(f"cell {self.cell}")
        if self.line is not None:
            parts += [str(self.line), str(self.column or 1)]
        return ":".join(parts)


@dataclass(frozen=True)
class Found:
    """A card in the state in which the run left it.

    Attributes:
        card: The card as data.
        text: The card as text.
        location: Where the edit is.
    """

    card: CardJson
    text: str
    location: Location

    @property
    def is_open(self) -> bool:
        """Whether the edit was lost, and still is."""
        return self.card["state"] == "open"


@dataclass
class Outcome:
    """The run of one notebook or script.

    Attributes:
        path: The file, as it was given.
        kind: ``notebook`` or ``script``.
        seconds: How long it took.
        found: The cards, in the order in which they were shown first.
        error: What ended the run, with its traceback; empty for a run that came to its end.
        error_line: The last line of that.
    """

    path: str
    kind: str
    seconds: float = 0.0
    found: list[Found] = field(default_factory=list)
    error: str = ""
    error_line: str = ""

    @property
    def failed(self) -> bool:
        """Whether the run did not come to its end for another reason than strict mode."""
        return bool(self.error) and not self.error_line.startswith(_STRICT)

    @property
    def open(self) -> list[Found]:
        """The cards that are open."""
        return [found for found in self.found if found.is_open]


#: How the error of strict mode begins, in a traceback and as nbclient names it.
_STRICT = ("KerasGuardError", "keras_guard._session.entry_states.KerasGuardError")


def exit_status(outcomes: Iterable[Outcome]) -> int:
    """Return 2 if a run failed, 1 if a card is open, else 0."""
    status = 0
    for outcome in outcomes:
        if outcome.failed:
            return 2
        status |= bool(outcome.open)
    return int(status)
