"""Large replays in few lines: ``clone_model`` walks the graph, and only what differs is spelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .._adapter.graph_facts import carries_masks
from .._adapter.keras_types import is_layer
from .plan import ModelPlan, Part, Step

#: With more calls to be made again than this, a replay is written in the compact form.
COMPACT_FROM = 40


@dataclass
class Compact:
    """By the names of layers, what is called instead of them, and what is called on what they make."""

    instead: dict[str, Part] = field(default_factory=dict)
    behind: dict[str, Part] = field(default_factory=dict)


def compact_form(plan: ModelPlan, steps: Sequence[Step]) -> Compact | None:
    """Return what differs, or ``None`` where walking the old graph does not give the new one."""
    graph = plan.graph
    if len(steps) <= COMPACT_FROM or graph is None or plan.input_specs or carries_masks(graph):
        return None
    if any(step.part.plan is not None for step in steps):
        return None
    found = Compact()
    inserted = {id(value): step for step in steps if step.call.node_index < 0 for value in step.call.outputs}
    for step in steps:
        if not (
            _put_behind(found, step, plan) if step.call.node_index < 0 else _put_in(found, step, inserted)
        ):
            return None
    return found


def _put_behind(found: Compact, step: Step, plan: ModelPlan) -> bool:
    taken = list(step.call.inputs())
    source = taken[0].call if len(taken) == 1 else None
    maker = next((s.part for s in plan.steps if s.call is source), None) if source is not None else None
    if source is None or maker is None or source.node_index < 0 or maker.name in found.behind:
        return False
    found.behind[maker.name] = step.part
    return True


def _put_in(found: Compact, step: Step, inserted: dict[int, Step]) -> bool:
    """Note what a recorded call calls now; it must still read what it read, or what was put behind that."""
    for now, before in zip(step.call.inputs(), step.call.recorded, strict=False):
        maker = inserted.get(id(now))
        if now is not before and (maker is None or next(maker.call.inputs()) is not before):
            return False
    if step.part.item is step.call.operation and step.part.origin == "kept":
        return True
    if not is_layer(step.call.operation):
        return True  # an operation has no weights and serves any shape
    known = found.instead.setdefault(step.call.operation.name, step.part)
    return known is step.part
