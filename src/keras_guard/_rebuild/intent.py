"""From edits to intent: which graph did the user mean? What has two readings is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .._adapter.graph_facts import made_by
from .._adapter.keras_types import TYPES, is_graph_model, is_layer
from .._adapter.membership import is_input, visible_layers
from .._adapter.read_graph import read_graph
from .._claims.list_edits import fold, fold_on, without_input
from .._data.edits import InputShape, InsertAfter, InsertBefore, ListEdit, Remove, Replace, TooMany
from .._data.types import Layer, Model
from .demand import Demand
from .given import NewInput, asked_input, new_input, resolved, spelled
from .graph_edits import GraphEdit, Intent
from .input_shapes import new_inputs
from .intent_lists import FunctionalList
from .positions import LayerFinder
from .refused import RebuildRefused, refuse_subclassed


def infer(model: Model, edits: Sequence[object]) -> Intent:
    """Return what edits of a model, or of models inside it, were meant to make of it; the oldest edit is first.

    Raises:
        RebuildRefused: For an edit with more than one reading, or with none.
    """
    for edit in edits:
        if isinstance(edit, TooMany):
            raise RebuildRefused(
                f"{edit.made:,} edits were made by one line, and only the first {edit.kept:,} of them are known",
                ("edit one list, `layers = list(model.layers)`, then build a model from it",),
            )
    reading = _Reading(model)
    for edit in edits:
        if isinstance(edit, Replace):
            reading.replace(edit)
        elif isinstance(edit, (InsertAfter, InsertBefore)):
            reading.insert(edit)
        elif isinstance(edit, Remove):
            reading.remove(edit)
        elif isinstance(edit, InputShape):
            reading.input_shape(edit)
        elif not isinstance(edit, ListEdit):
            raise RebuildRefused(
                f"an edit is a Replace, InsertAfter, InsertBefore, Remove or InputShape, not a {type(edit).__name__}",
                ("for example Replace('dense', new_layer)",),
            )
    for owner, group in reading.by_owner(edit for edit in edits if isinstance(edit, ListEdit)):
        reading.list_edits(owner, group)
    return reading.finish()


class _Reading:
    """Collects the intent of all edits."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.intent = Intent()
        self._finder = LayerFinder(model)
        self.intent.demand = self._demand = Demand(self._finder.models)

    # Edits that name a layer

    def replace(self, edit: Replace) -> None:
        """Replace ``old`` by ``new`` at every call."""
        position = self._finder.find(edit.old)
        new = resolved(edit.new)
        there = self._finder.layer_at(position)
        if there is new:
            return
        owners = self._finder.owners(position)
        for owner in owners:
            self._swap(owner, position, new)
        self._demand.replaced(owners, there, new)
        self._finder.put(position, new)

    def insert(self, edit: InsertAfter | InsertBefore) -> None:
        """Call ``new`` on the output of ``layer``, or on its input for ``layer`` only."""
        new = resolved(edit.new)
        position = self._finder.find(edit.layer)
        owners = self._finder.owners(position)
        there = self._finder.layer_at(position)
        if isinstance(edit, InsertBefore) and is_input(position):
            raise RebuildRefused(
                f"{position.name!r} is an input; no layer is called before it",
                (f"InsertAfter({position.name!r}, {spelled(new)})",),
            )
        for owner in owners:
            if isinstance(owner, TYPES.sequential):
                self._insert_in_list(self._list_of(owner), there, new, behind=isinstance(edit, InsertAfter))
            else:
                self._graph(owner).append(type(edit)(position, new))
        self._demand.inserted(owners, there, new)
        self._finder.add(new, owners)

    @staticmethod
    def _insert_in_list(items: list[Layer], there: Layer, new: Layer, *, behind: bool) -> None:
        if is_input(there):
            items.insert(0, new)
            return
        for index in reversed([i for i, item in enumerate(items) if item is there]):
            items.insert(index + behind, new)

    def remove(self, edit: Remove) -> None:
        """Take ``layer`` out."""
        position = self._finder.find(edit.layer)
        owners = self._finder.owners(position)
        keep = None if edit.keep is None else self._finder.find(edit.keep)
        for owner in owners:
            self._remove(owner, position, keep)
        self._demand.removed(owners, self._finder.layer_at(position), keep)
        self._finder.remove(position)

    def _remove(self, owner: Model, layer: Layer, keep: Layer = None) -> None:
        name = str(layer.name)
        if is_input(layer):
            raise RebuildRefused(
                f"{name!r} is an input of {owner.name!r}; without it there is nothing to feed",
                (f"Replace({name!r}, keras.Input(...)) with the shape of the new input",),
            )
        if isinstance(owner, TYPES.sequential):
            items = self._list_of(owner)
            items[:] = [item for item in items if item is not self._finder.layer_at(layer)]
            if not items:
                raise RebuildRefused("nothing of the model is left: it needs at least one layer")
            return
        check_bypass(owner, layer, keep)
        self._graph(owner).append(Remove(layer, keep))

    def _swap(self, owner: Model, old: Layer, new: Layer) -> None:
        if is_input(old):
            self._new_input(owner, old, new)
        elif new_input(new) is not None:
            raise RebuildRefused(
                f"{old.name!r} is a layer of {owner.name!r}; a keras.Input can only replace an input",
                (
                    "Replace(model.inputs[0], ...) with the new keras.Input, and Remove what it makes needless",
                ),
            )
        elif isinstance(owner, TYPES.sequential):
            items, there = self._list_of(owner), self._finder.layer_at(old)
            items[:] = [new if item is there else item for item in items]
        else:
            self._graph(owner).append(Replace(old, new))

    def _new_input(self, owner: Model, old: Layer, new: Layer) -> None:
        spec = new_input(new)
        if spec is None:
            raise RebuildRefused(
                f"{old.name!r} is an input of {owner.name!r}; only another keras.Input can replace it",
                (f"InsertAfter({old.name!r}, {spelled(new)})",),
            )
        self._inputs(owner)[self._input_key(owner, old)] = spec

    def input_shape(self, edit: InputShape) -> None:
        """Give inputs of the whole model another shape."""
        for layer, new in new_inputs(self.model, edit):
            self._inputs(self.model)[self._input_key(self.model, layer)] = new

    def _inputs(self, owner: Model) -> dict[int, NewInput]:
        return self.intent.inputs.setdefault(id(owner), {})

    @staticmethod
    def _input_key(owner: Model, layer: Layer) -> int:
        return 0 if isinstance(owner, TYPES.sequential) else id(layer)

    def _list_of(self, owner: Model) -> list[Layer]:
        return self.intent.lists.setdefault(id(owner), list(owner.layers))

    def _graph(self, owner: Model) -> list[GraphEdit]:
        return self.intent.graph.setdefault(id(owner), [])

    # Edits of lists

    def by_owner(self, edits: Iterable[ListEdit]) -> Iterator[tuple[Any, list[ListEdit]]]:
        """Yield each model with the edits made of lists of its layers."""
        groups: dict[int, tuple[Any, list[ListEdit]]] = {}
        for edit in edits:
            owner = self._owner_of_list(edit)
            groups.setdefault(id(owner), (owner, []))[1].append(edit)
        yield from groups.values()

    def _owner_of_list(self, edit: ListEdit) -> Model:
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
        if isinstance(owner, TYPES.sequential):
            self._sequential_list(owner, edits)
        else:
            before, after = fold(owner, edits)
            self._functional_list(owner, before, [resolved(item) for item in after])

    def _sequential_list(self, owner: Model, edits: Sequence[ListEdit]) -> None:
        items = self._list_of(owner)
        edits = [without_input(owner, edit) for edit in edits]
        after = [resolved(item) for item in fold_on(list(items), owner, edits)]
        new = new_input(after[0]) if after else None
        if new is not None:
            self._inputs(owner)[0] = new
            after = after[1:]
        if not after:
            raise RebuildRefused(
                f"the list of {owner.name!r} is empty: a model needs at least one layer",
                ("put layers into the list, then rebuild",),
            )
        late = next((found for item in after if (found := new_input(item)) is not None), None)
        if late is not None:
            raise RebuildRefused(
                f"an Input is in the list of {owner.name!r} behind another layer; only the first item can be one",
                (f"model.layers.insert(0, keras.Input({(late.spec.shape or ())[1:]}))",),
            )
        items[:] = after
        self._demand.listed(owner, items)

    def _functional_list(self, owner: Model, before: list[Layer], after: list[Layer]) -> None:
        for edit in FunctionalList(owner, before, after).edits():
            if isinstance(edit, Replace):
                self._swap(owner, edit.old, edit.new)
            elif isinstance(edit, Remove):
                self._remove(owner, edit.layer)
            else:
                self._graph(owner).append(edit)
        self._demand.relisted(owner, before, after)

    def finish(self) -> Intent:
        """Return the intent, with the inputs that new first layers ask for."""
        for model in self._finder.models:
            items = self.intent.lists.get(id(model))
            if items and not any(items[0] is layer for layer in model.layers):
                asked = asked_input(items[0])
                if asked is not None:
                    self._inputs(model).setdefault(0, asked)
        return self.intent


