"""Which layer is where after the edits read so far."""

from __future__ import annotations

import difflib
from typing import Any

from .._adapter.graph_facts import sub_layers
from .._adapter.keras_types import is_layer, is_model
from .._adapter.membership import graph_layers, graph_operations, visible_layers
from .._data.edits import LayerRecord
from .._data.types import Layer, Model
from .refused import RebuildRefused


class Positions:
    """Which layer is where after the edits read so far.

    A position is known by the layer that was there first: one of the graph, or one that an edit inserted.
    """

    def __init__(self) -> None:
        #: By ``id`` of a position, the position and the layer that is there now.
        self._taken: dict[int, tuple[Any, Any]] = {}
        self._added: dict[int, tuple[Any, list[Layer]]] = {}
        self._gone: set[int] = set()

    def of(self, wanted: object) -> list[Layer]:
        """Return the positions of a layer that edits put in, by the layer or its name."""
        placed = [position for position, now in self._taken.values() if is_meant(now, wanted)]
        for key, (new, _) in self._added.items():
            if key not in self._taken and is_meant(new, wanted):
                placed.append(new)
        return placed

    def kept(self, position: Layer) -> bool:
        """Whether the layer that was there first is still there."""
        return id(position) not in self._taken and id(position) not in self._gone

    def layer_at(self, position: Layer) -> Layer:
        """Return the layer that is there now."""
        return self._taken.get(id(position), (position, position))[1]

    def put(self, position: Layer, new: Layer) -> None:
        """Note that a layer was put there."""
        self._taken[id(position)] = (position, new)

    def add(self, new: Layer, owners: list[Model]) -> None:
        """Note that a layer was inserted into some models."""
        self._added[id(new)] = (new, owners)

    def added_to(self, position: Layer) -> list[Layer]:
        """Return the models into which an edit inserted the layer."""
        return self._added.get(id(position), (None, []))[1]

    def remove(self, position: Layer) -> None:
        """Note that no layer is there any more."""
        self._gone.add(id(position))

    def check(self, position: Layer) -> None:
        """Refuse an edit of a position that is gone.

        Raises:
            RebuildRefused: When an earlier edit took the layer out.
        """
        if id(position) in self._gone:
            raise RebuildRefused(
                f"{position.name!r} was already taken out by an earlier edit",
                ("leave one of the two edits out", "use Replace instead of Remove"),
            )


def is_meant(layer: Layer, wanted: object) -> bool:
    """Whether a layer is the wanted one, or has the wanted name."""
    return layer.name == wanted if isinstance(wanted, str) else layer is wanted


class LayerFinder:
    """Finds the layer that an edit speaks of.

    Args:
        model: The whole model.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.models = [model, *(layer for layer in graph_layers(model) if is_model(layer))]
        self.positions = Positions()

    def find(self, wanted: Any) -> Layer:
        """Return the position that is meant, by the layer there, the one that was there, or a name.

        Edits come one after another: a later one may name what an earlier one put in.
        """
        found = {id(position): position for position in self.positions.of(wanted)}
        if not found or self._is_original(wanted):
            position = self._original(wanted)
            if not found or self.positions.kept(position):
                found[id(position)] = position
        if len(found) > 1:
            name = wanted if isinstance(wanted, str) else wanted.name
            raise RebuildRefused(
                f"{name!r} is in {len(found)} places since an earlier edit; which one is meant is open",
                ("leave one of the edits out, or put another layer in",),
            )
        position = next(iter(found.values()))
        self.positions.check(position)
        return position

    def _is_original(self, wanted: object) -> bool:
        return any(is_meant(layer, wanted) for model in self.models for layer in layers_of(model))

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
        found: dict[int, Any] = {}
        for model in self.models:
            for layer in layers_of(model):
                if layer.name == name:
                    found.setdefault(id(layer), layer)
            if found and model is self.model:
                break
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
        added = self.positions.added_to(layer)
        if added:
            return added
        return [m for m in self.models if any(item is layer for item in layers_of(m))]


def layers_of(model: Model) -> list[Layer]:
    """Return the layers of a model's own graph."""
    found = [op for op in graph_operations(model) if is_layer(op)]
    return found or list(visible_layers(model))
