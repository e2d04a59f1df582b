"""A claim about a place that was bound again while a model goes on with what it held."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .._adapter.keras_types import is_layer
from .._adapter.model_use import Use
from .._data.edits import Edit, Replace
from .._data.events import ClassRedefined, Rebound
from .._data.types import Model
from .._instrument.code_ahead import Ahead
from .base import Claim, Desk, holds_still, living, weak_all


def _serves_nothing(new: object, desk: Desk, models: Sequence[Model]) -> bool:
    return False


@dataclass(frozen=True)
class Keeping:
    """How a model keeps what a place held, by functions of a module.

    Attributes:
        keeps: Called with a model and the old object: whether the model goes on with it.
        is_in_use: Called with the new object, the desk and the models: whether it has a life of its own by now.
        opened_by: Called with a use: whether it runs what the model keeps.
        used_by_name: Whether code that calls the new object, or passes it to a call, uses it for itself.
        used_in_functions: Whether a new function that applies the new object uses it for itself, before it runs.
        cured_by: Methods that make a model take the new object when the code ahead calls them on it.
        serves: Called with the new object, the desk and the models: whether what uses it only serves the training of one
            of the models, such as the data that a new generator makes for a GAN that trains the old one.
    """

    keeps: Callable[[Any, Any], bool]
    is_in_use: Callable[[Any, Desk, Sequence[Any]], bool]
    opened_by: Callable[[Use], bool]
    cured_by: frozenset[str] = frozenset()
    used_by_name: bool = False
    used_in_functions: bool = False
    serves: Callable[[Any, Desk, Sequence[Any]], bool] = _serves_nothing


class PlaceClaim(Claim):
    """A place holds a new object; a model goes on with the old one, and nothing uses the new one.

    Args:
        event: The binding.
        model: The model.
        models: All models that go on with the old object.
        keeping: How they keep it.
        names: The names of the notebook when it was bound.

    Attributes:
        names_then: These names: a function of one of them that is defined again is an old one.
    """

    def __init__(
        self,
        event: Rebound | ClassRedefined,
        model: Model,
        models: Sequence[Model],
        keeping: Keeping,
        names: Iterable[str],
    ) -> None:
        super().__init__(model, cured_by=keeping.cured_by)
        self._models = weak_all(models)
        self._root = event.where.root
        self._place = None if event.is_local else event.where
        self._old, self._new = weakref.ref(event.old), weakref.ref(event.new)
        self._keeping = keeping
        self._serves = False
        self.names_then = frozenset(names)

    def note_names(self, used: frozenset[str], walked: frozenset[str]) -> None:
        """See :class:`Claim`."""
        if self._keeping.used_by_name and self._place is not None and self._root in used:
            self.is_used = True

    @property
    def applied_name(self) -> str | None:
        """The global that functions may apply the new object by; ``None`` where that does not count."""
        is_global = self._place is not None and not self._place.steps
        return self._root if is_global and self._keeping.used_in_functions else None

    @property
    def identity(self) -> tuple[object, ...]:
        """See :class:`Claim`."""
        return id(self.model), id(self._old()), id(self._new())

    @property
    def bound(self) -> tuple[Any, Any]:
        """The old object and the new one, ``None`` for one that is gone."""
        return self._old(), self._new()

    def models(self) -> list[Model]:
        """See :class:`Claim`."""
        return living(self._models)

    def holds(self, desk: Desk) -> bool:
        """See :class:`Claim`."""
        model, old, new = self.model, self._old(), self._new()
        if (
            self.is_used
            or model is None
            or old is None
            or new is None
            or not holds_still(self._place, new, desk)
        ):
            return False
        if not desk.is_reachable(model) or not self._keeping.keeps(model, old):
            return False
        models = self.models()
        if not self._keeping.is_in_use(new, desk, models):
            return True
        # The loop is over when its cell ends; what it has shown is not.
        self._serves |= self._keeping.serves(new, desk, models)
        return self._serves

    def is_stated(self, desk: Desk) -> bool:
        """See :class:`Claim`."""
        new = self._new()
        return new is not None and holds_still(self._place, new, desk)

    def opened_by(self, use: Use, desk: Desk) -> bool:
        """See :class:`Claim`."""
        return self._keeping.opened_by(use)

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """See :class:`Claim`."""
        return self._root in ahead.read or self._root in ahead.bound or self.is_rebuilt_ahead(ahead, desk)

    def edits(self) -> tuple[Edit, ...]:
        """See :class:`Claim`."""
        old, new = self._old(), self._new()
        return (Replace(old, new),) if is_layer(old) and is_layer(new) else ()