def check_bypass(owner: Model, layer: Layer, keep: Layer) -> None:
    """Refuse to take a layer of a Functional out where more than one tensor could be read instead.

    ``keep`` is the layer or input whose output is to be read; ``None`` when the user named none.
    """
    graph = read_graph(owner)
    for call in graph.calls_of(layer):
        taken = list({id(v): v for v in call.inputs()}.values())
        names = list(dict.fromkeys(str(made_by(v).name) for v in taken))
        choices = tuple(f"Remove({layer.name!r}, keep={name!r})" for name in names[:6])
        if keep is not None and not any(made_by(v) is keep for v in taken):
            raise RebuildRefused(f"{layer.name!r} does not read what {keep.name!r} makes", choices)
        if len(taken) > 1 and keep is None:
            raise RebuildRefused(
                f"{layer.name!r} joins {len(taken)} branches (of {', '.join(map(repr, names))}); "
                "which one is to be read when it is removed?",
                choices,
            )
        read = [v for v in call.outputs if graph.consumers(v) or v in graph.flat_outputs()]
        if len(read) > 1:
            raise RebuildRefused(
                f"{layer.name!r} makes {len(read)} tensors that are read; its one input cannot replace all"
            )
    outputs = graph.flat_outputs()
    made = [n for n, v in enumerate(outputs) if v.call is not None and v.call.operation is layer]
    if made and len(outputs) > 1 and keep is None:
        others = ", ".join(f"model.outputs[{n}]" for n in range(len(outputs)) if n not in made)
        raise RebuildRefused(
            f"{layer.name!r} makes one of {len(outputs)} outputs of {owner.name!r}; is its input to be an output, "
            "or is that output to go?",
            (*choices, f"keras.Model(model.inputs, [{others}])"),
        )
