"""A claim about the state of a model and of some of its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType

from .._adapter.bytecode_reads import codes_in
from .._adapter.model_use import Use
from .._data.edits import Edit, Replace
from .._data.types import Model
from .._instrument.code_ahead import Ahead
from .base import Claim, Desk, living, weak_all


@dataclass(frozen=True)
class Terms:
    """When a claim opens, what it waits for and what cures it.

    Attributes:
        certain: See :class:`Claim`.
        cured_by: See :class:`Claim`.
        shows_pending: See :class:`Claim`.
        opened_by: Called with the use, the desk, the model and the values; a function of a module.
        seen_by: Called like ``opened_by``: whether a use runs what the edit made.
        read_ahead: Whether to wait while the code ahead reads a name of the model.
        names_ahead: Names of other objects to wait for while the code ahead reads them.
        called_ahead: Names of functions whose call further down, also by a function of the user's, may bring the views
            together.
        written_ahead: Names of attributes whose assignment further down may do so.
        ends_with_use: See :class:`Claim`.
        replaces: The pair of parts, by index, that a rebuild has to exchange.
        asks: Another edit that a rebuild has to make; it holds no object of the user's.
    """

    certain: bool = False
    cured_by: frozenset[str] = frozenset()
    shows_pending: bool = True
    opened_by: Callable[..., bool] | None = None
    seen_by: Callable[..., bool] | None = None
    read_ahead: bool = False
    names_ahead: frozenset[str] = frozenset()
    called_ahead: frozenset[str] = frozenset()
    written_ahead: frozenset[str] = frozenset()
    ends_with_use: bool = False
    replaces: tuple[int, int] | None = None
    asks: Edit | None = None


CERTAIN = Terms(certain=True)


class StateClaim(Claim):
    """Something is true of a model and of some parts, which a function reads from the living objects.

    Args:
        model: The model.
        proof: Called with the desk, the model, the parts and the values; a function of a module, which
            keeps nothing alive. It is not called when the model or a part is gone: nothing holds then.
        parts: Objects of the user's.
        values: What else the proof needs; no objects of the user's.
        terms: When it opens, and what cures it.
    """

    seen_as = "a use ran the model with the edit"

    def __init__(
        self,
        model: Model,
        proof: Callable[..., bool],
        parts: Sequence[object] = (),
        values: Sequence[object] = (),
        terms: Terms = CERTAIN,
    ) -> None:
        super().__init__(model, certain=terms.certain, cured_by=terms.cured_by)
        self._proof = proof
        self._parts = weak_all(parts)
        self._values = tuple(values)
        self._terms = terms
        self.shows_pending = terms.shows_pending
        self.ends_with_use = terms.ends_with_use

    def holds(self, desk: Desk) -> bool:
        """See :class:`Claim`."""
        model, parts = self.model, living(self._parts)
        if model is None or len(parts) < len(self._parts):
            return False
        return self._proof(desk, model, *parts, *self._values)

    def opened_by(self, use: Use, desk: Desk) -> bool:
        """See :class:`Claim`."""
        if self._terms.opened_by is None:
            return super().opened_by(use, desk)
        return self._terms.opened_by(use, desk, self.model, *self._values)

    def seen_by(self, use: Use, desk: Desk) -> bool:
        """See :class:`Claim`."""
        seen = self._terms.seen_by
        return seen is not None and bool(seen(use, desk, self.model, *self._values))

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """See :class:`Claim`."""
        terms = self._terms
        if terms.names_ahead & ahead.read or terms.written_ahead & ahead.written:
            return True
        if terms.called_ahead and terms.called_ahead & _called_by(ahead, desk):
            return True
        if self._terms.read_ahead and any(
            name in ahead.read for m in self.models() for name in desk.names_of(m)
        ):
            return True
        return super().waits(ahead, desk)

    def edits(self) -> tuple[Edit, ...]:
        """See :class:`Claim`."""
        if self._terms.replaces is None:
            return () if self._terms.asks is None else (self._terms.asks,)
        old, new = (self._parts[index]() for index in self._terms.replaces)
        return () if old is None or new is None else (Replace(old, new),)


def _called_by(ahead: Ahead, desk: Desk) -> frozenset[str]:
    """Return the names that code calls, with those in the functions of the user's that it calls."""
    found = set(ahead.called)
    for name in ahead.called:
        function = desk.namespace.get(name)
        if type(function) is FunctionType:
            found.update(name for code in codes_in(function.__code__) for name in code.co_names)
    return frozenset(found)
