"""Edits of a graph, with every question of intent answered, and how they change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .._adapter.graph import Call, Graph, Spec, Value, map_structure
from .._adapter.membership import graph_layers
from .._data.types import Layer, Model
from .refused import RebuildRefused


@dataclass(frozen=True, eq=False)
class GraphEdit:
    """A change of one model's graph, with every question of intent answered.

    Attributes:
        kind: ``swap`` (at all its calls), ``after`` (for all consumers, or the given one only),
            ``bypass``, or ``input`` (another shape or type for an input).
        layer: The layer in the graph.
        new: The layer to put there; for ``input`` a :class:`Spec`.
    """

    kind: Literal["swap", "after", "bypass", "input"]
    layer: Layer
    new: Any = None


@dataclass(eq=False)
class Intent:
    """Everything that was meant, by model.

    Attributes:
        graph: Edits of Functional models, by ``id`` of the model.
        lists: The layers a Sequential shall have, by ``id`` of the model; items are layers or records.
        inputs: A new input of a Sequential, by ``id`` of the model.
        notes: What the user should know.
    """

    graph: dict[int, list[GraphEdit]] = field(default_factory=dict)
    lists: dict[int, list[Any]] = field(default_factory=dict)
    inputs: dict[int, Spec] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def touches(self, model: Model) -> bool:
        """Whether the model or one inside it is edited."""
        edited = {*self.graph, *self.lists, *self.inputs}
        return id(model) in edited or any(id(layer) in edited for layer in graph_layers(model))


def apply_edits(graph: Graph, edits: Sequence[GraphEdit]) -> dict[int, Layer]:
    """Put edits into a graph; returns what is called instead of each swapped operation, by ``id``."""
    swaps: dict[int, Layer] = {}
    for edit in edits:
        if edit.kind == "swap":
            swaps[id(edit.layer)] = edit.new
        elif edit.kind == "after":
            for call in graph.calls_of(edit.layer):
                insert_after(graph, call, edit.new)
        else:
            for call in graph.calls_of(edit.layer):
                bypass(graph, call)
    return swaps


def insert_after(graph: Graph, call: Call, new: Layer) -> None:
    """Call ``new`` on the one output of ``call``, for all that read it."""
    if len(call.outputs) != 1:
        raise RebuildRefused(
            f"{call.operation.name!r} has {len(call.outputs)} outputs; after which one shall the new layer stand?"
        )
    old = call.outputs[0]
    made = Value(old.spec, getattr(new, "name", "new"))
    substitute(graph, old, made)
    added = Call(new, (old,), {}, [made], node_index=-1)
    made.call = added
    graph.calls.insert(graph.calls.index(call) + 1, added)


def bypass(graph: Graph, call: Call) -> None:
    """Let the consumers of ``call`` read its input instead."""
    taken = {id(v): v for v in call.inputs()}
    if len(taken) != 1 or len(call.outputs) != 1:
        raise RebuildRefused(
            f"{call.operation.name!r} joins {len(taken)} tensors; which branch shall remain when it is removed?",
            tuple(f"keep {v.name!r}" for v in list(taken.values())[:6]),
        )
    substitute(graph, call.outputs[0], next(iter(taken.values())))
    graph.calls.remove(call)


def substitute(graph: Graph, old: Value, new: Value) -> None:
    """Let everything that read ``old`` read ``new``."""

    def swap(leaf: Any) -> Any:
        return new if leaf is old else leaf

    for call in graph.calls:
        call.args = map_structure(swap, call.args)
        call.kwargs = map_structure(swap, call.kwargs)
    graph.outputs = map_structure(swap, graph.outputs)


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
