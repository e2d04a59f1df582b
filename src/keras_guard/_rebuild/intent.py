"""From edits to intent: which graph did the user mean? What has two readings is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from .._adapter.face import FACE, is_graph_model, is_layer, is_model
from .._adapter.graph import functional_of, read_graph, sub_layers
from .._adapter.membership import graph_layers, graph_operations, is_input, same_items, visible_layers
from .._data.edits import InsertAfter, LayerRecord, ListEdit, Remove, Replace
from .plan import GraphEdit, Intent
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


class _Places:
    """Who stands where after the edits read so far.

    A place is known by the layer that had it first: one of the graph, or one that an edit inserted.
    """

    def __init__(self) -> None:
        #: By ``id`` of a place, the place and the layer that took it.
        self._taken: dict[int, tuple[Any, Any]] = {}
        self._added: dict[int, tuple[Any, list[Any]]] = {}
        self._gone: set[int] = set()

    def of(self, wanted: Any) -> list[Any]:
        """Return the places of a layer that edits put in, by the layer or its name."""
        placed = [place for place, now in self._taken.values() if _is_meant(now, wanted)]
        for key, (new, _) in self._added.items():
            if key not in self._taken and _is_meant(new, wanted):
                placed.append(new)
        return placed

    def kept(self, place: Any) -> bool:
        """Whether the layer that had a place first still stands there."""
        return id(place) not in self._taken and id(place) not in self._gone

    def occupant(self, place: Any) -> Any:
        """Return the layer that stands in a place now."""
        return self._taken.get(id(place), (place, place))[1]

    def occupy(self, place: Any, new: Any) -> None:
        """Note that a layer took a place."""
        self._taken[id(place)] = (place, new)

    def add(self, new: Any, owners: list[Any]) -> None:
        """Note that a layer was inserted into some models."""
        self._added[id(new)] = (new, owners)

    def added_to(self, place: Any) -> list[Any]:
        """Return the models into which an edit inserted the layer."""
        return self._added.get(id(place), (None, []))[1]

    def vacate(self, place: Any) -> None:
        """Note that nothing stands in a place any more."""
        self._gone.add(id(place))

    def check(self, place: Any) -> None:
        """Refuse an edit of a place that is no more.

        Raises:
            RebuildRefused: When an earlier edit took the layer out.
        """
        if id(place) in self._gone:
            raise RebuildRefused(
                f"{place.name!r} was already taken out by an earlier edit",
                ("leave one of the two edits out", "use Replace instead of Remove"),
            )


def _is_meant(layer: Any, wanted: Any) -> bool:
    return layer.name == wanted if isinstance(wanted, str) else layer is wanted


class _Reading:
    """Collects the intent of all edits."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.intent = Intent()
        self._models = [model, *(layer for layer in graph_layers(model) if is_model(layer))]
        self._places = _Places()

    # Edits that name a layer

    def replace(self, edit: Replace) -> None:
        """``old`` gives way to ``new`` wherever it is called."""
        place = self._find(edit.old)
        new = self._new_layer(edit.new)
        if self._places.occupant(place) is new:
            return
        for owner in self._owners(place):
            self._swap(owner, place, new)
        self._places.occupy(place, new)

    def insert_after(self, edit: InsertAfter) -> None:
        """``new`` is called on what ``layer`` makes."""
        place = self._find(edit.layer)
        new = self._new_layer(edit.new)
        owners = self._owners(place)
        for owner in owners:
            if isinstance(owner, FACE.sequential):
                items = self._list_of(owner)
                at = [i for i, item in enumerate(items) if item is self._places.occupant(place)]
                for position in reversed(at):
                    items.insert(position + 1, new)
                if is_input(place):
                    items.insert(0, new)
            else:
                self._graph(owner).append(GraphEdit("after", place, new))
        self._places.add(new, owners)

    def remove(self, edit: Remove) -> None:
        """``layer`` is taken out."""
        place = self._find(edit.layer)
        for owner in self._owners(place):
            self._remove(owner, place)
        self._places.vacate(place)

    def _remove(self, owner: Any, layer: Any) -> None:
        name = str(layer.name)
        if is_input(layer):
            raise RebuildRefused(
                f"{name!r} is an input of {owner.name!r}; without it there is nothing to feed",
                ("replace it by another keras.Input",),
            )
        if isinstance(owner, FACE.sequential):
            items = self._list_of(owner)
            items[:] = [item for item in items if item is not self._places.occupant(layer)]
            if not items:
                raise RebuildRefused("nothing of the model is left: it needs at least one layer")
            return
        self._check_bypass(owner, layer)
        self._graph(owner).append(GraphEdit("bypass", layer))

    def _check_bypass(self, owner: Any, layer: Any) -> None:
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

    def _swap(self, owner: Any, old: Any, new: Any) -> None:
        if is_input(old):
            self._new_input(owner, old, new)
        elif isinstance(owner, FACE.sequential):
            items, there = self._list_of(owner), self._places.occupant(old)
            items[:] = [new if item is there else item for item in items]
        else:
            self._graph(owner).append(GraphEdit("swap", old, new))

    def _new_input(self, owner: Any, old: Any, new: Any) -> None:
        spec = _input_spec(new)
        if spec is None:
            raise RebuildRefused(
                f"{old.name!r} is an input of {owner.name!r}; only another keras.Input can stand there",
                (f"insert {getattr(new, 'name', 'the layer')!r} after it instead",),
            )
        if isinstance(owner, FACE.sequential):
            self.intent.inputs[id(owner)] = spec
        else:
            self._graph(owner).append(GraphEdit("input", old, spec))

    # Finding layers

    def _find(self, wanted: Any) -> Any:
        """Return the place in the graph that is meant, by the layer there, the one it had, or a name.

        Edits come one after another: a later one may name what an earlier one put in.
        """
        found = {id(place): place for place in self._places.of(wanted)}
        if not found or self._is_original(wanted):
            place = self._original(wanted)
            if not found or self._places.kept(place):
                found[id(place)] = place
        if len(found) > 1:
            name = wanted if isinstance(wanted, str) else wanted.name
            raise RebuildRefused(
                f"{name!r} stands in {len(found)} places since an earlier edit; which one is meant is open",
                ("leave one of the edits out, or put another layer in",),
            )
        place = next(iter(found.values()))
        self._places.check(place)
        return place

    def _is_original(self, wanted: Any) -> bool:
        return any(_is_meant(layer, wanted) for model in self._models for layer in _layers_of(model))

    def _original(self, wanted: Any) -> Any:
        if isinstance(wanted, LayerRecord):
            wanted = wanted.name
        if isinstance(wanted, str):
            return self._named(wanted)
        if is_layer(wanted):
            if self._owners(wanted):
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
        raise RebuildRefused(f"{_kind(wanted)} is no layer; give a layer of the model or its name")

    def _named(self, name: str) -> Any:
        found: dict[int, Any] = {}
        for model in self._models:
            for layer in _layers_of(model):
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
        known = [layer.name for model in self._models for layer in _layers_of(model)]
        close = difflib.get_close_matches(str(name), known, n=3) or known[:8]
        return tuple(repr(found) for found in dict.fromkeys(close))

    def _owners(self, layer: Any) -> list[Any]:
        """Return the models whose own graph calls the layer, or has come to call it."""
        added = self._places.added_to(layer)
        if added:
            return added
        return [m for m in self._models if any(item is layer for item in _layers_of(m))]

    def _new_layer(self, new: Any) -> Any:
        if is_layer(new) or isinstance(new, LayerRecord) or _input_spec(new) is not None:
            return new
        raise RebuildRefused(_not_a_layer(new), _cure_of(new))

    def _list_of(self, owner: Any) -> list[Any]:
        return self.intent.lists.setdefault(id(owner), list(owner.layers))

    def _graph(self, owner: Any) -> list[GraphEdit]:
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
        for model in self._models:
            shared = sum(id(layer) in given for layer in visible_layers(model))
            if shared > most or (not given and len(visible_layers(model)) == len(edit.before) and most == 0):
                best, most = model, max(shared, 1)
        return best

    def list_edits(self, owner: Any, edits: Sequence[ListEdit]) -> None:
        """Read all edits of one model's list as one, made one after another."""
        if not is_graph_model(owner):
            raise refuse_subclassed(owner)
        before, after = fold(owner, edits)
        if isinstance(owner, FACE.sequential):
            self._sequential_list(owner, before, after)
        else:
            self._functional_list(owner, before, after)

    def _sequential_list(self, owner: Any, before: list[Any], after: list[Any]) -> None:
        after = [self._resolve(item) for item in after]
        if after and (is_input(after[0]) or _is_symbolic(after[0])):
            spec = _input_spec(after[0])
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
        if is_layer(item) or isinstance(item, LayerRecord) or _is_symbolic(item):
            return item
        raise RebuildRefused(_not_a_layer(item), _cure_of(item))

    def _functional_list(self, owner: Any, before: list[Any], after: list[Any]) -> None:
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


