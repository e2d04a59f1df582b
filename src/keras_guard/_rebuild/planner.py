"""From the intent to a plan.

A plan is made by walking the graph with the edits applied. Wherever the shape of an input changed,
a fresh copy of the layer is asked which weights it needs. Layers whose weights still fit are kept;
the others are recreated from their config.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._adapter.graph import Call, Spec, Value, flat_with_paths, map_structure, values_in
from .._adapter.graph_facts import call_parameters, called_operations, maker_of, tied_layers
from .._adapter.keras_types import TYPES, is_layer
from .._adapter.layer_fit import Fit, outgrown
from .._adapter.membership import graph_layers, own_layers
from .._adapter.read_graph import functional_of, read_graph
from .._data.edits import LayerRecord
from .._data.types import Layer, Model, Namespace
from .given import asked_input
from .graph_edits import Intent, apply_edits, running_order
from .layer_choice import LayerChoices, outgrown_call
from .plan import ModelPlan, Outputs, Part, Step, admits, mark_replays, plan_input_specs
from .recreation import Recreation
from .refused import RebuildRefused
from .sequential_specs import SequentialSpecs, packed, sequential_specs, shapes_in_words, specs_in


class Planner:
    """Makes the plan of a model and of the models inside it.

    In each style but ``replay`` every layer that can be written as code is recreated.
    """

    def __init__(self, model: Model, intent: Intent, objects: Namespace, style: str) -> None:
        called, tied = called_operations(model), tied_layers(model)
        self._top = model
        self._intent = intent
        self._recreate = style != "replay"
        self._parts: dict[int, Part] = {}
        self._plans: dict[int, ModelPlan] = {}
        self._own = {id(operation) for operation in called}
        self._choices = LayerChoices(objects, tied)
        self._recreation = Recreation(called, objects, tied, carry=style != "source")
        self._alive: list[Any] = []
        self.notes = self._recreation.notes

    def plan(self) -> ModelPlan:
        """Return the plan of the whole model, choices made; refuse where a layer does not fit and cannot be recreated."""
        plan = self._model(self._top, None)
        for part in list(self._parts.values()):
            self._choices.choose(part)
            if not self._recreate:
                self._recreation.revive(part)
        if self._recreate:
            self._recreation.recreate_all(plan)
        if self._intent.demand is not None:
            self._intent.demand.check(plan)
        mark_replays(plan)
        return plan

    # One model

    def _model(self, model: Model, inputs: Sequence[Spec] | None) -> ModelPlan:
        known = self._plans.get(id(model))
        if known is not None:
            return self._again(known, inputs)
        if isinstance(model, TYPES.sequential):
            plan = self._sequential(model, inputs)
        else:
            plan = self._functional(model, inputs)
        self._plans[id(model)] = plan
        return plan

    def _again(self, plan: ModelPlan, inputs: Sequence[Spec] | None) -> ModelPlan:
        """A model used at several places has one plan: its inputs must suit all of them."""
        have = plan_input_specs(plan)
        if inputs is not None and not all(map(admits, have, inputs)):
            raise RebuildRefused(
                f"the model {plan.model.name!r} is used at several places, which would now need different inputs: "
                f"{shapes_in_words(have)} and {shapes_in_words(inputs)}",
                ("give each place a model of its own",),
            )
        return plan

    def _functional(self, model: Model, inputs: Sequence[Spec] | None) -> ModelPlan:
        graph = read_graph(model)
        plan = ModelPlan(model, graph=graph)
        self._alive.append(graph)
        edits = self._intent.graph.get(id(model), [])
        new_inputs = self._intent.inputs.get(id(model), {})
        for position, value in enumerate(graph.flat_inputs()):
            spec = inputs[position] if inputs is not None else value.spec
            new = new_inputs.get(id(maker_of(value)))
            if new is not None:
                spec = new.spec
                plan.input_names[id(value)] = new.name
            plan.specs[id(value)] = spec
            if self._recreate or new is not None or spec != value.spec:
                plan.input_specs[id(value)] = spec
        swaps = apply_edits(graph, edits)
        plan.changed = self._changes(plan, bool(edits))
        for call in running_order(graph):
            part = self._new_part(swaps.get(id(call.operation), call.operation))
            plan.steps.append(Step(part, call))
            self._flow(plan, call, part, moved=part.item is not call.operation or call.node_index < 0)
        plan.outputs = tuple((path, plan.specs[id(value)]) for path, value in flat_with_paths(graph.outputs))
        return plan

    def _new_part(self, item: Layer) -> Part:
        known = self._parts.get(id(item))
        if known is None:
            known = self._parts[id(item)] = Part("kept" if id(item) in self._own else "new", item)
            self._alive.append(item)
        return known

    def _flow(self, plan: ModelPlan, call: Call, part: Part, *, moved: bool) -> None:
        """Work out the specs of what a call makes, and note what the layer needs for it."""
        taken = list(call.inputs())
        changed = any(plan.specs[id(v)] != v.spec for v in taken)
        if moved or part.origin == "new":
            if part.item is not call.operation:
                call.kwargs = _accepted(part, call, self.notes)
            self._outputs(plan, call, part, self._probe(part, plan, call))
            return
        operation = part.item
        if functional_of(operation) is not None and (self._recreate or changed or self._touches(operation)):
            inner = self._nested(plan, part, [plan.specs[id(v)] for v in taken] if changed else None)
            self._outputs(plan, call, part, inner.outputs)
            return
        if not changed and not outgrown_call(call):
            for value in call.outputs:
                plan.specs[id(value)] = value.spec
            if is_layer(operation):
                self._note(part, plan, call, None)
            return
        self._outputs(plan, call, part, self._probe(part, plan, call))

    def _changes(self, plan: ModelPlan, edited: bool) -> bool:
        dead = self._recreation.concerns(own_layers(plan.model))
        return self._recreate or edited or bool(plan.input_specs) or dead

    def _touches(self, model: Model) -> bool:
        """Whether a nested model has to be rebuilt."""
        return self._intent.touches(model) or self._recreation.concerns(graph_layers(model))

    def _nested(self, plan: ModelPlan, part: Part, inputs: Sequence[Spec] | None) -> ModelPlan:
        inner = self._model(part.item, inputs)
        if inner.changed:
            part.origin, part.plan, plan.changed = "model", inner, True
        return inner

    def _outputs(self, plan: ModelPlan, call: Call, part: Part, found: Outputs) -> None:
        made = dict(found)
        if len(found) == 1 and len(call.outputs) == 1:
            call.outputs[0].path, plan.specs[id(call.outputs[0])] = found[0]
            return
        assert plan.graph is not None
        for value in call.outputs:
            if value.path in made:
                plan.specs[id(value)] = made[value.path]
            elif plan.graph.consumers(value) or any(v is value for v in plan.graph.flat_outputs()):
                raise RebuildRefused(
                    f"{part.name!r} returns {len(made)} tensor{'s' * (len(made) != 1)}, "
                    f"but the graph reads {len(call.outputs)} of what stood there"
                )
            else:
                plan.specs[id(value)] = value.spec

    # What a layer makes of an input, and what it needs for it

    def _probe(self, part: Part, plan: ModelPlan, call: Call) -> Outputs:
        def spec(leaf: object) -> Any:
            return plan.specs[id(leaf)] if isinstance(leaf, Value) else leaf

        _check_input_shape(part, [plan.specs[id(value)] for value in call.inputs()])
        found = self._choices.fit(part, map_structure(spec, call.args), map_structure(spec, call.kwargs))
        if is_layer(part.item) or isinstance(part.item, LayerRecord):
            self._note(part, plan, call, found)
        return found.outputs

    def _note(self, part: Part, plan: ModelPlan, call: Call, found: Fit | None) -> None:
        taken = list(call.inputs())
        self._choices.note(part.item, (v.spec for v in taken), (plan.specs[id(v)] for v in taken), found)

    # Sequential

    def _sequential(self, model: Model, inputs: Sequence[Spec] | None) -> ModelPlan:
        plan = ModelPlan(model)
        old = sequential_specs(model)
        listed = self._intent.lists.get(id(model))
        items = list(model.layers) if listed is None else listed
        current: Any = inputs[0] if inputs else (old.first if old is not None else None)
        new = self._intent.inputs.get(id(model), {}).get(0)
        if new is not None:
            current, plan.input_names[0] = new.spec, new.name
        if isinstance(current, Spec) and (new is not None or (old is not None and current != old.first)):
            plan.input_specs[0] = current
        plan.changed = self._changes(plan, listed is not None)
        for item in items:
            current = self._sequential_step(plan, self._new_part(item), current, old)
        if current is not None:
            plan.outputs = tuple(flat_with_paths(current))
        return plan

    def _sequential_step(
        self, plan: ModelPlan, part: Part, current: object, old: SequentialSpecs | None
    ) -> Any:
        call = Call(part.item, (current,), {}, node_index=0)
        plan.steps.append(Step(part, call))
        if current is None or old is None:
            return None
        _check_input_shape(part, list(specs_in(current)))
        was = old.inputs.get(id(part.item))
        changed = part.origin == "new" or was is None or all(current != w for w in was)
        changed = changed or outgrown(part.item, current, old.outputs[id(part.item)])
        is_nested = part.origin != "new" and functional_of(part.item) is not None
        if is_nested and (self._recreate or changed or self._touches(part.item)):
            nested = self._nested(plan, part, list(specs_in(current)) if changed else None)
            return packed(nested.outputs)
        found = self._choices.fit(part, (current,), {}) if changed else None
        self._choices.note(part.item, specs_in(was[0] if was else current), specs_in(current), found)
        return old.outputs[id(part.item)] if found is None else packed(found.outputs)


def _accepted(part: Part, call: Call, notes: list[str]) -> dict[str, Any]:
    """Leave out arguments the new layer does not take, where leaving out changes no wiring."""
    cls = part.item.cls if isinstance(part.item, LayerRecord) else type(part.item)
    taken = call_parameters(cls)
    if taken is None:
        return call.kwargs
    kept: dict[str, Any] = {}
    for name, value in call.kwargs.items():
        if name in taken:
            kept[name] = value
        elif list(values_in(value)):
            raise RebuildRefused(
                f"{call.operation.name!r} is called with {name}=..., which {part.name!r} ({cls.__name__}) does not take"
            )
        else:
            notes.append(
                f"{part.name!r} takes no {name}; {call.operation.name!r} was called with {name}={value!r}"
            )
    return kept


def _check_input_shape(part: Part, taken: Sequence[Spec]) -> None:
    """Refuse a new layer whose ``input_shape=`` is not the shape of the tensor it is called on."""
    asked = asked_input(part.item) if part.origin == "new" else None
    if asked is None or not taken or admits(asked.spec, taken[0]):
        return
    raise RebuildRefused(
        f"{part.name!r} asks for inputs of shape {asked.spec} (input_shape=...), but it is called on {taken[0]}",
        (
            "leave its input_shape out",
            "change the input of the model, too: Replace it by another keras.Input",
        ),
    )
