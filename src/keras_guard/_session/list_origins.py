"""Where the user's lists of layers, and what ``compile`` was given, come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .._adapter.keras_types import is_layer
from .._adapter.marks import Mark, is_marked, mark_of
from .._adapter.membership import compile_containers, matches_layer_list
from .._adapter.tracked_lists import kept_as
from .._data.identity import IdentityMap
from .._data.types import Layer, Model
from .snapshots import weak

#: Entries of lists that are gone stay until their number is used again; there are never more than these.
_MAX_LISTS = 4_000


class Kind(Enum):
    """How a list came to be."""

    READ = "read"  # ``x.layers`` handed it out
    GIVEN = "given"  # it was there when a model was made, and may be what the model was made of
    CHOSEN = "chosen"  # it was made of a model's list: a selection
    COMPILED = "compiled"  # ``compile`` was given it


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Origin:
    """What is known of one list or dict.

    Attributes:
        kind: How it came to be.
        owner: Returns the model it belongs to, ``None`` when that is not known or gone.
        chosen: For a selection, the identities of its layers that models run.
        argument: The argument of ``compile``.
        items: What it held, for an argument of ``compile``.
        since: How many models were begun when it was noted.
    """

    kind: Kind
    owner: Callable[[], Any] = _nothing
    chosen: frozenset[int] = frozenset()
    argument: str = ""
    items: tuple[Mark, ...] = ()
    since: int = 0


class ListOrigins:
    """One table for all of them, by ``id``: lists and dicts take no weak reference.

    A number can be that of a list that is gone. So each new list that a statement makes takes the old
    entry away, and what the table says of a model is checked on the model.
    """

    def __init__(self) -> None:
        self._origins: dict[int, Origin] = {}
        self._given_now: set[int] = set()
        self._begun = 0
        #: How many models were begun when each was.
        self._models: IdentityMap[int] = IdentityMap()

    def begin_cell(self) -> None:
        """A cell begins."""
        self._given_now.clear()

    def _note(self, value: object, origin: Origin) -> None:
        self._origins.pop(id(value), None)
        self._origins[id(value)] = origin
        if len(self._origins) > _MAX_LISTS:
            del self._origins[next(iter(self._origins))]

    def of(self, identity: int) -> Origin | None:
        """Return what is known of a list by its number."""
        return self._origins.get(identity)

    # Lists of layers

    def is_models_list(self, identity: int) -> bool:
        """Whether a list was read from a model, or was there when one was made."""
        found = self._origins.get(identity)
        return found is not None and found.kind in (Kind.READ, Kind.GIVEN)

    def chosen(self, identity: int) -> frozenset[int]:
        """Return the identities of the layers in a selection that models run."""
        found = self._origins.get(identity)
        return found.chosen if found is not None and found.kind is Kind.CHOSEN else frozenset()

    def note_read(self, value: object) -> None:
        """A name was bound to the very list that ``x.layers`` returns."""
        if type(value) is list:
            self._note(value, Origin(Kind.READ))

    def note_made(self, value: object, runs: Callable[[Any], bool], *, chosen: bool) -> None:
        """A name was bound to what an expression makes; not to a list that a model was given since.

        Args:
            value: What was made.
            runs: Whether some model runs a layer.
            chosen: Whether it was made of a model's list.
        """
        if id(value) in self._given_now:
            return
        self._origins.pop(id(value), None)
        if chosen and type(value) is list:
            run = frozenset(id(item) for item in value if is_layer(item) and runs(item))
            if run:
                self._note(value, Origin(Kind.CHOSEN, chosen=run))

    def note_given(self, arguments: Iterable[object], others: Iterable[object]) -> None:
        """A model is about to be made: note the lists of layers that exist, which it may be made of.

        Args:
            arguments: What its constructor was given.
            others: What the user's names hold.
        """
        self._begun += 1
        given = list(arguments)
        for value in given:
            if self.chosen(id(value)):
                del self._origins[id(value)]
        for value in [value for value in (*given, *others) if type(value) is list]:
            if value and is_layer(value[-1]) and not self._is_selection(value):
                self._given_now.add(id(value))
                if not self.is_models_list(id(value)):
                    self._note(value, Origin(Kind.GIVEN, since=self._begun))

    def note_built(self, model: Model) -> None:
        """The model that was begun last is made."""
        self._models[model] = self._begun

    def owner_among(
        self, models: Iterable[Model], items: tuple[object, ...], identity: int
    ) -> tuple[Model, str] | None:
        """Return the model one of whose lists a list is, with ``layers`` for one that was read, else ``given``.

        Args:
            models: The models in reach.
            items: What the list held before an edit.
            identity: Its number.
        """
        origin = self._origins.get(identity, Origin(Kind.READ))
        is_given, owner = origin.kind is Kind.GIVEN, origin.owner()
        if owner is None or is_given:  # the list may have been given to another model since
            owner = next((m for m in models if self._is_made_of(m, items, origin)), owner)
        if owner is None:
            return None
        self._origins[identity] = replace(origin, owner=weak(owner))
        return owner, "given" if is_given else "layers"

    def _is_made_of(self, model: Model, items: tuple[object, ...], origin: Origin) -> bool:
        """Whether a model has these layers, or one of its attributes is a copy of the list, and not the other way."""
        if matches_layer_list(model, items):
            return True
        was_there = origin.kind is Kind.GIVEN and origin.since <= self._models.get(model, -1)
        return was_there and kept_as(model, items) is not None

    def _is_selection(self, items: list[Layer]) -> bool:
        chosen = self.chosen(id(items))
        return bool(chosen) and chosen.issuperset(map(id, items))

    # Arguments of compile

    def note_compiled(self, model: Model) -> None:
        """Note the lists and dicts that a model was compiled with."""
        for argument, container in compile_containers(model):
            self._given_now.add(id(container))
            self._note_argument(model, argument, container)

    def _note_argument(self, model: Model, argument: str, container: object) -> None:
        marks = tuple(map(mark_of, _items(container)))
        self._note(container, Origin(Kind.COMPILED, weak(model), argument=argument, items=marks))

    def is_argument(self, value: object) -> bool:
        """Whether a list or dict is one that a model was compiled with."""
        return self._argument(value) is not None

    def _argument(self, value: object) -> Origin | None:
        found = self._origins.get(id(value)) if type(value) in (list, dict) else None
        if found is None or found.kind is not Kind.COMPILED:
            return None
        model = found.owner()
        pairs = compile_containers(model) if model is not None else ()
        return found if any(held is value and name == found.argument for name, held in pairs) else None

    def edited(self, value: object) -> tuple[Any, str] | None:
        """Return the model and the argument of a container that changed since; each change is told once."""
        found = self._argument(value)
        if found is None:
            return None
        items = list(_items(value))
        if len(items) == len(found.items) and all(
            is_marked(mark, item) for mark, item in zip(found.items, items, strict=True)
        ):
            return None
        model = found.owner()
        self._note_argument(model, found.argument, value)
        return model, found.argument


def _items(container: Any) -> Iterator[Any]:
    if type(container) is dict:
        for pair in container.items():
            yield from pair
    else:
        yield from container