def fold(owner: Any, edits: Sequence[ListEdit]) -> tuple[list[Any], list[Any]]:
    """Return the model's list before all edits and what the user believes it holds now.

    Every read of ``model.layers`` is a fresh list, so edits made one after another each start
    from the model's own list; the user meant them to add up.
    """
    first = _restored(owner, edits[0].before)
    current = list(first)
    for edit in edits:
        current = _apply(current, _restored(owner, edit.before), list(edit.after), owner)
    return first, current


def _restored(owner: Any, before: Sequence[Any]) -> list[Any]:
    """Put the model's own layers where the record of a list lost them."""
    shown = visible_layers(owner)
    if len(shown) == len(before):
        return [own if item is None else item for item, own in zip(before, shown, strict=True)]
    return [item for item in before if item is not None]


def _apply(current: list[Any], before: list[Any], after: list[Any], owner: Any) -> list[Any]:
    """Make the change from ``before`` to ``after`` in a list that earlier edits changed already."""
    if same_items(tuple(current), tuple(before)):
        return after
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    result = list(current)
    offset_from_end = len(before)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        added = after[new_start:new_end]
        low = _position(result, before, start, end, owner, at_end=start >= offset_from_end)
        count = min(end - start, len(result) - low)
        result[low : low + count] = added
    return result


