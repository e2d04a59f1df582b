"""Edits of a graph, with every question of intent answered, and how they change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .._adapter.graph import Call, Graph, Value, map_structure
from .._adapter.graph_facts import made_by
from .._adapter.membership import graph_layers
from .._data.edits import InsertAfter, InsertBefore, Remove, Replace
from .._data.types import Layer, Model
from .demand import Demand
from .given import NewInput
from .refused import RebuildRefused

#: A change of a graph, with live layers in the place of names.
GraphEdit = Replace | InsertAfter | InsertBefore | Remove


@dataclass(eq=False)
class Intent:
    """Everything that was meant, by ``id`` of a model.

    Attributes:
        graph: Edits of Functional models, with every question of intent answered.
        lists: The layers a Sequential shall have; items are layers or records.
        inputs: New inputs, by ``id`` of the input layer; that of a Sequential by 0.
        demand: What the edits ask of the new graph.
    """

    graph: dict[int, list[GraphEdit]] = field(default_factory=dict)
    lists: dict[int, list[Layer]] = field(default_factory=dict)
    inputs: dict[int, dict[int, NewInput]] = field(default_factory=dict)
    demand: Demand | None = None

    def edits(self, model: Model) -> bool:
        """Whether the model's own graph is edited."""
        return any(id(model) in part for part in (self.graph, self.lists, self.inputs))

    def touches(self, model: Model) -> bool:
        """Whether the model or one inside it is edited."""
        return self.edits(model) or any(map(self.edits, graph_layers(model)))


def apply_edits(graph: Graph, edits: Sequence[GraphEdit]) -> dict[int, Layer]:
    """Put edits into a graph; returns what is called instead of each swapped operation, by ``id``."""
    swaps: dict[int, Layer] = {}
    for edit in edits:
        if isinstance(edit, Replace):
            swaps[id(edit.old)] = edit.new
        elif isinstance(edit, InsertAfter):
            for value in _made_by_layer(graph, edit.layer):
                insert_after(graph, value, edit.new)
        elif isinstance(edit, InsertBefore):
            for call in graph.calls_of(edit.layer):
                insert_before(graph, call, edit.new)
        else:
            for call in graph.calls_of(edit.layer):
                bypass(graph, call, edit.keep)
    return swaps


def _made_by_layer(graph: Graph, layer: Layer) -> list[Value]:
    """Return the one output of each call of a layer, or the tensor of an input."""
    found = [value for value in graph.flat_inputs() if made_by(value) is layer]
    for call in graph.calls_of(layer):
        if len(call.outputs) != 1:
            raise RebuildRefused(
                f"{call.operation.name!r} has {len(call.outputs)} outputs; after which one is the new layer to be called?"
            )
        found += call.outputs
    return found


def insert_after(graph: Graph, value: Value, new: Layer) -> None:
    """Call ``new`` on a tensor, for all that read it."""
    made = Value(value.spec, getattr(new, "name", "new"))
    substitute(graph, value, made)
    made.call = Call(new, (value,), {}, [made], node_index=-1)
    graph.calls.insert(graph.calls.index(value.call) + 1 if value.call is not None else 0, made.call)


def insert_before(graph: Graph, call: Call, new: Layer) -> None:
    """Call ``new`` on the one input of ``call``, for that call only."""
    taken = list({id(v): v for v in call.inputs()}.values())
    if len(taken) != 1:
        raise RebuildRefused(
            f"{call.operation.name!r} has {len(taken)} inputs; before which one is the new layer to be called?",
            tuple(f"InsertAfter({made_by(v).name!r}, ...), for all that read it" for v in taken[:6]),
        )
    made = Value(taken[0].spec, getattr(new, "name", "new"))
    _substitute_in(call, taken[0], made)
    made.call = Call(new, (taken[0],), {}, [made], node_index=-1)
    graph.calls.insert(graph.calls.index(call), made.call)


def bypass(graph: Graph, call: Call, keep: Layer = None) -> None:
    """Let the consumers of ``call`` read its input instead; of several, the one that ``keep`` makes."""
    taken = list({id(v): v for v in call.inputs()}.values())
    if keep is not None:
        taken = [value for value in taken if made_by(value) is keep]
    if len(taken) != 1 or len(call.outputs) != 1:
        raise RebuildRefused(
            f"{call.operation.name!r} has {len(taken)} inputs and {len(call.outputs)} outputs; which tensor is to be "
            "read when it is removed?"
        )
    substitute(graph, call.outputs[0], taken[0])
    graph.calls.remove(call)


def substitute(graph: Graph, old: Value, new: Value) -> None:
    """Let everything that read ``old`` read ``new``."""
    for call in graph.calls:
        _substitute_in(call, old, new)
    graph.outputs = map_structure(lambda leaf: new if leaf is old else leaf, graph.outputs)


def _substitute_in(call: Call, old: Value, new: Value) -> None:
    call.args, call.kwargs = map_structure(
        lambda leaf: new if leaf is old else leaf, (call.args, call.kwargs)
    )


def running_order(graph: Graph) -> list[Call]:
    """Return the calls the outputs need, each after what it reads; calls whose outputs are not read are left out."""
    done: dict[int, Call] = {}
    for output in graph.flat_outputs():
        waiting = [output.call] if output.call is not None else []
        while waiting:
            call = waiting[-1]
            if id(call) in done:
                waiting.pop()
                continue
            needed = [v.call for v in call.inputs() if v.call is not None and id(v.call) not in done]
            if needed:
                waiting.extend(reversed(needed))
            else:
                done[id(call)] = waiting.pop()
    order = {id(call): n for n, call in enumerate(graph.calls)}
    found = sorted(done.values(), key=lambda call: order[id(call)])
    return found if _is_ordered(found) else list(done.values())


def _is_ordered(calls: Sequence[Call]) -> bool:
    seen: set[int] = set()
    for call in calls:
        if any(v.call is not None and id(v.call) not in seen for v in call.inputs()):
            return False
        seen.add(id(call))
    return True
