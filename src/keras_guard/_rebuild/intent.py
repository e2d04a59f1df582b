"""From edits to intent: which graph did the user mean? What has two readings is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .._adapter.face import FACE, is_graph_model, is_layer, is_symbolic
from .._adapter.membership import is_input, visible_layers
from .._adapter.read_graph import read_graph
from .._data.edits import InsertAfter, LayerRecord, ListEdit, Remove, Replace
from .._data.types import Layer, Model
from .given import input_spec, refuse_item
from .graph_edits import GraphEdit, Intent
from .list_edits import fold
from .positions import LayerFinder
from .refused import RebuildRefused, refuse_subclassed


def infer(model: Any, edits: Sequence[Any]) -> Intent:
    """Return what edits of a model, or of models inside it, were meant to make of it.

    Args:
        model: The whole model.
        edits: :class:`Replace`, :class:`InsertAfter`, :class:`Remove`, :class:`ListEdit`, oldest first.

    Raises:
        RebuildRefused: For an edit with more than one reading, or with none.
    """
    reading = _Reading(model)
    lists: list[ListEdit] = []
    for edit in edits:
        if isinstance(edit, ListEdit):
            lists.append(edit)
        elif isinstance(edit, Replace):
            reading.replace(edit)
        elif isinstance(edit, InsertAfter):
            reading.insert_after(edit)
        elif isinstance(edit, Remove):
            reading.remove(edit)
        else:
            raise RebuildRefused(
                f"an edit is a Replace, InsertAfter or Remove, not {_kind(edit)}",
                ("for example Replace('dense', new_layer)",),
            )
    for owner, group in reading.by_owner(lists):
        reading.list_edits(owner, group)
    return reading.intent


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


class _Reading:
    """Collects the intent of all edits."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.intent = Intent()
        self._finder = LayerFinder(model)
        self._positions = self._finder.positions

    # Edits that name a layer

    def replace(self, edit: Replace) -> None:
        """``old`` gives way to ``new`` wherever it is called."""
        position = self._finder.find(edit.old)
        new = self._new_layer(edit.new)
        if self._positions.layer_at(position) is new:
            return
        for owner in self._finder.owners(position):
            self._swap(owner, position, new)
        self._positions.put(position, new)

    def insert_after(self, edit: InsertAfter) -> None:
        """``new`` is called on what ``layer`` makes."""
        position = self._finder.find(edit.layer)
        new = self._new_layer(edit.new)
        owners = self._finder.owners(position)
        for owner in owners:
            if isinstance(owner, FACE.sequential):
                items = self._list_of(owner)
                at = [i for i, item in enumerate(items) if item is self._positions.layer_at(position)]
                for position in reversed(at):
                    items.insert(position + 1, new)
                if is_input(position):
                    items.insert(0, new)
            else:
                self._graph(owner).append(GraphEdit("after", position, new))
        self._positions.add(new, owners)

    def remove(self, edit: Remove) -> None:
        """``layer`` is taken out."""
        position = self._finder.find(edit.layer)
        for owner in self._finder.owners(position):
            self._remove(owner, position)
        self._positions.remove(position)

    def _remove(self, owner: Model, layer: Layer) -> None:
        name = str(layer.name)
        if is_input(layer):
            raise RebuildRefused(
                f"{name!r} is an input of {owner.name!r}; without it there is nothing to feed",
                ("replace it by another keras.Input",),
            )
        if isinstance(owner, FACE.sequential):
            items = self._list_of(owner)
            items[:] = [item for item in items if item is not self._positions.layer_at(layer)]
            if not items:
                raise RebuildRefused("nothing of the model is left: it needs at least one layer")
            return
        self._check_bypass(owner, layer)
        self._graph(owner).append(GraphEdit("bypass", layer))

    def _check_bypass(self, owner: Model, layer: Layer) -> None:
        graph = read_graph(owner)
        for call in graph.calls_of(layer):
            taken = {id(v): v for v in call.inputs()}
            if len(taken) > 1:
                names = list(dict.fromkeys(_made_by(v) for v in taken.values()))
                raise RebuildRefused(
                    f"{layer.name!r} joins {len(taken)} branches ({', '.join(names)}); "
                    "removing it leaves open which one goes on",
                    tuple(f"go on with {name} only" for name in names[:6]),
                )
            read = [v for v in call.outputs if graph.consumers(v) or v in graph.flat_outputs()]
            if len(read) > 1:
                raise RebuildRefused(
                    f"{layer.name!r} makes {len(read)} tensors that are used; one input cannot stand for all"
                )
        outputs = graph.flat_outputs()
        made = [v for v in outputs if v.call is not None and v.call.operation is layer]
        if made and len(outputs) > 1:
            raise RebuildRefused(
                f"{layer.name!r} makes one of {len(outputs)} outputs of {owner.name!r}",
                (
                    "leave that output out: build keras.Model with the other outputs",
                    "give out its input instead",
                ),
            )

    def _swap(self, owner: Model, old: Layer, new: Layer) -> None:
        if is_input(old):
            self._new_input(owner, old, new)
        elif isinstance(owner, FACE.sequential):
            items, there = self._list_of(owner), self._positions.layer_at(old)
            items[:] = [new if item is there else item for item in items]
        else:
            self._graph(owner).append(GraphEdit("swap", old, new))

    def _new_input(self, owner: Model, old: Layer, new: Layer) -> None:
        spec = input_spec(new)
        if spec is None:
            raise RebuildRefused(
                f"{old.name!r} is an input of {owner.name!r}; only another keras.Input can stand there",
                (f"insert {getattr(new, 'name', 'the layer')!r} after it instead",),
            )
        if isinstance(owner, FACE.sequential):
            self.intent.inputs[id(owner)] = spec
        else:
            self._graph(owner).append(GraphEdit("input", old, spec))

    def _new_layer(self, new: Any) -> Any:
        if is_layer(new) or isinstance(new, LayerRecord) or input_spec(new) is not None:
            return new
        raise refuse_item(new)

    def _list_of(self, owner: Model) -> list[Any]:
        return self.intent.lists.setdefault(id(owner), list(owner.layers))

    def _graph(self, owner: Model) -> list[GraphEdit]:
        return self.intent.graph.setdefault(id(owner), [])

    # Edits of lists

    def by_owner(self, edits: Sequence[ListEdit]) -> Iterator[tuple[Any, list[ListEdit]]]:
        """Yield each model with the edits made of lists of its layers."""
        groups: dict[int, tuple[Any, list[ListEdit]]] = {}
        for edit in edits:
            owner = self._owner_of_list(edit)
            groups.setdefault(id(owner), (owner, []))[1].append(edit)
        yield from groups.values()

    def _owner_of_list(self, edit: ListEdit) -> Any:
        best, most = self.model, 0
        given = {id(item) for item in edit.before if is_layer(item)}
        for model in self._finder.models:
            shared = sum(id(layer) in given for layer in visible_layers(model))
            if shared > most or (not given and len(visible_layers(model)) == len(edit.before) and most == 0):
                best, most = model, max(shared, 1)
        return best

    def list_edits(self, owner: Model, edits: Sequence[ListEdit]) -> None:
        """Read all edits of one model's list as one, made one after another."""
        if not is_graph_model(owner):
            raise refuse_subclassed(owner)
        before, after = fold(owner, edits)
        if isinstance(owner, FACE.sequential):
            self._sequential_list(owner, before, after)
        else:
            self._functional_list(owner, before, after)

    def _sequential_list(self, owner: Model, before: list[Any], after: list[Any]) -> None:
        after = [self._resolve(item) for item in after]
        if after and (is_input(after[0]) or is_symbolic(after[0])):
            spec = input_spec(after[0])
            if spec is not None and not any(after[0] is item for item in before):
                self.intent.inputs[id(owner)] = spec
            after = after[1:]
        if not after:
            raise RebuildRefused(
                f"the list of {owner.name!r} is empty: a model needs at least one layer",
                ("put layers into the list, then rebuild",),
            )
        items = self._list_of(owner)
        earlier = {id(old): new for old, new in zip(owner.layers, items, strict=False)}
        items[:] = [
            earlier.get(id(item), item) if len(items) == len(owner.layers) else item for item in after
        ]

    def _resolve(self, item: Any) -> Any:
        if is_layer(item) or isinstance(item, LayerRecord) or is_symbolic(item):
            return item
        raise refuse_item(item)

    def _functional_list(self, owner: Model, before: list[Any], after: list[Any]) -> None:
        from .intent_lists import FunctionalList

        for edit in FunctionalList(
            owner, before, [self._resolve(i) for i in after], self.intent.notes
        ).edits():
            if edit.kind == "swap" and is_input(edit.layer):
                self._new_input(owner, edit.layer, edit.new)
            elif edit.kind == "bypass":
                self._remove(owner, edit.layer)
            else:
                self._graph(owner).append(edit)


def _made_by(value: Any) -> str:
    name = value.call.operation.name if value.call is not None else value.name
    return f"what {name!r} makes" if value.call is not None else f"the input {name!r}"
