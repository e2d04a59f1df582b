"""What depends on a model: models that call it, models that read its layers, places that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from .._adapter.keras_types import is_layer
from .._adapter.membership import graph_layers, holds, is_input, own_layers
from .._data.edits import Edit, LayerRecord, Replace
from .._data.types import Layer, Model
from .graph_edits import Intent
from .intent_lists import edits_of_change, list_changes
from .plan import ModelPlan
from .spelling import Speller


@dataclass(frozen=True, eq=False)
class Dependent:
    """Something that goes on using the old model after a rebuild.

    Attributes:
        place: The user's name or path of it.
        model: The live model there.
        kind: ``holds`` the old model itself, ``calls`` it, or ``reads`` layers that are in the new model
            no longer.
    """

    place: str
    model: Model
    kind: Literal["holds", "calls", "reads"]

    def __str__(self) -> str:
        """Say it in one line."""
        what = {"holds": "holds", "calls": "calls", "reads": "reads layers of"}[self.kind]
        return f"`{self.place}` {what} the old model"


def dependents_of(plan: ModelPlan, target: str, speller: Speller) -> tuple[Dependent, ...]:
    """Return what depends on the model of a plan, models that call others of them behind these.

    ``target`` is the place that the new model is assigned to.
    """
    found: list[Dependent] = []
    old = plan.model
    gone = _gone(plan)
    seen: set[int] = set()
    for place, model in speller.models():
        if model is old:
            if place != target:
                found.append(Dependent(place, model, "holds"))
        elif id(model) not in seen and not holds(old, model):
            seen.add(id(model))
            if holds(model, old):
                found.append(Dependent(place, model, "calls"))
            elif gone & {id(layer) for layer in graph_layers(model)}:
                found.append(Dependent(place, model, "reads"))
    return tuple(sorted(found, key=lambda one: sum(holds(one.model, other.model) for other in found)))


def _gone(plan: ModelPlan) -> set[int]:
    """Return the ids of the old layers that the new graph does not call, or calls something beside."""
    kept = {id(part.item) for part in plan.parts() if part.origin == "kept"}
    beside = {
        id(value.call.operation)
        for step in plan.steps
        if step.call.node_index < 0
        for value in step.call.inputs()
        if value.call is not None
    }
    return {id(layer) for layer in own_layers(plan.model) if id(layer) not in kept} | beside


# Rebuilding them


class Followers:
    """Knows how what depends on a model follows it, after the model itself was rebuilt."""

    def __init__(self, plan: ModelPlan, intent: Intent, made: Model) -> None:
        self._new = {id(plan.model): made}
        self._old = {id(plan.model): plan.model}
        self._edits = list(_named_edits(plan, intent, made))

    def edits_for(self, dependent: Dependent) -> list[Edit]:
        """Return the edits that bring one of them to the new model."""
        if dependent.kind == "reads":
            inside = {id(layer) for layer in graph_layers(dependent.model)}
            return [edit for edit in self._edits if id(_subject(edit)) in inside]
        outer = [key for key, old in self._old.items() if holds(dependent.model, old)]
        # A model inside another one that is replaced as a whole comes along with it.
        direct = [k for k in outer if not any(holds(self._old[o], self._old[k]) for o in outer if o != k)]
        return [Replace(self._old[key], self._new[key]) for key in direct]

    def note(self, dependent: Dependent, made: Model) -> None:
        """Note that one of them was rebuilt."""
        self._old[id(dependent.model)] = dependent.model
        self._new[id(dependent.model)] = made


def _subject(edit: Any) -> Layer:
    return edit.old if isinstance(edit, Replace) else edit.layer


def _named_edits(plan: ModelPlan, intent: Intent, made: Model) -> Iterator[Edit]:
    """Yield the edits of the old model's own layers by name, and those of the layers that were recreated."""
    yield from intent.graph.get(id(plan.model), ())
    if id(plan.model) in intent.lists:
        yield from _of_list(list(plan.model.layers), intent.lists[id(plan.model)], made)
    by_name = {layer.name: layer for layer in made.layers}
    for part in plan.parts():
        if part.origin in ("fresh", "model") and is_layer(part.item) and part.name in by_name:
            yield Replace(part.item, by_name[part.name])


def _of_list(before: list[Layer], after: list[Layer], made: Model) -> Iterator[Edit]:
    """Yield the edits that the change of a Sequential's list means."""
    live = [layer for layer in made.layers if not is_input(layer)]
    given = [now if isinstance(item, LayerRecord) else item for item, now in zip(after, live, strict=True)]
    for start, old, new in list_changes(before, given):
        yield from edits_of_change(before, start, old, new)
