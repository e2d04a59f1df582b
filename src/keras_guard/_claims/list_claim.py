"""A claim about an edited list of layers that the model does not read."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .._adapter.keras_types import is_layer
from .._adapter.membership import holds, is_input, same_items, visible_layers
from .._data.edits import Edit, ListEdit
from .._data.events import ListEdited
from .._data.identity import IdentityMap
from .._data.types import Layer, Model
from .._instrument.code_ahead import Ahead
from .._instrument.vocabulary import LAYER_LISTS
from .base import Claim, Desk, living, weak_all
from .list_asked import Asked, EditLog, Kept

#: The order of all edits, those of several lines of a loop included.
_NUMBERS = itertools.count(1)


class ListClaim(Claim):
    """A model still runs what the edit of a list took out, or lacks what it put in.

    Args:
        event: The edit.
        desk: What the session knows when it happens.
        claims: The claims made before, oldest first; those about edits of the same model's lists add up with this one.
    """

    def __init__(self, event: ListEdited, desk: Desk, claims: Iterable[Claim | None] = ()) -> None:
        super().__init__(event.owner, certain=event.temporary)
        model = event.owner
        removed, _ = removed_and_added(event.before, event.after)
        self._place, self._identity = event.place, event.identity
        self._walks = event.attribute in LAYER_LISTS and is_for_a_walk(event, desk)
        self._is_given = not event.temporary and event.attribute not in LAYER_LISTS
        self._number = next(_NUMBERS)
        self._log = _log_of(model, claims)
        self._before, self._after = self._log.keep(event.before), self._log.keep(event.after)
        self._log.add(self, self._before, self._after)
        self._asked: Asked | None = None
        self._gone = weak_all(item for item in removed if is_layer(item) and holds(model, item))
        #: What an earlier edit put in, without effect, is replaced: only what is put in now counts.
        self._lacks = bool(removed) and not self._gone
        own_list = event.temporary or event.attribute in LAYER_LISTS
        self._order = tuple(map(id, event.before if own_list else visible_layers(model)))
        self._there: IdentityMap[None] = IdentityMap()
        for other in desk.models():
            self._there[other] = None

    def note_names(self, used: frozenset[str], walked: frozenset[str]) -> None:
        """See :class:`Claim`."""
        if self._walks and self._place is not None and self._place.root in walked:
            self.is_used = True

    def holds(self, desk: Desk) -> bool:
        """See :class:`Claim`."""
        if self.is_used or (self._is_given and self._is_emptied(desk)):
            return False
        model = self.model
        if self._asked is not None:
            return model is not None and not self._asked.is_in(model)
        if not self.certain and self._is_handed_on(desk):
            return False
        if self._lacks:
            return model is not None and any(not holds(model, layer) for layer in self._put_in())
        if self._gone:
            models = [*desk.models(), *self.models()]
            return any(holds(m, layer) for m in models for layer in living(self._gone))
        return model is not None and tuple(map(id, visible_layers(model))) == self._order

    def passes_to(self, model: Model) -> bool:
        """See :class:`Claim`."""
        asked = self._log.asked_by(self, model)
        if asked is None:
            return False
        self._model, self._asked = weakref.ref(model), asked
        return True

    def _put_in(self) -> list[Layer]:
        before, after = self._now(self._before), self._now(self._after)
        return [layer for layer in after if is_layer(layer) and not is_among(layer, before)]

    @staticmethod
    def _now(kept: Sequence[Kept]) -> list[Layer]:
        return [get() for get in kept]

    def _is_handed_on(self, desk: Desk) -> bool:
        """Whether another model was made of the edited list, so that the edit is no loss.

        A model made since runs something of the list; one that was there runs all that is in it, in its
        order, and nothing that was taken out.
        """
        wanted = self._items_now(desk) or self._now(self._after)
        wanted = [layer for layer in wanted if _is_called(layer)]
        old = [layer for layer in self._now(self._before) if _is_called(layer)]
        taken_out = [layer for layer in old if not is_among(layer, wanted)]
        put_in = [layer for layer in wanted if not is_among(layer, old)]
        for model in desk.models() if wanted else ():
            if model is self.model:
                continue
            if model not in self._there:
                if any(holds(model, layer) for layer in put_in or wanted):
                    return True
            elif not any(holds(model, layer) for layer in taken_out) and _runs_all(
                model, wanted, in_order=not taken_out and not put_in
            ):
                return True
        return False

    def _list_now(self, desk: Desk) -> list[Layer] | None:
        """Return the edited list, ``None`` once it is not at its place any more."""
        value = self._place.read(desk.namespace) if self._place is not None else None
        return value if type(value) is list and id(value) == self._identity else None

    def _is_emptied(self, desk: Desk) -> bool:
        """Whether the list is at its place and holds nothing: it is not needed any more, and asks for no model."""
        items = self._list_now(desk)
        return items is not None and not items

    def _items_now(self, desk: Desk) -> list[Layer]:
        """Return what the edited list holds by now, as long as it is at its place."""
        return list(self._list_now(desk) or ())

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """See :class:`Claim`."""
        place = self._place
        if place is None:
            return False
        is_kept = not place.steps or id(place.read(desk.namespace)) == self._identity
        return (is_kept and place.root in ahead.read) or self.is_rebuilt_ahead(ahead, desk)

    def edits(self) -> tuple[Edit, ...]:
        """See :class:`Claim`."""
        if self._asked is not None:
            return (replace(self._asked.rest(self.model), number=self._number),)
        return (ListEdit(tuple(self._now(self._before)), tuple(self._now(self._after)), self._number),)


def is_for_a_walk(event: ListEdited, desk: Desk) -> bool:
    """Whether a list that was read from a model may be edited to go through what it holds then.

    Layers are only taken out or put in order, or what is put in is no layer, or one that another model runs.
    """
    if event.temporary or event.place is None:
        return False
    _, added = removed_and_added(event.before, event.after)
    return all(not is_layer(item) or any(m is not event.owner for m in desk.holders(item)) for item in added)


def _log_of(model: Model, claims: Iterable[Claim | None]) -> EditLog:
    """Return the log of the edits of a model's lists, as long as the model was not built again."""
    for claim in claims:
        if isinstance(claim, ListClaim) and claim.model is model and not claim._log.is_closed:
            return claim._log
    return EditLog()


def _is_called(item: object) -> bool:
    return is_layer(item) and not is_input(item)


def _runs_all(model: Model, wanted: list[Layer], *, in_order: bool) -> bool:
    order = tuple(layer for layer in visible_layers(model) if is_among(layer, wanted))
    return all(holds(model, layer) for layer in wanted) and (not in_order or same_items(order, tuple(wanted)))


def is_among(item: object, items: Iterable[object]) -> bool:
    """Whether an object is one of several, by identity."""
    return any(item is other for other in items)


def removed_and_added(before: Sequence[object], after: Sequence[object]) -> tuple[list[Layer], list[Layer]]:
    """Return the items only one of the two lists holds."""
    old, new = {id(i) for i in before}, {id(i) for i in after}
    return [i for i in before if id(i) not in new], [i for i in after if id(i) not in old]
