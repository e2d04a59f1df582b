"""What a rule reports: one diagnostic, ready for any renderer."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .picture import Picture

#: Version of the JSON schema of a diagnostic.
SCHEMA = 1

#: MIME type under which a diagnostic travels to front ends.
MIME_TYPE = "application/vnd.keras-guard.v1+json"


class State(str, Enum):
    """Where a diagnostic is in its life."""

    PENDING = "pending"
    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Span:
    """A place in a cell as the user sees it. Lines and columns are 1-based, ends are inclusive of text.

    Attributes:
        execution_count: The number shown as ``In [n]``; ``None`` when the place is unknown.
        cell_id: The front end's id of the cell, where it sends one.
        line: First line.
        end_line: Last line.
        column: First column on ``line``.
        end_column: Column after the last character on ``end_line``.
        text: The source lines from ``line`` to ``end_line``.
        function: Name of the function around the place, or ``None`` at the top level.
        file: For a watched module instead of a cell, its file.
    """

    execution_count: int | None = None
    cell_id: str | None = None
    line: int | None = None
    end_line: int | None = None
    column: int | None = None
    end_column: int | None = None
    text: tuple[str, ...] = ()
    function: str | None = None
    file: str | None = None

    @property
    def known(self) -> bool:
        """Whether the span points at a line."""
        return self.line is not None

    def label(self) -> str:
        """Name the place in words, such as ``Cell In[7], line 2``."""
        if self.file is not None:
            return f"{os.path.basename(self.file)}, line {self.line}"
        if self.execution_count is None:
            return "code outside the notebook's cells"
        if self.line is None:
            return f"Cell In[{self.execution_count}]"
        return f"Cell In[{self.execution_count}], line {self.line}"


@dataclass(frozen=True)
class LayerFacts:
    """What a card says of one layer.

    Attributes:
        name: The layer's name.
        cls: The layer's class name.
        brief: The arguments that matter (``units=64, activation='relu'``).
        shape: Output shape, where known.
        params: Number of parameters; ``None`` for a layer that was never built.
        settings: The arguments of ``brief``, one by one.
    """

    name: str
    cls: str
    brief: str = ""
    shape: tuple[int | None, ...] | None = None
    params: int | None = None
    settings: tuple[str, ...] = ()

    def title(self) -> str:
        """Name the layer for a sentence: ``Dense "head" (units=10)``."""
        extra = f" ({self.brief})" if self.brief else ""
        return f'{self.cls} "{self.name}"{extra}'


@dataclass(frozen=True)
class DiffRow:
    """One line of the before/after table: ``mark`` is ``" "``, ``"-"`` or ``"+"``."""

    mark: str
    layer: LayerFacts
    index: int | None = None


@dataclass(frozen=True)
class Cure:
    """Code that brings the views together again, for a button of a front end.

    Attributes:
        label: The words of the button, such as ``Compile again``.
        code: The cell to insert.
        run: Whether the button may run the cell at once; ``False`` for code that the user has to complete.
    """

    label: str
    code: str
    run: bool = True


@dataclass(frozen=True)
class Diagnostic:
    """One divergence, as the user gets to see it.

    Attributes:
        id: Stays the same through all states.
        code: Rule code, such as ``KG101``.
        rule: Rule name, such as ``layer-list``.
        state: pending, open or resolved.
        model: The user's name for the model.
        models: Names of all models concerned.
        span: Where the edit is.
        message: What is true now, one line, without the remedy.
        label: The fact at the marked place, shown under the caret.
        notes: Why, and what happened where.
        help: The remedy, imperative.
        graph_layer: The layer the model still holds.
        new_layer: The layer the edit meant.
        rebuild: Whether ``%keras_guard rebuild`` can write the cure.
        diff: Layers concerned, before and after.
        resolution: What resolved it, once resolved.
        pictures: The neighbourhood of the edit, before and after, a model each.
        happened: Which uses ran the stale view, in words; kept when the diagnostic is resolved.
        cures: Code for buttons beside the rebuild.
    """

    id: str
    code: str
    rule: str
    state: State
    model: str
    span: Span
    message: str
    label: str = ""
    models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    help: str = ""
    graph_layer: LayerFacts | None = None
    new_layer: LayerFacts | None = None
    rebuild: bool = False
    diff: tuple[DiffRow, ...] = field(default=())
    resolution: str | None = None
    pictures: tuple[Picture, ...] = ()
    happened: str = ""
    cures: tuple[Cure, ...] = ()

    def moved(self, state: State, **changes: Any) -> Diagnostic:
        """Return the same diagnostic in another state."""
        return replace(self, state=state, **changes)
