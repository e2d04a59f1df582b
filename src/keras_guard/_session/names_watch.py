"""Watching names: what the cell's names held before a statement, and what they hold after it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.keras_types import TYPES, is_layer
from .._adapter.membership import same_items
from .._data.diagnostic import Span
from .._data.events import ClassRedefined, Event, ListEdited, Rebound
from .._data.missing import MISSING
from .._data.place import Place
from .._data.types import Layer
from .._instrument.names import Bindings, bindings_in
from .containers import user_objects
from .desk import Desk
from .snapshots import ListPicture, Snapshot, take, weak

_PLAIN = frozenset({bool, int, float, str, type(None)})

FindOwner = Callable[[tuple[Any, ...], int], Any]
FindSpan = Callable[[str], Span]


class NamesWatch:
    """Snapshots of the names a cell touches.

    Args:
        namespace: The user's namespace.
        desk: What is known of models, traces and lists.
        first: What a place held before a binding of it that a model did not follow, or ``None``.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        desk: Desk,
        first: Callable[[Place], Any],
    ) -> None:
        self._namespace = namespace
        self._desk = desk
        self._origins = desk.origins
        self._first = first
        self._held: dict[str, Snapshot] = {}
        self._walkers: dict[str, Callable[[], Any]] = {}
        #: Of the running cell, by the last line of the statement.
        self._bindings: dict[int, list[Bindings]] = {}
        #: Names that hold layers; looked at when a model is used.
        self._lasting: dict[str, Snapshot] = {}

    def is_candidate(self, name: str) -> bool:
        """Whether the object of a name is one to watch; called for each name a cell touches."""
        if name.startswith("__") or name not in self._namespace:
            return False
        if name in self._desk.copies:
            return True
        value = self._namespace[name]
        if type(value) in _PLAIN:
            return self._desk.traces.touches(name, value)
        walked = self._walkers.get(name)
        if walked is not None and walked() is value:
            return False
        return (
            bool(take(name, value))
            or self._origins.is_argument(value)
            or self._desk.traces.touches(name, value)
        )

    def is_dull(self, name: str) -> bool:
        """Whether a name holds something that has no layers of its own."""
        return name in self._namespace and not issubclass(type(self._namespace[name]), TYPES.owners)

    @property
    def is_busy(self) -> bool:
        """Whether the running cell binds names that are watched, or that walk over layers."""
        return bool(self._held or self._bindings)

    def _runs(self, layer: Layer) -> bool:
        return bool(self._desk.holders(layer))

    def held(self) -> list[str]:
        """Return the names that are watched now."""
        return list(self._held)

    def begin(self, names: set[str]) -> None:
        """Look at the names of a cell before it runs."""
        self._held = {name: self._take(name) for name in names}

    def forget_cell(self) -> None:
        """Begin a cell nothing is known of yet."""
        self._held = {}
        self._bindings = {}
        self._origins.begin_cell()

    def read_cell(self, body: list[ast.stmt], text: str, offset: int) -> None:
        """Note how the statements of a cell bind names."""
        self._origins.begin_cell()
        self._bindings = {}
        for found in bindings_in(body, offset, text):
            self._bindings.setdefault(found.end_line, []).append(found)

    def note_bindings(self, line: int | None) -> None:
        """Note what the statement ending at a line, or every one of the cell, walked with, read and made."""
        if line is not None:
            ended = self._bindings.get(line, ())
        else:
            ended = [found for each in self._bindings.values() for found in each]
        for found in ended:
            self._note_walkers(found.walked if line is not None else found.walked - found.lost)
            for name in found.made:
                made = self._namespace.get(name)
                self._origins.note_made(made, self._runs, chosen=name in found.chosen)
            for name, owner in found.read.items():
                if self._may_be_layer(owner):
                    self._origins.note_read(self._namespace.get(name))

    def _may_be_layer(self, expression: str) -> bool:
        """Whether an expression is a model or layer, or no place that could be read again to tell."""
        try:
            value = Place.parse(expression).read(self._namespace)
        except ValueError:
            return True
        return value is MISSING or is_layer(value)

    def _note_walkers(self, names: frozenset[str]) -> None:
        for name in names:
            value = self._namespace.get(name)
            if is_layer(value):
                self._walkers[name] = weak(value)

    def find_lasting(self) -> None:
        """Find the names that hold a layer, anywhere; models that may run it were made since the last time."""
        self._lasting = {}
        for name, value in user_objects(self._namespace):
            snapshot = take(name, value)
            if any(is_layer(reference()) for reference in snapshot.objects.values()):
                self._lasting[name] = snapshot

    def compare_lasting(self, find_owner: FindOwner, find_span: FindSpan) -> Iterator[Event]:
        """Yield what changed of the lasting names that no statement of the cell was seen to touch."""
        for name, old in list(self._lasting.items()):
            if name in self._namespace:
                new = self._lasting[name] = self._take(name)
                if name not in self._held:
                    yield from self._changes(name, old, new, find_owner, find_span)

    def look(self, name: str) -> None:
        """Take a new snapshot of one name."""
        self._held[name] = self._take(name)

    def _take(self, name: str) -> Snapshot:
        return take(name, self._namespace[name]) if name in self._namespace else Snapshot()

    def compare(
        self, names: frozenset[str] | None, find_owner: FindOwner, find_span: FindSpan
    ) -> Iterator[Event]:
        """Yield what changed since the last look, and look again.

        Args:
            names: The names to compare; all of the cell's for ``None``.
            find_owner: Returns the model whose list of layers has these items (or this identity).
            find_span: Returns where a name was bound or edited.
        """
        # Sorted: cards come in the same order each run.
        for name in list(self._held) if names is None else sorted(names):
            old = self._held.get(name, Snapshot())
            if name not in self._namespace:
                self._held[name] = Snapshot()
                continue
            new = self._take(name)
            self._held[name] = new
            if name in self._lasting:
                self._lasting[name] = new
            if old or new.lists:
                yield from self._changes(name, old, new, find_owner, find_span)

    def _changes(
        self, name: str, old: Snapshot, new: Snapshot, find_owner: FindOwner, find_span: FindSpan
    ) -> Iterator[Event]:
        edited: list[Place] = []
        for place, picture in old.lists.items():
            now = place.read(self._namespace)
            if type(now) is not list or id(now) != picture.identity or _same_list(picture, now):
                continue
            event = _list_event(place, picture, now, find_owner, find_span(name))
            if event is not None or len(now) != len(picture.numbers):
                edited.append(place)  # its slots hold others because the items moved
            if event is not None:
                yield event
        walker = self._walkers.get(name)
        for place, reference in old.objects.items():
            if walker is not None and not place.steps and walker() is reference():
                continue
            if any(map(place.is_below, edited)) or self._is_selected(place, reference(), old):
                continue
            yield from self.slot_events(
                place, reference, new.objects.get(place), lambda: find_span(name), is_local=False
            )

    def _is_selected(self, place: Place, layer: Layer, held: Snapshot) -> bool:
        """Whether a slot is one of a list that was made of a model's layers, and held one of them."""
        return any(
            place.is_below(where) and id(layer) in self._origins.chosen(picture.identity)
            for where, picture in held.lists.items()
        )

    def slot_events(
        self,
        where: Place,
        before: Callable[[], Any],
        after: Callable[[], Any] | None,
        span: Callable[[], Span],
        *,
        is_local: bool,
    ) -> Iterator[Event]:
        """Yield what it means that a place holds another object than before.

        Args:
            where: The place.
            before: Returns what it held, ``None`` for what is gone.
            after: Returns what it holds; ``None`` where it holds nothing watched.
            span: Returns where it was bound.
            is_local: Whether the place begins at a local name of a function.
        """
        old, new = before(), after() if after is not None else None
        if new is None or old is new:
            return
        first = self._first(where)
        old = old if first is None else first
        if old is None or old is new:
            return
        if isinstance(old, type) and isinstance(new, type):
            yield ClassRedefined(where, old, new, span(), is_local)
        elif not isinstance(old, type) and not isinstance(new, type):
            yield Rebound(where, old, new, span(), is_local)


def _same_list(picture: ListPicture, now: list[Any]) -> bool:
    return len(now) == len(picture.numbers) and all(
        id(a) == b for a, b in zip(now, picture.numbers, strict=True)
    )


def _list_event(
    place: Place, picture: ListPicture, now: list[Any], find_owner: FindOwner, span: Span
) -> ListEdited | None:
    before = picture.living()
    if before is None:
        return None
    owner, attribute = find_owner(before, picture.identity) or (None, "")
    if owner is None or same_items(before, tuple(now)):
        return None
    return ListEdited(
        owner,
        attribute,
        before,
        tuple(now),
        temporary=False,
        span=span,
        place=place,
        identity=picture.identity,
    )
