"""Which layer is where after the edits read so far."""

from __future__ import annotations

import difflib
import itertools
from typing import Any

from .._adapter.graph_facts import sub_layers
from .._adapter.keras_types import is_layer, is_model
from .._adapter.membership import graph_layers, graph_operations, visible_layers
from .._data.edits import LayerRecord
from .._data.types import Layer, Model
from .refused import RebuildRefused


def _is_meant(layer: Layer, wanted: object) -> bool:
    """Whether a layer is the wanted one, or has the wanted name."""
    return layer.name == wanted if isinstance(wanted, str) else layer is wanted


class LayerFinder:
    """Finds the layer that an edit speaks of, and knows which layer is where after the edits read so far.

    A position is known by the layer that was there first: one of the graph, or one that an edit inserted.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.models = models_in(model)
        #: By ``id`` of a position that an edit made or gave another layer, the position and the layer there now.
        self._taken: dict[int, tuple[Any, Any]] = {}
        #: By ``id`` of an inserted layer, the models it was inserted into.
        self._added_to: dict[int, list[Model]] = {}
        self._gone: set[int] = set()

    def layer_at(self, position: Layer) -> Layer:
        """Return the layer that is there now."""
        return self._taken.get(id(position), (position, position))[1]

    def put(self, position: Layer, new: Layer) -> None:
        """Note that a layer was put there."""
        self._taken[id(position)] = (position, new)

    def add(self, new: Layer, owners: list[Model]) -> None:
        """Note that a layer was inserted into some models."""
        self._taken.setdefault(id(new), (new, new))
        self._added_to[id(new)] = owners

    def remove(self, position: Layer) -> None:
        """Note that no layer is there any more."""
        self._gone.add(id(position))

    def find(self, wanted: Any) -> Layer:
        """Return the position that is meant, by the layer there, the one that was there, or a name.

        Edits come one after another: a later one may name what an earlier one put in.
        """
        found = {id(there): there for there, now in self._taken.values() if _is_meant(now, wanted)}
        if not found or self._is_original(wanted):
            position = self._original(wanted)
            if not found or (id(position) not in self._taken and id(position) not in self._gone):
                found[id(position)] = position
        if len(found) > 1:
            name = wanted if isinstance(wanted, str) else wanted.name
            raise RebuildRefused(
                f"{name!r} is in {len(found)} places since an earlier edit; which one is meant is open",
                ("leave one of the edits out, or put another layer in",),
            )
        position = next(iter(found.values()))
        if id(position) in self._gone:
            raise RebuildRefused(
                f"{position.name!r} was already taken out by an earlier edit",
                ("leave one of the two edits out", "use Replace instead of Remove"),
            )
        return position

    def _is_original(self, wanted: object) -> bool:
        return any(_is_meant(layer, wanted) for model in self.models for layer in layers_of(model))

    def _original(self, wanted: Any) -> Layer:
        if isinstance(wanted, LayerRecord):
            wanted = wanted.name
        if isinstance(wanted, str):
            return self._named(wanted)
        if is_layer(wanted):
            if self.owners(wanted):
                return wanted
            holder = next(
                (x for x in graph_layers(self.model) if any(s is wanted for s in sub_layers(x))), None
            )
            if holder is not None:
                raise RebuildRefused(
                    f"{wanted.name!r} is a part of {holder.name!r} ({type(holder).__name__}), not a layer of the graph",
                    (f"replace {holder.name!r} as a whole",),
                )
            raise RebuildRefused(
                f"{wanted.name!r} is no layer of {self.model.name!r}", self._names_like(wanted.name)
            )
        raise RebuildRefused(f"a {type(wanted).__name__} is no layer; give a layer of the model or its name")

    def _named(self, name: str) -> Layer:
        named = [[layer for layer in layers_of(model) if layer.name == name] for model in self.models]
        found = {id(layer): layer for layer in named[0] or itertools.chain.from_iterable(named)}
        if not found:
            raise RebuildRefused(f"no layer {name!r} in {self.model.name!r}", self._names_like(name))
        if len(found) > 1:
            raise RebuildRefused(
                f"{len(found)} layers inside {self.model.name!r} are named {name!r}",
                ("give the layer itself instead of its name",),
            )
        return next(iter(found.values()))

    def _names_like(self, name: str) -> tuple[str, ...]:
        known = [layer.name for model in self.models for layer in layers_of(model)]
        close = difflib.get_close_matches(str(name), known, n=3) or known[:8]
        return tuple(repr(found) for found in dict.fromkeys(close))

    def owners(self, layer: Layer) -> list[Model]:
        """Return the models whose own graph calls the layer, or has come to call it."""
        own = [m for m in self.models if any(item is layer for item in layers_of(m))]
        return self._added_to.get(id(layer)) or own


def models_in(model: Model) -> list[Model]:
    """Return a model and the models called in it."""
    return [model, *(layer for layer in graph_layers(model) if is_model(layer))]


def layers_of(model: Model) -> list[Layer]:
    """Return the layers of a model's own graph."""
    found = [op for op in graph_operations(model) if is_layer(op)]
    return found or list(visible_layers(model))
