"""What a rebuilt model goes on with: the state of its optimizer, and the attributes of the user's."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from .._adapter.graph_facts import called_operations
from .._adapter.keras_types import is_layer, is_model, is_optimizer
from .._adapter.optimizer_state import (
    StateNotFoundError,
    copy_slots,
    has_state,
    known_variables,
    same_slots,
)
from .._adapter.own_attributes import own_attributes
from .._data.types import Layer, Model, Optimizer
from .draft import Draft
from .literals import is_plain_name, literal, local_name
from .plan import ModelPlan


def copy_optimizer_state(old: Model | Optimizer, new: Model, fresh: Collection[str] = ()) -> None:
    """Let a model train on where another one is, or where its own optimizer was.

    The optimizer of ``new`` gets the iterations, learning rate, and for each weight that both models
    have the state (moments, averages, accumulators) of the optimizer of ``old``. Weights are the same
    when they are one object, or belong to layers of the same name, class and shapes.

    Args:
        old: A compiled model that was trained, or the optimizer that ``new`` was trained with before.
        new: A compiled model whose optimizer is of the same class.
        fresh: Names of layers of ``new`` that start from new weights.
    """
    new.optimizer.build(new.trainable_variables)
    if is_optimizer(old):
        copy_slots(old, new.optimizer, {id(variable): variable for variable in known_variables(old)})
    else:
        copy_slots(old.optimizer, new.optimizer, _kept_weights(old, new, fresh))


def _kept_weights(old: Model, new: Model, fresh: Collection[str]) -> dict[int, Layer]:
    kept = {id(variable): variable for variable in old.trainable_variables}
    for before, after in _same_layers(old, new, fresh):
        shapes = [[tuple(v.shape) for v in layer.trainable_variables] for layer in (before, after)]
        if before is not after and shapes[0] == shapes[1]:
            pairs = zip(after.trainable_variables, before.trainable_variables, strict=True)
            kept.update((id(a), b) for a, b in pairs)
    return kept


def _same_layers(old: Model, new: Model, fresh: Collection[str]) -> Iterator[tuple[Layer, Layer]]:
    known = {layer.name: layer for layer in old.layers}
    for layer in new.layers:
        before = known.get(layer.name)
        if before is None or layer.name in fresh or type(before) is not type(layer):
            continue
        if is_model(layer):
            yield from _same_layers(before, layer, fresh)
        else:
            yield before, layer


# As code


class Continuation:
    """The lines of a cell that copy what the old model had: the state of its optimizer if asked, and attributes.

    The variables of the optimizer may be matched ``by_name``.
    """

    def __init__(self, plan: ModelPlan, draft: Draft, *, optimizer: bool, by_name: bool) -> None:
        self._plan = plan
        self._draft = draft
        self._by_name = by_name
        alone = draft.style == "source"
        self._attributes, self._left = ([], []) if alone else own_attributes(plan.model)
        self.copies_state = optimizer and not alone and has_state(plan.model)
        self.any = self.copies_state or bool(self._attributes)

    def lines(self, made: str) -> list[str]:
        """Return the lines, given the local name of the new model."""
        return [*self._state_lines(made), *self._attribute_lines(made)]

    @property
    def needs_import(self) -> bool:
        """Whether the lines call a function of keras_guard."""
        return self.copies_state and not (
            self._by_name and can_match_by_name(self._plan, fresh_names(self._plan))
        )

    def _state_lines(self, made: str) -> list[str]:
        if not self.copies_state:
            return []
        old = self._draft.model_text
        comment = "# The optimizer goes on where it was, for every weight that was kept."
        if not self.needs_import:
            return [comment, *copied_by_name(f"{old}.optimizer", made, self._draft.locals)]
        fresh = fresh_names(self._plan)
        more = f", fresh={literal(fresh)}" if fresh else ""
        return [comment, f"keras_guard.copy_optimizer_state({old}, {made}{more})"]

    def _attribute_lines(self, made: str) -> list[str]:
        plain = [name for name in self._attributes if is_plain_name(name)]
        left = [*self._left, *(name for name in self._attributes if name not in plain)]
        if left:
            self._draft.notes.append(
                f"not copied to the new model: its attributes {', '.join(map(repr, left))}"
            )
        return [f"{made}.{name} = {self._draft.model_text}.{name}" for name in plain]


def copied_by_name(old: str, model: str, taken: set[str]) -> list[str]:
    """Return the lines that copy the state of the optimizer ``old``, by the names of its variables, to that of a model."""
    state, variable = (local_name(name, taken) for name in ("state", "variable"))
    return [
        f"{model}.optimizer.build({model}.trainable_variables)",
        f"{state} = {{{variable}.name: {variable} for {variable} in {old}.variables}}",
        f"for {variable} in {model}.optimizer.variables:",
        f"    if {variable}.name in {state}:",
        f"        {variable}.assign({state}[{variable}.name])",
    ]


def fresh_names(plan: ModelPlan) -> list[str]:
    """Return the names of layers that start from new weights where the old model has a layer of that name."""
    known = {operation.name for operation in called_operations(plan.model)}
    found = [
        p.name for p in plan.parts() if p.origin in ("new", "fresh") and not p.carries and p.name in known
    ]
    return list(dict.fromkeys(found))


def can_match_by_name(plan: ModelPlan, fresh: Collection[str]) -> bool:
    """Whether the names of an optimizer's variables say which weight each belongs to."""
    names = [variable.name for variable in plan.model.optimizer.variables]
    recreated = any(p.carries or (p.origin == "fresh" and is_layer(p.item)) for p in plan.parts())
    return not fresh and not recreated and len(set(names)) == len(names)


def goes_on(made: Model, plan: ModelPlan, pairs: dict[int, Layer]) -> bool:
    """Whether the new optimizer has the state of every kept weight; ``pairs`` are those of :func:`check_model`."""
    kept = {id(variable): variable for variable in plan.model.trainable_variables}
    for part in plan.parts():
        layer = pairs.get(id(part))
        if part.carries and layer is not None:
            both = zip(layer.trainable_variables, part.item.trainable_variables, strict=True)
            kept.update((id(a), b) for a, b in both)
    try:
        return same_slots(plan.model.optimizer, made.optimizer, kept)
    except StateNotFoundError:
        return False
