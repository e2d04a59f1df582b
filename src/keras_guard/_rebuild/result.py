"""What a rebuild gives back."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from .._data.place import Place
from .._data.types import Namespace
from .dependents import Dependent
from .dryrun import execute
from .graph_edits import Intent
from .plan import ModelPlan
from .postcondition import check_model
from .refused import RebuildRefused
from .target import target


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    style: str
    target: Place | None
    limit: int | None
    fresh_optimizer: bool


@dataclass(frozen=True, eq=False)
class Rebuild:
    """Code that makes the model that was meant.

    Attributes:
        source: The complete text of a cell, ``compile`` included.
        target: The name, or other place, it assigns the model to.
        kept: Names of the layers that live on with their weights.
        fresh: Names of the layers that are new or recreated.
        notes: What the user should know besides the comments in the source.
        style: ``replay``, ``copy`` or ``source``.
        dry_run: What was proved before: ``"forward pass and loss"``, ``"forward pass"`` or
            ``"shapes only (...)"``.
        dependents: What goes on using the old model: models that call it or read its layers, and other
            places that hold it.
    """

    source: str
    target: str
    kept: tuple[str, ...]
    fresh: tuple[str, ...]
    notes: tuple[str, ...]
    style: str
    dry_run: str
    dependents: tuple[Dependent, ...]
    # The source reaches these through handles; they must live as long as the rebuild does.
    _held: tuple[Any, ...] = field(repr=False)
    _namespace: Namespace = field(repr=False)
    _plan: ModelPlan = field(repr=False)
    _intent: Intent = field(repr=False)
    _order: Order = field(repr=False)

    def run(self, namespace: MutableMapping[str, Any] | None = None) -> Any:
        """Run the source.

        Args:
            namespace: Where it runs, usually the user's globals; :attr:`target` is bound there.
                Without it, the names known to :func:`rebuild` are read and none is changed.

        Returns:
            The rebuilt model.

        Raises:
            RebuildRefused: When the new model is not the planned one; the name is bound as before then.
        """
        if namespace is None:
            namespace = dict(self._namespace)
        place = target(self.target)
        before = place.get(namespace)
        execute(self.source, namespace, "rebuild")
        made = place.get(namespace)
        try:
            check_model(made, self._plan)
        except RebuildRefused:
            place.assign(namespace, before)
            raise
        return made
