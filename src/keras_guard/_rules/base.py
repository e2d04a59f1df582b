"""What a rule is, and what it may ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from .. import _claims
from .._adapter.marks import Mark
from .._claims.base import Claim
from .._data.diagnostic import Span
from .._data.events import Event
from .._data.types import Model
from .._instrument.code_ahead import Ahead
from .._ledger import Entry, Finding, Wording


class Desk(_claims.base.Desk, Protocol):
    """What a rule may ask of the session while it judges an event."""

    def name_of(self, value: object) -> str:
        """Return the user's name for an object, or the best other one."""

    def entry(self, key: tuple[object, ...]) -> Entry | None:
        """Return the live entry of a cause."""

    def entries_of(self, model: Model) -> list[Entry]:
        """Return the live entries that concern a model or what its graph runs."""

    def built_in(self, model: Model) -> int | None:
        """Return the execution count of the cell that built a model."""

    def cell_binds(self, number: int, name: str) -> bool:
        """Whether the text of a cell binds a name itself."""

    def code_after(self, span: Span) -> Ahead:
        """Return what the code of a cell does from a span on, its loop included."""

    def traced_models(self, part: object) -> list[Model]:
        """Return the models with traced functions whose graph runs ``part``, and that the user can reach."""

    def first_mark(self, target: object, name: str) -> Mark:
        """Return what an attribute was before the first edit of it that was seen."""


@dataclass(frozen=True)
class Page:
    """The parts of a rule's page, also shown by ``%keras_guard explain``.

    Attributes:
        what: What the rule detects.
        why: Why it matters.
        example: Code that fires the rule once. Cells are separated by ``# ---`` lines.
        instead: Code that does what was meant and fires nothing.
        limits: What the rule does not see, or is silent about on purpose.
    """

    what: str
    why: str
    example: str
    instead: str
    limits: str = ""


class Rule:
    """One rule: a code, a name, a page, and a judgement over events. It matches, claims and words."""

    code: ClassVar[str]
    name: ClassVar[str]
    page: ClassVar[Page]
    #: Whether what the rule says was found true of Keras 2 (``tf_keras``) as well.
    keras_2: ClassVar[bool] = False

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """Yield what is wrong about an event, proved on the live objects."""
        raise NotImplementedError

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """Yield what the live objects alone show to be wrong, for edits that were not seen."""
        return iter(())

    def finding(
        self,
        claim: Claim,
        wording: Wording,
        span: Span,
        model_name: str,
        *,
        key: tuple[object, ...],
        models: tuple[str, ...] = (),
        part: object = None,
    ) -> Finding:
        """Return a finding of this rule.

        Args:
            claim: What is claimed of the live objects.
            wording: The words for it.
            span: Where the edit is.
            model_name: The user's name of the model that the words speak of.
            key: The cause, which the rule's code is added to.
            models: The user's names of all models concerned.
            part: Tells apart the objects that one cause touches.
        """
        return Finding(
            self.code, self.name, (self.code, *key), span, claim, wording, model_name, models, part
        )


def was_said(model: Model, desk: Desk, *codes: str) -> bool:
    """Whether something of these codes is pending or open of a model or of what it runs."""
    return any(entry.finding.code in codes for entry in desk.entries_of(model))
