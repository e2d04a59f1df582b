"""What edits of a list of layers ask of a model: how often it calls each layer they move.

A rebuild compares its plan with this, and a claim compares the model that the user builds by hand.
"""

from __future__ import annotations

import difflib
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .._adapter.describe import record_layer
from .._adapter.graph_facts import maker_of_tensor
from .._adapter.keras_types import TYPES, is_layer
from .._adapter.membership import holds, is_input, same_items, visible_layers
from .._adapter.read_graph import functional_of, read_graph
from .._data.edits import LayerRecord, ListEdit
from .._data.identity import IdentityMap
from .._data.refused import RebuildRefused
from .._data.types import Layer, Model
from .list_edits import fold_on

#: Gives back what an item of a list was: the object while it lives, else its record.
Kept = Callable[[], Any]


def called(model: Model) -> list[Layer]:
    """Return what a model's own graph calls, repeated where it is called repeatedly, inputs left out."""
    functional = functional_of(model)
    if isinstance(model, TYPES.sequential) or functional is None:
        return [item for item in model.layers if not is_input(item)]
    return [call.operation for call in read_graph(functional).calls]


def calls_of(model: Model) -> Counter[int]:
    """Return how often a model's own graph calls each operation, by ``id``."""
    return Counter(map(id, called(model)))


def changed_counts(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[Any, int, int]]:
    """Yield each item that is not as often in one list as in the other, with both numbers; inputs left out."""
    was, now = Counter(map(id, before)), Counter(map(id, after))
    for item in {id(item): item for item in (*before, *after)}.values():
        if was[id(item)] != now[id(item)] and not is_entry(item):
            yield item, was[id(item)], now[id(item)]


