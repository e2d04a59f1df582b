"""Watching names: what the cell's names held before a statement, and what they hold after it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._adapter.face import FACE, is_layer
from .._adapter.membership import same_items
from .._data.diagnostic import Span
from .._data.events import ClassRedefined, Event, ListEdited, Rebound
from .._instrument.names import Bindings, bindings_of
from .edits import is_plain
from .snapshots import ListPicture, Snapshot, take, weak

_PLAIN = frozenset({bool, int, float, str, type(None)})

FindOwner = Callable[[tuple[Any, ...], int], Any]
FindSpan = Callable[[str], Span]


class NamesWatch:
    """Snapshots of the names a cell touches.

    Args:
        namespace: The user's namespace.
        reads: Whether a traced function holds the value of a global.
        given: Whether a value is a container that ``compile`` was given.
    """

    def __init__(
        self, namespace: dict[str, Any], reads: Callable[[str], bool], given: Callable[[Any], bool]
    ) -> None:
        self._namespace = namespace
        self._reads = reads
        self._given = given
        self._held: dict[str, Snapshot] = {}
        self._walkers: dict[str, Callable[[], Any]] = {}
        self._bindings: list[Bindings] = []
        #: Names that hold layers a model was made of; looked at when a model is used.
        self._lasting: dict[str, Snapshot] = {}
        self._own_lists: set[int] = set()
        self._given_now: set[int] = set()

    def is_candidate(self, name: str) -> bool:
        """Whether the object of a name is one to watch; called for each name a cell touches."""
        if name.startswith("__") or name not in self._namespace:
            return False
        value = self._namespace[name]
        if type(value) in _PLAIN:
            return self._reads(name)
        walked = self._walkers.get(name)
        if walked is not None and walked() is value:
            return False
        return bool(take(value)) or self._given(value) or (is_plain(value) and self._reads(name))

    def is_dull(self, name: str) -> bool:
        """Whether a name holds something that has no layers of its own."""
        return name in self._namespace and not issubclass(type(self._namespace[name]), FACE.owners)

    def held(self) -> list[str]:
        """Return the names that are watched now."""
        return list(self._held)

    def begin(self, names: set[str]) -> None:
        """Look at the names of a cell before it runs."""
        self._held = {name: take(self._namespace[name]) for name in names if name in self._namespace}
        for name in names - self._held.keys():
            self._held[name] = Snapshot()

    def forget_cell(self) -> None:
        """Begin a cell nothing is known of yet."""
        self._held = {}
        self._bindings = []
        self._given_now.clear()

    def read_cell(self, body: list[ast.stmt], offset: int) -> None:
        """Note how the statements of a cell bind names."""
        self._given_now.clear()
        self._bindings = [found for found in (bindings_of(s, offset) for s in body) if found]

    def note_bindings(self, line: int | None) -> None:
        """Note what the statement ending at a line, or every one of the cell, walked with, read and made."""
        for found in self._bindings:
            if line in (None, found.end_line):
                self._note_walkers(found.walked, again=line is not None)
                for name in found.made:
                    self._forget_list(id(self._namespace.get(name)))
                for name in found.read:
                    value = self._namespace.get(name)
                    if type(value) is list:
                        self._own_lists.add(id(value))

    def _forget_list(self, identity: int) -> None:
        """Forget a list that is new: it has the number of one that is gone. Not one a model was made of since."""
        if identity not in self._given_now:
            self._own_lists.discard(identity)

    def _note_walkers(self, names: frozenset[str], *, again: bool) -> None:
        for name in names:
            value = self._namespace.get(name)
            if is_layer(value) and (again or name not in self._walkers):
                self._walkers[name] = weak(value)

    def note_given(self, arguments: Iterable[Any]) -> None:
        """Note the lists of layers that exist while a model is made: they may be what it is made of."""
        for value in (*arguments, *self._namespace.values()):
            if type(value) is list and value and is_layer(value[-1]):
                self._given_now.add(id(value))
                self._own_lists.add(id(value))

    def knows_list(self, identity: int) -> bool:
        """Whether a list was read from a model, or was there when one was made."""
        return identity in self._own_lists

    def find_lasting(self, matters: Callable[[Any], bool]) -> None:
        """Find the names that hold, anywhere, an object that matters; models were made since the last time.

        Args:
            matters: Whether a layer is in some model.
        """
        self._lasting = {}
        for name, value in list(self._namespace.items()):
            if name.startswith("_") or type(value) in _PLAIN:
                continue
            snapshot = take(value)
            if any(is_layer(item) and matters(item) for item in (ref() for ref in snapshot.objects.values())):
                self._lasting[name] = snapshot

    def compare_lasting(self, find_owner: FindOwner, find_span: FindSpan) -> Iterator[Event]:
        """Yield what changed of the lasting names that no statement of the cell was seen to touch."""
        for name, old in self._lasting.items():
            if name in self._namespace:
                new = self._lasting[name] = take(self._namespace[name])
                if name not in self._held:
                    yield from self._changes(name, old, new, find_owner, find_span)

    def look(self, name: str) -> None:
        """Take a new snapshot of one name."""
        self._held[name] = take(self._namespace[name]) if name in self._namespace else Snapshot()

    def compare(
        self, names: frozenset[str] | None, find_owner: FindOwner, find_span: FindSpan
    ) -> Iterator[Event]:
        """Yield what changed since the last look, and look again.

        Args:
            names: The names to compare; all of the cell's for ``None``.
            find_owner: Returns the model whose list of layers has these items (or this identity).
            find_span: Returns where a name was bound or edited.
        """
        for name in list(self._held) if names is None else names:
            old = self._held.get(name, Snapshot())
            if name not in self._namespace:
                self._held[name] = Snapshot()
                continue
            new = take(self._namespace[name])
            self._held[name] = new
            if name in self._lasting:
                self._lasting[name] = new
            if old or new.lists:
                yield from self._changes(name, old, new, find_owner, find_span)

    def _changes(
        self, name: str, old: Snapshot, new: Snapshot, find_owner: FindOwner, find_span: FindSpan
    ) -> Iterator[Event]:
        edited: set[str] = set()
        for path, picture in old.lists.items():
            now = self._list_at(name, path)
            if now is None or id(now) != picture.identity or _same_list(picture, now):
                continue
            event = _list_event(name + path, picture, now, find_owner, find_span(name))
            if event is not None:
                edited.add(path)
                yield event
        walker = self._walkers.get(name)
        for path, reference in old.objects.items():
            if walker is not None and path == "" and walker() is reference():
                continue
            if any(path.startswith(prefix) for prefix in edited):
                continue
            yield from _slot_events(name + path, reference(), new.objects.get(path), lambda: find_span(name))

    def _list_at(self, name: str, path: str) -> Any:
        value: Any = self._namespace.get(name)
        for part in _path_parts(path):
            try:
                value = (
                    vars(value).get(part)
                    if isinstance(part, str) and not isinstance(value, (dict, list))
                    else value[part]
                )
            except (TypeError, KeyError, IndexError):
                return None
        return value if type(value) is list else None


def _path_parts(path: str) -> list[Any]:
    if not path:
        return []
    try:
        node: ast.expr = ast.parse(f"x{path}", mode="eval").body
    except SyntaxError:
        return [object()]
    parts: list[Any] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        elif isinstance(node, ast.Subscript):
            parts.append(ast.literal_eval(node.slice))
        node = node.value  # type: ignore[attr-defined]
    return parts[::-1]


def _same_list(picture: ListPicture, now: list[Any]) -> bool:
    return len(now) == len(picture.numbers) and all(
        id(a) == b for a, b in zip(now, picture.numbers, strict=True)
    )


def _list_event(
    name: str, picture: ListPicture, now: list[Any], find_owner: FindOwner, span: Span
) -> ListEdited | None:
    before = picture.living()
    if before is None:
        return None
    owner, attribute = find_owner(before, picture.identity) or (None, "")
    if owner is None or same_items(before, tuple(now)):
        return None
    return ListEdited(
        owner, attribute, before, tuple(now), temporary=False, span=span, name=name, identity=picture.identity
    )


def _slot_events(where: str, old: Any, new_reference: Any, span: Callable[[], Span]) -> Iterator[Event]:
    new = new_reference() if new_reference is not None else None
    if old is None or new is None or old is new:
        return
    if isinstance(old, type) and isinstance(new, type):
        yield ClassRedefined(where, old, new, span())
    elif not isinstance(old, type) and not isinstance(new, type):
        yield Rebound(where, old, new, span())