def _position(
    current: list[Any], before: list[Any], start: int, end: int, owner: Any, *, at_end: bool
) -> int:
    """Find where a change of ``before[start:end]`` stands in ``current``."""
    if start == end:
        if start == len(before):
            return len(current)
        if start == 0:
            return 0
        anchor = _find(current, before[start - 1])
        if anchor is not None:
            return anchor + 1
    found = _find(current, before[start]) if start < len(before) else None
    if found is not None:
        return found
    if len(current) == len(before):
        return start
    if end == len(before):
        return max(0, len(current) - (end - start))
    if start == 0:
        return 0
    raise RebuildRefused(
        f"the edits of the list of {owner.name!r} overlap: item {start} was already taken out by an earlier one",
        ("make them on one list: `layers = model.layers`, then build a model from it",),
    )


def _find(items: Sequence[Any], wanted: Any) -> int | None:
    return next((i for i, item in enumerate(items) if item is wanted), None)


def _layers_of(model: Any) -> list[Any]:
    found = [op for op in graph_operations(model) if is_layer(op)]
    return found or list(visible_layers(model))


def _made_by(value: Any) -> str:
    name = value.call.operation.name if value.call is not None else value.name
    return f"what {name!r} makes" if value.call is not None else f"the input {name!r}"


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, FACE.symbolic)


def _input_spec(value: Any) -> Any:
    """Return the spec of a ``keras.Input`` tensor, an input layer or the record of one."""
    from .._adapter.graph import Spec, maker_of, spec_of, Value  # noqa: I001

    if _is_symbolic(value):
        made = maker_of(Value(spec_of(value), "", tensor=value))
        return spec_of(value) if made is not None and is_input(made) else None
    if isinstance(value, LayerRecord):
        config = value.config or {}
        if value.cls.__name__ != "InputLayer":
            return None
        shape = config.get("batch_shape")
        return Spec(
            tuple(shape) if shape is not None else None, str(config.get("dtype")), bool(config.get("sparse"))
        )
    return spec_of(value.output) if is_layer(value) and is_input(value) else None


def _not_a_layer(value: Any) -> str:
    if isinstance(value, type):
        return f"{value.__name__} is a class, not a layer"
    if value == "KerasTensor" or _is_symbolic(value):
        return "a symbolic tensor stands where a layer belongs"
    kind = value if isinstance(value, str) else type(value).__name__
    return (
        f"a {kind} stands where a layer belongs"
        if kind != "NoneType"
        else "None stands where a layer belongs"
    )


def _cure_of(value: Any) -> tuple[str, ...]:
    if isinstance(value, type):
        return (f"make one: {value.__name__}(...)",)
    if callable(value) or value == "function":
        return ("wrap it: keras.layers.Lambda(function)",)
    if value == "KerasTensor" or _is_symbolic(value):
        return ("put the layer there that makes the tensor",)
    return ("put a layer there",)


__all__ = ["fold", "functional_of", "infer"]
