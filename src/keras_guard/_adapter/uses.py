"""How a model is used, as far as it decides whether a stale view runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .reads import SCORING_KINDS
from .traces import ENTRIES, TraceFacts, trainable_identity


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a model, told to the ledger before it happens.

    Attributes:
        model: The model.
        method: ``fit``, ``predict``, ``call``, ``summary``, ``save`` ...
        kind: ``train``, ``test``, ``predict`` when a traced function is about to run, else ``None``.
        serving: The facts of the traces that will run; empty when the code is traced anew.
        holders: Identities of the models in ``model``'s graph, itself included.
    """

    model: Any
    method: str
    kind: str | None = None
    serving: tuple[TraceFacts, ...] = ()
    holders: frozenset[int] = frozenset()

    @property
    def runs_trace(self) -> bool:
        """Whether a traced function replays."""
        return bool(self.serving)

    @property
    def trains(self) -> bool:
        """Whether it is an entry method that trains."""
        return ENTRIES.get(self.method) == "train"

    @property
    def scores(self) -> bool:
        """Whether it is an entry method that computes a loss: one that trains or evaluates."""
        return ENTRIES.get(self.method) in SCORING_KINDS

    def trained_otherwise(self) -> bool:
        """Whether a trace that serves updates other variables than are trainable now."""
        now = trainable_identity(self.model)
        return any(facts.trainable != now for facts in self.serving)

    def concerns(self, model: Any) -> bool:
        """Whether the use runs ``model``, alone or inside another."""
        return model is not None and id(model) in self.holders
