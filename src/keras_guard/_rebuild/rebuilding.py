"""One rebuild, from the edits to code that was tried."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from .._adapter.compile_facts import keys_of_arguments, output_names
from .._adapter.keras_types import is_keras_2, is_layer
from .._data.edits import LayerRecord
from .._data.place import Place
from .._data.types import Model
from .cell import CellWriter
from .compact import COMPACT_FROM
from .compiling import CompileWords
from .continuing import Continuation
from .dependents import dependents_of
from .draft import Draft
from .dryrun import StateLostError, dry_run
from .graph_edits import Intent
from .intent import infer
from .plan import ModelPlan
from .planner import Planner
from .refused import RebuildRefused
from .result import Order, Rebuild
from .spelling import Speller
from .standalone import Definitions
from .target import target


class Rebuilding:
    """One rebuild."""

    def __init__(self, model: Model, names: dict[str, Any], objects: dict[str, Any], order: Order) -> None:
        self._model = model
        self._names = names
        self._objects = objects
        self._order = order
        self._intent = Intent()

    def rebuild(self, edits: tuple[object, ...]) -> Rebuild:
        style = self._order.style
        self._intent = infer(self._model, edits)
        planner = Planner(self._model, self._intent, self._objects, style)
        plan = planner.plan()
        long = sum(step.replay for step in plan.steps) > COMPACT_FROM
        # The ``clone_model`` of Keras 2 takes no layer for another.
        if long and style == "replay" and not is_keras_2(self._model):
            with contextlib.suppress(RebuildRefused):
                return self._tried(planner, plan, compact=True)
        return self._tried(planner, plan, compact=False)

    def _tried(self, planner: Planner, plan: ModelPlan, *, compact: bool) -> Rebuild:
        """Write the cell; copy the optimizer's state by the names of its variables, where these suffice."""
        for by_name in (True, False):
            with contextlib.suppress(StateLostError):
                return self._written(planner, plan, compact=compact, by_name=by_name)
        planner.notes.append("the optimizer starts fresh: its state cannot be told apart by weight")
        return self._written(planner, plan, compact=compact, by_name=None)

    def _written(self, planner: Planner, plan: ModelPlan, *, compact: bool, by_name: bool | None) -> Rebuild:
        style = self._order.style
        speller, place = self._speller_and_target()
        renamed = renamed_outputs(plan)
        draft = Draft(
            speller, self._objects, style, self._named(plan, renamed), self._old_text(speller, place)
        )
        draft.taken = set(self._names)
        continued = by_name is not None and not self._order.fresh_optimizer
        continuation = Continuation(plan, draft, optimizer=continued, by_name=bool(by_name))
        compiling = CompileWords(speller, self._objects)
        writer = CellWriter(plan, draft, place, continuation, compact=compact)
        text, trial = writer.write(compiling.words(self._model, renamed))
        proof = dry_run(
            trial,
            plan,
            {"__name__": "__main__"} if style == "source" else self._names,
            self._order.limit,
            continued=continuation.copies_state,
        )
        notes = [*planner.notes, *draft.notes, *shape_notes(plan)]
        return Rebuild(
            source=text,
            target=place.code(),
            kept=_names_of(plan, ("kept",)),
            fresh=_names_of(plan, ("new", "fresh")),
            dependents=dependents_of(plan, place.code(), Speller(self._names)),
            notes=tuple(dict.fromkeys(notes)),
            style=style,
            dry_run=proof,
            _held=tuple(speller.held),
            _namespace=self._names,
            _plan=plan,
            _intent=self._intent,
            _order=self._order,
        )

    def _speller_and_target(self) -> tuple[Speller, Place]:
        place = self._order.target or self._own_place() or Place("rebuilt")
        if self._order.style != "source":
            return Speller(self._names), place
        return Speller({}, Definitions()), place if place.is_name else Place("model")

    def _named(self, plan: ModelPlan, renamed: Mapping[str, str]) -> frozenset[str]:
        """Return the names of layers that something refers to."""
        outputs = frozenset(renamed.values()) if len(plan.outputs) > 1 else frozenset()
        return outputs | keys_of_arguments(self._model)

    def _own_place(self) -> Place | None:
        place = Speller(self._names).name_of(self._model)
        return target(place) if place is not None else None

    def _old_text(self, speller: Speller, place: Place) -> str:
        """Return how the old model is spelled: as the place it is rebuilt at, where it is there."""
        if self._order.style != "source" and place.get(self._names) is self._model:
            speller.used.add(place.root)
            return place.code()
        return speller.name_of(self._model) or ""


def renamed_outputs(plan: ModelPlan) -> dict[str, str]:
    """Return the outputs that are made by a layer of another name now; those in a dict keep their keys."""
    if plan.graph is None or isinstance(plan.graph.outputs, dict):
        return {}
    before = output_names(plan.model)
    after = []
    for value in plan.graph.flat_outputs():
        step = next((s for s in plan.steps if s.call is value.call), None)
        after.append(step.part.name if step is not None else value.name)
    if len(before) != len(after):
        return {}
    return {old: new for old, new in zip(before, after, strict=True) if old != new}


def shape_notes(plan: ModelPlan) -> list[str]:
    """Say where the rebuilt model takes or gives another shape than the old one."""
    try:
        before = [tuple(t.shape) for t in plan.model.outputs]
    except AttributeError:
        return []
    after = [spec.shape for _, spec in plan.outputs]
    if before == after:
        return []
    words = [", ".join(map(str, shapes)) for shapes in (before, after)]
    return [f"the output shape changes from {words[0]} to {words[1]}"]


def _names_of(plan: ModelPlan, origins: tuple[str, ...]) -> tuple[str, ...]:
    parts = [part for part in plan.parts() if part.origin in origins]
    return tuple(dict.fromkeys(p.name for p in parts if is_layer(p.item) or isinstance(p.item, LayerRecord)))
