"""What a rule is, and what it may ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from .._adapter.traces import TraceBook
from .._data.diagnostic import Span
from .._data.events import Event
from .._data.place import Place
from .._instrument.names import Ahead
from .._ledger import Entry, Finding


class Desk(Protocol):
    """What a rule may ask of the session while it judges an event."""

    traces: TraceBook

    def models(self) -> list[Any]:
        """Return the models the user can reach, nested ones included."""

    def holders(self, layer: Any) -> list[Any]:
        """Return the reachable models whose graph runs ``layer``, outermost first."""

    def name_of(self, value: Any) -> str:
        """Return the user's name for an object, or the best other one."""

    def names_of(self, value: Any) -> list[str]:
        """Return all plain names, global and local to the running function, that hold ``value``."""

    def is_known(self, key: tuple[Any, ...]) -> bool:
        """Whether the ledger holds a live entry of this cause."""

    def entries_of(self, model: Any) -> list[Entry]:
        """Return the live entries that concern a model or what its graph runs."""

    def compiled_at(self, model: Any) -> int:
        """Return the number of the last edit before a model was compiled, -1 when that was not seen."""

    def edit_number(self) -> int:
        """Return the number of the last edit."""

    def is_reachable(self, value: Any) -> bool:
        """Whether the user can still name ``value``."""

    def value_at(self, place: Place) -> Any:
        """Return what a place holds now, or ``MISSING``."""

    def setting_at(self, place: Place) -> Any:
        """Return the plain value at a place, as traces hold it; ``MISSING`` for anything else."""

    def still_holds(self, place: Place | None, value: Any) -> bool:
        """Whether a place holds ``value`` still; ``True`` for a place that cannot be read later."""

    def built_in(self, model: Any) -> int | None:
        """Return the execution count of the cell that built a model."""

    def cell_binds(self, number: int, name: str) -> bool:
        """Whether the text of a cell binds a name itself."""

    def traced_models(self, part: Any) -> list[Any]:
        """Return the models with traced functions whose graph runs ``part``, and that the user can reach."""

    def owners_of_optimizer(self, optimizer: Any) -> list[Any]:
        """Return the reachable models that hold an optimizer."""

    def attribute_changed_since(self, target: Any, name: str, number: int) -> bool:
        """Whether an attribute differs now from what it was at edit ``number``."""

    def first_edit(self, target: Any, name: str) -> int:
        """Return the number of the first edit of an attribute that was seen, 0 for none."""

    def rebinds_ahead(self, ahead: Ahead, models: Sequence[Any]) -> bool:
        """Whether the code ahead binds a name of one of the models again."""

    def walks_over(self, name: str, span: Span) -> bool:
        """Whether the code from a place on, its loop included, walks over what a name holds."""

    def in_entry(self, model: Any) -> bool:
        """Whether ``model`` is in the middle of ``fit``, ``evaluate`` or ``predict``."""


@dataclass(frozen=True)
class Page:
    """The parts of a rule's page, also shown by ``%keras_guard explain``.

    Attributes:
        what: What the rule detects.
        why: Why it matters.
        example: Code that fires the rule once. Cells are parted by ``# ---`` lines.
        instead: Code that does what was meant and fires nothing.
        limits: What the rule does not see, or stays silent about on purpose.
    """

    what: str
    why: str
    example: str
    instead: str
    limits: str = ""


class Rule:
    """One rule: a code, a name, a page, and a judgement over events."""

    code: ClassVar[str]
    name: ClassVar[str]
    page: ClassVar[Page]
    #: Whether what the rule says was found true of Keras 2 (``tf_keras``) as well.
    keras_2: ClassVar[bool] = False

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """Yield what is wrong about an event, proved on the live objects."""
        raise NotImplementedError

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """Yield what the live objects alone show to be wrong, for edits nobody saw being made."""
        return iter(())