def replaced_items(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[Any, Any]]:
    """Yield each item that another one was put in the place of, with that one."""
    matcher = difflib.SequenceMatcher(None, list(map(id, before)), list(map(id, after)), autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "replace":
            yield from zip(before[start:end], after[new_start:new_end], strict=False)


def is_entry(item: object) -> bool:
    """Whether an item of a list is an input, or was one."""
    if isinstance(item, LayerRecord):
        return item.cls.__name__ == "InputLayer"
    return is_layer(item) and is_input(item)


class Asked:
    """What one edit asks of the model that is built after all of them.

    Args:
        first: The list before all edits.
        last: What all edits together make of it.
        moved: The items that are more or less often in the list after this edit.
    """

    def __init__(self, first: Sequence[Kept], last: Sequence[Kept], moved: Sequence[Kept]) -> None:
        self._first, self._last, self._moved = first, last, moved

    def is_in(self, model: Model) -> bool:
        """Whether a model has what the edit put in as often as asked, not what it took out, and the order."""
        if self._is_order_only():
            return self._is_in_order(visible_layers(model))
        return not any(self._gone(model)) and not any(self._missing(model))

    def _is_order_only(self) -> bool:
        return not any(self._counts()) and not same_items(tuple(_now(self._first)), tuple(_now(self._last)))

    def _is_in_order(self, shown: Sequence[Layer]) -> bool:
        wanted = [item for item in (get() for get in self._last) if _count(shown, item)]
        found = [item for item in shown if _count(wanted, item)]
        return list(map(id, found)) == list(map(id, wanted))

    def _counts(self) -> Iterator[tuple[Any, int, int]]:
        """Yield what all edits together change, as :func:`changed_counts` does."""
        return changed_counts(_now(self._first), _now(self._last))

    def _is_moved(self, item: object) -> bool:
        return any(get() is item for get in self._moved)

    def _gone(self, model: Model) -> Iterator[tuple[Layer, int]]:
        """Yield what the model calls too often, with how often it is to be called."""
        calls = calls_of(model)
        for item, was, now in self._counts():
            if (
                now < was
                and self._is_moved(item)
                and (calls[id(item)] > now or (now == 0 and holds(model, item)))
            ):
                yield item, now

    def _missing(self, model: Model) -> Iterator[Layer]:
        """Yield what the model does not call as often as asked; a new layer of the same class will do."""
        calls, last = calls_of(model), _now(self._last)
        lacking = Counter({kind: n - _kinds(called(model))[kind] for kind, n in _kinds(last).items()})
        for item, was, now in reversed(list(self._counts())):
            kind = _kind(item)
            if was < now and calls[id(item)] < now and not holds(model, item) and lacking[kind] > 0:
                lacking[kind] -= 1
                if self._is_moved(item):
                    yield item

    def rest(self, model: Model) -> ListEdit:
        """Return the edit of the model's list that makes what the model lacks."""
        before = visible_layers(model)
        after, last = list(before), _now(self._last)
        if self._is_order_only():
            places = [n for n, item in enumerate(after) if _count(last, item)]
            wanted = [item for item in last if _count(after, item)]
            for place, item in zip(places, wanted, strict=False):
                after[place] = item
            return ListEdit(before, tuple(after))
        for item, most in self._gone(model):
            while _count(after, item) > most:
                del after[max(n for n, other in enumerate(after) if other is item)]
        for item in self._missing(model):
            behind = last[max(n for n, other in enumerate(last) if other is item) + 1 :]
            places = [n for n, other in enumerate(after) if _count(behind, other)]
            after.insert(places[0] if places else len(after), item)
        return ListEdit(before, tuple(after))


class EditLog:
    """The edits of one model's lists in the order they were made, each kept by the claim about it."""

    def __init__(self) -> None:
        self._edits: list[tuple[weakref.ref[Any], tuple[Kept, ...], tuple[Kept, ...]]] = []
        self._kept: IdentityMap[Kept] = IdentityMap()
        #: What each claim asks, once the model the lists belonged to is gone.
        self._asked: IdentityMap[Asked] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the model was built again since; later edits are of another list."""
        return self._asked is not None

    def keep(self, items: Sequence[object]) -> tuple[Kept, ...]:
        """Return for each item a way to get it back; the same one for the same item."""
        return tuple(map(self._keep, items))

    def _keep(self, item: object) -> Kept:
        maker = maker_of_tensor(item)
        item = item if maker is None else maker  # a tensor means the layer that made it
        if not is_layer(item):
            kind = type(item).__name__
            return lambda: kind
        known = self._kept.get(item, None)
        if known is None:
            known = self._kept[item] = _remembered(item)
        return known

    def add(self, claim: object, before: tuple[Kept, ...], after: tuple[Kept, ...]) -> None:
        """Note an edit; it counts as long as its claim lives."""
        self._edits = [edit for edit in self._edits if edit[0]() is not None]
        self._edits.append((weakref.ref(claim), before, after))

    def asked_by(self, claim: object, model: Model) -> Asked | None:
        """Return what an edit asks of a model that was built of the same layers; ``None`` of any other one."""
        if not any(holds(model, get()) for _, *lists in self._edits for kept in lists for get in kept):
            return None
        if self._asked is None:
            self._asked = IdentityMap()
            self._add_up(model, self._asked)
        return self._asked.get(claim, None)

    def _add_up(self, model: Model, asked: IdentityMap[Asked]) -> None:
        """Work out what the edits make of the list one after another, and what each has to do with it."""
        living = [
            (claim, before, after) for get, before, after in self._edits if (claim := get()) is not None
        ]
        kept = {id(get()): get for _, *lists in living for some in lists for get in some}
        first = current = _items(living[0][1])
        moves: list[tuple[Any, list[Layer]]] = []
        for claim, kept_before, kept_after in living:
            before, after = _items(kept_before), _items(kept_after)
            try:
                old, current = current, fold_on(list(current), model, [ListEdit(tuple(before), tuple(after))])
                moves.append((claim, [item for item, *_ in changed_counts(old, current)]))
            except RebuildRefused:  # it has two readings: then only what it does by itself is asked for
                moved = [kept[id(item)] for item, *_ in changed_counts(before, after)]
                asked[claim] = Asked(kept_before, kept_after, moved)
        ends = [kept[id(item)] for item in first], [kept[id(item)] for item in current]
        for claim, items in moves:
            asked[claim] = Asked(*ends, [kept[id(item)] for item in items])


def _remembered(layer: Layer) -> Kept:
    reference, record = weakref.ref(layer), record_layer(layer)

    def item() -> Any:
        living = reference()
        return record if living is None else living

    return item


def _now(kept: Sequence[Kept]) -> list[Layer]:
    return [get() for get in kept]


def _items(kept: Sequence[Kept]) -> list[Layer]:
    return [item for item in _now(kept) if not is_entry(item)]


def _count(items: Sequence[object], wanted: object) -> int:
    return sum(item is wanted for item in items)


def _kind(item: object) -> type:
    return item.cls if isinstance(item, LayerRecord) else type(item)


def _kinds(items: Sequence[object]) -> Counter[type]:
    return Counter(map(_kind, items))
