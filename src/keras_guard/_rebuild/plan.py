"""A plan: which layer is called where in the new graph, and where each layer comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .._adapter.graph import Call, Graph, Spec
from .._adapter.graph_facts import is_public_output
from .._adapter.layer_config import Construct
from .._adapter.operation_words import OperationWords
from .._data.types import Layer, Model
from .sequential_specs import sequential_specs

#: (path, spec) of each tensor that is returned, flat.
Outputs = tuple[tuple[tuple[Any, ...], Spec], ...]
Origin = Literal["kept", "new", "fresh", "model"]


@dataclass(eq=False)
class Part:
    """A layer, nested model or operation of the new graph.

    Attributes:
        origin: ``kept`` from the old graph, ``new`` from the user, ``fresh`` (recreated from its
            config), or a ``model`` with a plan of its own.
        item: The live object, or the :class:`LayerRecord` of one that is gone.
        plan: The plan of a nested model.
        why: What a comment says of it.
        words: The call that recreates it, where that was asked for already.
        carries: Whether it is recreated only to be independent, and gets the old one's weights.
        recreated: Whether the code creates an object of its class for it.
    """

    origin: Origin
    item: Layer
    plan: ModelPlan | None = None
    why: str = ""
    carries: bool = False
    recreated: bool = False
    words: Construct | OperationWords | None = None

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(getattr(self.item, "name", ""))


@dataclass(eq=False)
class Step:
    """One call of the new graph.

    Attributes:
        part: What is called.
        call: Its arguments and outputs.
        replay: Whether it must be called again; otherwise its old tensors are used.
    """

    part: Part
    call: Call
    replay: bool = False


@dataclass(eq=False)
class ModelPlan:
    """How one model is rebuilt.

    Attributes:
        model: The model as it is.
        steps: The calls, in running order (for a Sequential, one a layer).
        graph: The edited graph of a Functional; ``None`` for a list of layers.
        input_names: Names of new inputs, by input, where the user gave one.
        input_specs: Specs of new inputs, by input; empty when all are kept.
        specs: The spec each tensor has now, by ``id`` of its :class:`Value`.
        outputs: What the model returns.
        changed: Whether anything differs from the model as it is.
    """

    model: Model
    steps: list[Step] = field(default_factory=list)
    graph: Graph | None = None
    input_specs: dict[int, Spec] = field(default_factory=dict)
    input_names: dict[int, str] = field(default_factory=dict)
    specs: dict[int, Spec] = field(default_factory=dict)
    outputs: Outputs = ()
    changed: bool = False

    def parts(self) -> Iterator[Part]:
        """Yield every part, those of nested plans included, each once."""
        return (part for _, part in self.ways(set()))

    def ways(self, seen: set[int], way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Part]]:
        """Yield every part that was not seen, with the names of the nested models around it."""
        for part in (step.part for step in self.steps):
            if id(part) not in seen:
                seen.add(id(part))
                yield way, part
                if part.plan is not None:
                    yield from part.plan.ways(seen, (*way, part.name))


def all_plans(plan: ModelPlan) -> list[ModelPlan]:
    """Return a plan and the plans inside it, inner ones first, each once."""
    found: dict[int, ModelPlan] = {}
    for step in plan.steps:
        if step.part.plan is not None and id(step.part.plan) not in found:
            for inner in all_plans(step.part.plan):
                found.setdefault(id(inner), inner)
    found.setdefault(id(plan), plan)
    return list(found.values())


def mark_replays(plan: ModelPlan) -> None:
    """Mark the calls that must run again: those of new parts, and all that reads what these make.

    A call whose output no public name reaches runs again too, and then all that reads it: else the
    new graph would call it twice.
    """
    for step in plan.steps:
        if step.part.plan is not None:
            mark_replays(step.part.plan)
        fresh = step.part.origin != "kept" or step.call.node_index < 0 or plan.graph is None
        step.replay = fresh or step.call.rewired
    while _mark_readers(plan) | _mark_unreachable(plan):
        pass


def _mark_readers(plan: ModelPlan) -> bool:
    """Mark what reads a new input or the output of a marked call; return whether anything was marked."""
    moved, changed = set(plan.input_specs), False
    for step in plan.steps:
        if not step.replay and any(id(v) in moved for v in step.call.inputs()):
            step.replay = changed = True
        if step.replay:
            moved.update(id(v) for v in step.call.outputs)
    return changed


def _mark_unreachable(plan: ModelPlan) -> bool:
    """Mark what a marked call reads and no public name reaches; return whether anything was marked."""
    if plan.graph is None:
        return False
    read, changed = {id(v) for v in plan.graph.flat_outputs()}, False
    for step in reversed(plan.steps):
        needed = not step.replay and any(id(v) in read for v in step.call.outputs)
        if needed and not is_public_output(step.call):
            step.replay = changed = True
        if step.replay:
            read.update(id(v) for v in step.call.inputs())
    return changed


def plan_input_specs(plan: ModelPlan) -> list[Spec]:
    """Return the specs of a plan's inputs, flat."""
    if plan.graph is not None:
        return [plan.specs[id(v)] for v in plan.graph.flat_inputs()]
    first = plan.input_specs.get(0)
    if first is not None:
        return [first]
    specs = sequential_specs(plan.model)
    return [specs.first] if specs is not None else []


def admits(have: Spec, wanted: Spec) -> bool:
    """Whether a tensor of the shape ``wanted`` can be fed where ``have`` is declared."""
    if have.shape is None or wanted.shape is None or len(have.shape) != len(wanted.shape):
        return have.shape == wanted.shape
    return all(h is None or h == w for h, w in zip(have.shape, wanted.shape, strict=True))
