"""What a claim is, and what it may ask."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from .._adapter.model_use import Use
from .._adapter.traces import TraceBook
from .._data.edits import Edit
from .._data.events import HeldCopy
from .._data.place import Place
from .._data.types import Layer, Model
from .._instrument.code_ahead import Ahead

#: What throws every traced function of a model away, or makes a new one.
RETRACES = frozenset({"compile", "make_train_function", "make_test_function", "make_predict_function"})


class Desk(Protocol):
    """What claims ask of the session."""

    @property
    def traces(self) -> TraceBook:
        """The traces of all models."""

    @property
    def namespace(self) -> Mapping[str, Any]:
        """The user's names."""

    def models(self) -> list[Model]:
        """Return the models the user can reach, nested ones included."""

    def holders(self, layer: Layer) -> list[Model]:
        """Return the reachable models whose graph runs ``layer``, outermost first."""

    def is_reachable(self, value: object) -> bool:
        """Whether the user can still name ``value``."""

    def in_entry(self, model: Model) -> bool:
        """Whether ``model`` is in the middle of ``fit``, ``evaluate`` or ``predict``."""

    def is_midway(self, model: Model) -> bool:
        """Whether ``model`` has run a batch of ``fit`` that goes on: what changes now, a callback changes."""

    def names_of(self, value: object) -> list[str]:
        """Return all plain names, global and local to the running function, that hold ``value``."""

    def was_run(self, model: Model) -> bool:
        """Whether the user called, trained or evaluated a model, or predicted with it."""

    def compiles(self, model: Model) -> int:
        """Return how often ``compile`` of a model was seen to run."""

    def trained_when_compiled(self, model: Model) -> frozenset[int]:
        """Return the identities of the variables that were trainable when a model was compiled last."""

    def flag_number(self, layer: Layer) -> int:
        """Return which of all settings of ``trainable`` that were seen was the last one of a layer, 0 for none."""

    def code_in_turn(self) -> Ahead:
        """Return what the loops do in each turn that running code of the user's is in."""

    def is_lost_copy(self, copy: HeldCopy) -> bool:
        """Whether a name still holds a copy that Keras returned, and no code has read it since its edit."""


class Claim(ABC):
    """A divergence, as something that can be proved on the live objects.

    A claim keeps every object of the user's by a weak reference. What it asks of the session is
    given with each question.

    Attributes:
        certain: Whether the edit is lost already; otherwise it is when :meth:`opened_by` says so.
        needs_model: Whether it ends when the user cannot reach its model any more.
        shows_pending: Whether there is a card before it is certain.
        opens_with_trace: Whether it opens when a traced function is about to run, not when its entry method begins.
        quiet_after_use: Whether a pending card is needless in a cell that uses the model without a stale view.
        seen_as: What a use has done that :meth:`seen_by` tells of, in words.
        is_checked: Whether a check of its model lists it before its card is open.
        ends_with_use: Whether it speaks of the entry method that runs, and ends with it.
        cured_by: Methods that bring the views together when the code ahead calls them on the model.
    """

    needs_model: ClassVar[bool] = True
    shows_pending: bool = True
    #: Whether code of the user's uses what the edit made for itself.
    is_used: bool = False
    opens_with_trace: ClassVar[bool] = False
    quiet_after_use: ClassVar[bool] = False
    seen_as: str = ""
    ends_with_use: bool = False
    is_checked: bool = True

    def __init__(
        self, model: Model, *, certain: bool = False, cured_by: frozenset[str] = frozenset()
    ) -> None:
        self._model = weakref.ref(model)
        self.certain = certain
        self.cured_by = cured_by

    @property
    def model(self) -> Model:
        """The model, ``None`` when it is gone."""
        return self._model()

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells this claim from others about the same living objects; empty where nothing does."""
        return ()

    def models(self) -> list[Model]:
        """Return the living models that the code ahead may build or compile again."""
        model = self._model()
        return [] if model is None else [model]

    @abstractmethod
    def holds(self, desk: Desk) -> bool:
        """Whether the divergence is there now, proved on the live objects."""

    def passes_to(self, model: Model) -> bool:
        """Whether it is about the model now that took the name of its own, which is gone."""
        return False

    def is_stated(self, desk: Desk) -> bool:
        """Whether the user's code still states the fact that the model does not hold."""
        return True

    def note_names(self, used: frozenset[str], walked: frozenset[str]) -> None:
        """Note what code of the user's did with names since: those it used in calls, and those it went through."""
        return  # most claims are not about what a name holds

    def opened_by(self, use: Use, desk: Desk) -> bool:
        """Whether a use of the model runs the stale view."""
        return use.method != "compile"

    def seen_by(self, use: Use, desk: Desk) -> bool:
        """Whether a use shows that the edit was made for it: what it runs has the new value."""
        return False

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """Whether the code ahead may bring the views together again."""
        return self.is_rebuilt_ahead(ahead, desk)

    def is_rebuilt_ahead(self, ahead: Ahead, desk: Desk) -> bool:
        """Whether the code ahead binds a name of a model again, or calls what cures it on one."""
        names = [name for model in self.models() for name in desk.names_of(model)]
        return any(name in ahead.bound for name in names) or ahead.calls(names, self.cured_by)

    def edits(self) -> tuple[Edit, ...]:
        """Return the edits that a rebuild has to make, read from the objects that live."""
        return ()


def weak_all(items: Iterable[object]) -> tuple[weakref.ref[Any], ...]:
    """Return a weak reference to each item."""
    return tuple(map(weakref.ref, items))


def living(references: Sequence[weakref.ref[Any]]) -> list[Any]:
    """Return the objects that still live."""
    return [item for item in (reference() for reference in references) if item is not None]


def holds_still(place: Place | None, value: object, desk: Desk) -> bool:
    """Whether a place holds ``value`` still; ``True`` for a place that cannot be read, which is ``None``."""
    return place is None or place.read(desk.namespace) is value
