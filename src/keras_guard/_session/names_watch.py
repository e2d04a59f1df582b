"""Watching names: what the cell's names held before a statement, and what they hold after it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .._adapter.face import FACE, is_layer
from .._adapter.membership import same_items
from .._data.diagnostic import Span
from .._data.events import ClassRedefined, Event, ListEdited, Rebound
from .._instrument.names import list_readers, loop_targets
from .edits import is_plain
from .snapshots import ListPicture, Snapshot, is_watched, take, weak

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
        self._walks: list[tuple[int, set[str]]] = []
        self._readers: list[tuple[int, set[str]]] = []
        self._own_lists: set[int] = set()

    def is_candidate(self, name: str) -> bool:
        """Whether the object of a name is one to watch; called for each name a cell touches."""
        if name.startswith("__") or name not in self._namespace:
            return False
        value = self._namespace[name]
        walked = self._walkers.get(name)
        if walked is not None and walked() is value:
            return False
        return (
            is_watched(value)
            or bool(take(value))
            or self._given(value)
            or (is_plain(value) and self._reads(name))
        )

    def held(self) -> list[str]:
        """Return the names that are watched now."""
        return list(self._held)

    def begin(self, names: set[str]) -> None:
        """Look at the names of a cell before it runs."""
        self._held = {name: take(self._namespace[name]) for name in names if name in self._namespace}
        for name in names - self._held.keys():
            self._held[name] = Snapshot()

    def read_cell(self, body: list[ast.stmt], offset: int) -> None:
        """Note which statements of a cell walk with a name, and which bind one to a model's own list."""
        self._walks = [(s.end_lineno or 0, loop_targets(s)) for s in body]
        self._readers = [(s.end_lineno or 0, list_readers(s)) for s in body]
        self._walks = [(line + offset, names) for line, names in self._walks if names]
        self._readers = [(line + offset, names) for line, names in self._readers if names]

    def note_bindings(self, line: int | None) -> None:
        """Note what the statement ending at a line, or every one of the cell, walked with and read."""
        for end, names in self._walks:
            for name in names if line in (None, end) else ():
                value = self._namespace.get(name)
                if is_layer(value) and (line is not None or name not in self._walkers):
                    self._walkers[name] = weak(value)
        for end, names in self._readers:
            for name in names if line in (None, end) else ():
                value = self._namespace.get(name)
                if type(value) is list:
                    self._own_lists.add(id(value))

    def note_given(self, arguments: Iterable[Any]) -> None:
        """Note the lists of layers that exist while a model is made: they may be what it is made of."""
        for value in (*arguments, *self._namespace.values()):
            if type(value) is list and value and isinstance(value[-1], FACE.layer):
                self._own_lists.add(id(value))

    def knows_list(self, identity: int) -> bool:
        """Whether a list was read from a model, or was there when one was made."""
        return identity in self._own_lists

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
