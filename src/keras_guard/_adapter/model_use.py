"""How a model is used, as far as it decides whether a stale view runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._data.types import Model
from .attribute_reads import SCORING_KINDS
from .trace_facts import TraceFacts
from .traces import ENTRIES


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a model, told to the ledger before it happens.

    Attributes:
        model: The model.
        method: ``fit``, ``predict``, ``call``, ``summary``, ``save`` ...
        kind: ``train``, ``test``, ``predict`` when a traced function is about to run, else ``None``.
        serving: The facts of the traces that will run; empty when the code is traced again.
        again: Whether the same call was told before, when the entry method began.
        made: The facts of the trace that the use has made; it is told once more then, after the trace has run.
        holders: Identities of the models in ``model``'s graph, itself included.
    """

    model: Model
    method: str
    kind: str | None = None
    serving: tuple[TraceFacts, ...] = ()
    holders: frozenset[int] = frozenset()
    again: bool = False
    made: TraceFacts | None = None

    def of_models(self, holders: frozenset[int]) -> Use:
        """Return the use with the models in its graph."""
        return replace(self, holders=holders)

    @property
    def runs(self) -> bool:
        """Whether it runs the model: an entry method or a call."""
        return self.method in (*ENTRIES, "call")

    @property
    def trains(self) -> bool:
        """Whether it is an entry method that trains."""
        return ENTRIES.get(self.method) == "train"

    @property
    def scores(self) -> bool:
        """Whether it is an entry method that computes a loss: one that trains or evaluates."""
        return ENTRIES.get(self.method) in SCORING_KINDS

    def concerns(self, model: Model) -> bool:
        """Whether the use runs ``model``, alone or inside another."""
        return model is not None and id(model) in self.holders
