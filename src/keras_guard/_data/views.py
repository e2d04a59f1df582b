"""The three views of a model, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ViewRow:
    """One layer in the three views.

    Attributes:
        index: Its index in ``model.layers``, ``None`` for what is not in it.
        declared: What the user's code says: the class and arguments, or the layer an edit put there.
        graph: What runs when the model is called: the name, and the shapes of its weights.
        compiled: What each traced function holds of it.
        differs: Which of ``declared``, ``graph``, ``compiled`` disagree with the others.
        codes: Rules that have something to say about it.
    """

    index: int | None
    declared: str
    graph: str
    compiled: str
    differs: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelViews:
    """All views of one model.

    Attributes:
        name: The user's name for it.
        rows: Its layers.
        traced: The functions that exist: ``train``, ``test``, ``predict``.
        arguments: Compile arguments, in the same three views.
        notes: Divergences that belong to no single layer.
    """

    name: str
    rows: tuple[ViewRow, ...]
    traced: tuple[str, ...]
    arguments: tuple[ViewRow, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def agree(self) -> bool:
        """Whether no view differs anywhere."""
        return not self.notes and not any(row.differs for row in (*self.rows, *self.arguments))
