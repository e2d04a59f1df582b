"""The graph that was meant: which layer is called where, which are kept and which made anew.

A plan is made by walking the graph with the edits in place and asking, wherever the shape of an
input changed, a fresh copy of the layer what weights it needs. Layers whose weights still fit are
kept; the others are made anew from their config.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .._adapter.face import FACE, is_layer
from .._adapter.graph import (
    Call,
    Graph,
    Spec,
    Value,
    call_parameters,
    called_operations,
    flat_with_paths,
    functional_of,
    is_public_output,
    maker_of,
    map_structure,
    read_graph,
    tied_layers,
    values_in,
)
from .._adapter.layer_config import Construct, NoWordsError, constructor_of
from .._adapter.layer_fit import (
    Fit,
    NoCopyError,
    NoFitError,
    config_holds_code,
    fit,
    fresh_copy,
    has_hidden_state,
    outgrown,
    weight_shapes_of,
)
from .._adapter.membership import graph_layers, is_built
from .._adapter.operation_words import OperationWords, operation_words
from .._data.edits import LayerRecord
from .refused import RebuildRefused

Origin = Literal["kept", "new", "fresh", "model"]


@dataclass(eq=False)
class Part:
    """A layer, nested model or operation of the graph that is to be.

    Attributes:
        origin: Kept from the old graph, given by the user, made anew from its config, or a model
            with a plan of its own.
        item: The live object, or the :class:`LayerRecord` of one that is gone.
        plan: The plan of a nested model.
        why: What a comment says of it.
        words: What makes it anew, where that was asked for already.
        carries: Whether it is made anew only to be independent, and takes the old one's weights.
    """

    origin: Origin
    item: Any
    plan: ModelPlan | None = None
    why: str = ""
    carries: bool = False
    words: Construct | OperationWords | None = None

    @property
    def name(self) -> str:
        """The layer's name."""
        return str(getattr(self.item, "name", ""))


@dataclass(eq=False)
class Step:
    """One call of the graph that is to be.

    Attributes:
        part: What is called.
        call: Its arguments and outputs.
        replay: Whether it must run again (otherwise its old tensors serve).
    """

    part: Part
    call: Call
    replay: bool


@dataclass(eq=False)
class ModelPlan:
    """How one model is made again.

    Attributes:
        model: The model as it is.
        sequential: Whether it is a list of layers.
        steps: The calls, in running order (for a Sequential, one a layer).
        graph: The edited graph of a Functional.
        input_specs: Specs of inputs that are made anew, by input; empty when all are kept.
        specs: The spec each tensor has now, by ``id`` of its :class:`Value`.
        outputs: (path, spec) of what the model returns.
        changed: Whether anything differs from the model as it is.
    """

    model: Any
    sequential: bool
    steps: list[Step] = field(default_factory=list)
    graph: Graph | None = None
    input_specs: dict[int, Spec] = field(default_factory=dict)
    specs: dict[int, Spec] = field(default_factory=dict)
    outputs: tuple[tuple[tuple[Any, ...], Spec], ...] = ()
    changed: bool = False

    def parts(self) -> Iterator[Part]:
        """Yield every part, those of nested plans included, each once."""
        seen: set[int] = set()
        for step in self.steps:
            if id(step.part) not in seen:
                seen.add(id(step.part))
                yield step.part
                if step.part.plan is not None:
                    yield from step.part.plan.parts()


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
    layer: Any
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

    def touches(self, model: Any) -> bool:
        """Whether the model or one inside it is edited."""
        edited = {*self.graph, *self.lists, *self.inputs}
        return id(model) in edited or any(id(layer) in edited for layer in graph_layers(model))


@dataclass
class _Site:
    where: str
    before: str
    after: str
    changed: bool
    weights: tuple[tuple[int, ...], ...] | None
    copied: bool = True


class Planner:
    """Makes the plan of a model and of the models inside it.

    Args:
        intent: What was meant.
        objects: The user's classes and functions.
        anew: Whether nothing of the old model may live on in the new one, as far as words reach.
    """

    def __init__(self, intent: Intent, objects: Mapping[str, Any], *, anew: bool = False) -> None:
        self._intent = intent
        self._objects = objects
        self._anew = anew
        self._parts: dict[int, Part] = {}
        self._plans: dict[int, ModelPlan] = {}
        self._sites: dict[int, list[_Site]] = {}
        self._tied: set[int] = set()
        self._own: set[int] = set()
        self._alive: list[Any] = []
        self.notes: list[str] = list(intent.notes)

    def plan(self, model: Any) -> ModelPlan:
        """Return the plan of a whole model, choices made.

        Raises:
            RebuildRefused: Where a layer does not fit and cannot be made anew.
        """
        self._tied = tied_layers(model)
        self._own = {id(operation) for operation in called_operations(model)}
        plan = self._model(model, None)
        for part in list(self._parts.values()):
            self._choose(part)
        if self._anew:
            self._make_anew(plan)
        mark_replays(plan)
        return plan

    # One model

    def _model(self, model: Any, inputs: Sequence[Spec] | None) -> ModelPlan:
        known = self._plans.get(id(model))
        if known is not None:
            return self._again(known, inputs)
        if isinstance(model, FACE.sequential):
            plan = self._sequential(model, inputs)
        else:
            plan = self._functional(model, inputs)
        self._plans[id(model)] = plan
        return plan

    def _again(self, plan: ModelPlan, inputs: Sequence[Spec] | None) -> ModelPlan:
        """A model used at several places has one plan: its inputs must suit all of them."""
        wanted = list(inputs) if inputs is not None else None
        have = plan_input_specs(plan)
        if wanted is not None and not all(_admits(h, w) for h, w in zip(have, wanted, strict=False)):
            raise RebuildRefused(
                f"the model {plan.model.name!r} is used at several places, which would now need different inputs: "
                f"{_shapes(have)} and {_shapes(wanted)}",
                ("give each place a model of its own",),
            )
        return plan

    def _functional(self, model: Any, inputs: Sequence[Spec] | None) -> ModelPlan:
        graph = read_graph(model)
        plan = ModelPlan(model, sequential=False, graph=graph)
        self._alive.append(graph)
        edits = self._intent.graph.get(id(model), [])
        new_inputs = {id(e.layer): e.new for e in edits if e.kind == "input"}
        for position, value in enumerate(graph.flat_inputs()):
            spec = inputs[position] if inputs is not None else value.spec
            spec = new_inputs.get(id(maker_of(value)), spec)
            plan.specs[id(value)] = spec
            if self._anew or spec != value.spec:
                plan.input_specs[id(value)] = spec
        swaps = apply_edits(graph, [e for e in edits if e.kind != "input"])
        plan.changed = self._anew or bool(edits) or bool(plan.input_specs)
        for call in running_order(graph):
            part = self._new_part(swaps.get(id(call.operation), call.operation))
            plan.steps.append(Step(part, call, replay=False))
            self._flow(plan, call, part, moved=part.item is not call.operation or call.node_index < 0)
        plan.outputs = tuple((path, plan.specs[id(value)]) for path, value in flat_with_paths(graph.outputs))
        return plan

    def _new_part(self, item: Any) -> Part:
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
                call.kwargs = self._accepted(part, call)
            self._outputs(plan, call, part, self._probe(part, plan, call, changed=True))
            return
        operation = part.item
        if functional_of(operation) is not None and (
            self._anew or changed or self._intent.touches(operation)
        ):
            self._nested(plan, call, part, changed)
            return
        if not changed and not _outgrown_call(call):
            for value in call.outputs:
                plan.specs[id(value)] = value.spec
            if is_layer(operation):
                self._note_site(part, plan, call, changed=False, found=None)
            return
        self._outputs(plan, call, part, self._probe(part, plan, call, changed=True))

    def _nested(self, plan: ModelPlan, call: Call, part: Part, changed: bool) -> None:
        inner = self._model(part.item, [plan.specs[id(v)] for v in call.inputs()] if changed else None)
        if inner.changed:
            part.origin, part.plan = "model", inner
            plan.changed = True
        self._outputs(plan, call, part, Fit(inner.outputs, None))

    def _outputs(self, plan: ModelPlan, call: Call, part: Part, found: Fit) -> None:
        made = dict(found.outputs)
        if len(found.outputs) == 1 and len(call.outputs) == 1:
            call.outputs[0].path = found.outputs[0][0]
            plan.specs[id(call.outputs[0])] = found.outputs[0][1]
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

    def _accepted(self, part: Part, call: Call) -> dict[str, Any]:
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
                self.notes.append(
                    f"{part.name!r} takes no {name}; {call.operation.name!r} was called with {name}={value!r}"
                )
        return kept

    # What a layer makes of an input, and what it needs for it

    def _probe(self, part: Part, plan: ModelPlan, call: Call, *, changed: bool) -> Fit:
        def spec(leaf: Any) -> Any:
            return plan.specs[id(leaf)] if isinstance(leaf, Value) else leaf

        found = self._fit(part, map_structure(spec, call.args), map_structure(spec, call.kwargs))
        if is_layer(part.item) or isinstance(part.item, LayerRecord):
            self._note_site(part, plan, call, changed=changed, found=found)
        return found

    def _fit(self, part: Part, args: Any, kwargs: Any) -> Fit:
        item = part.item
        try:
            if not is_layer(item) and not isinstance(item, LayerRecord):
                return fit(item, args, kwargs, record=False)
            if id(item) in self._tied and part.origin != "new":
                return fit(item, args, kwargs, record=False)
            try:
                copy = fresh_copy(item, self._objects)
            except NoCopyError as error:
                return self._fit_without_copy(part, args, kwargs, error)
            return fit(copy, args, kwargs)
        except NoFitError as error:
            raise RebuildRefused(
                f"{part.name!r} cannot take {_shapes(list(_specs_in(args)))}: {error}",
                ("change that layer too, or the layers before it",),
            ) from None

    def _fit_without_copy(self, part: Part, args: Any, kwargs: Any, error: NoCopyError) -> Fit:
        if isinstance(part.item, LayerRecord):
            raise RebuildRefused(
                f"the new layer {part.name!r} is gone and cannot be made again: {error}",
                ("bind the new layer to a name first, then edit and rebuild",),
            )
        return fit(part.item, args, kwargs, record=False)

    def _note_site(
        self, part: Part, plan: ModelPlan, call: Call, *, changed: bool, found: Fit | None
    ) -> None:
        taken = list(call.inputs())
        site = _Site(
            where=f"{plan.model.name!r}",
            before=_shapes([v.spec for v in taken]),
            after=_shapes([plan.specs[id(v)] for v in taken]),
            changed=changed,
            weights=found.weights if found is not None else weight_shapes_of(part.item),
            copied=found is None or found.weights is not None,
        )
        self._sites.setdefault(id(part.item), []).append(site)

    # Sequential

    def _sequential(self, model: Any, inputs: Sequence[Spec] | None) -> ModelPlan:
        plan = ModelPlan(model, sequential=True)
        old = sequential_specs(model)
        listed = self._intent.lists.get(id(model))
        items = list(model.layers) if listed is None else listed
        current: Any = inputs[0] if inputs else (old.first if old is not None else None)
        current = self._intent.inputs.get(id(model), current)
        if isinstance(current, Spec) and old is not None and current != old.first:
            plan.input_specs[0] = current
        plan.changed = self._anew or listed is not None or bool(plan.input_specs)
        for item in items:
            part = self._new_part(item)
            current = self._sequential_step(plan, part, current, old)
        if current is not None:
            plan.outputs = tuple(flat_with_paths(current))
        return plan

    def _sequential_step(self, plan: ModelPlan, part: Part, current: Any, old: SequentialSpecs | None) -> Any:
        call = Call(part.item, (current,), {}, node_index=0)
        plan.steps.append(Step(part, call, replay=True))
        if current is None or old is None:
            return None
        was = old.inputs.get(id(part.item))
        changed = part.origin == "new" or was is None or all(current != w for w in was)
        changed = changed or outgrown(part.item, current, old.outputs[id(part.item)])
        inner = functional_of(part.item)
        nested_edit = self._anew or changed or self._intent.touches(part.item)
        if part.origin != "new" and inner is not None and nested_edit:
            nested = self._model(part.item, list(_specs_in(current)) if changed else None)
            if nested.changed:
                part.origin, part.plan, plan.changed = "model", nested, True
            return _pack(nested.outputs)
        site = _Site(f"{plan.model.name!r}", _shapes(list(_specs_in(was[0] if was else current))),
                     _shapes(list(_specs_in(current))), changed, None)  # fmt: skip
        self._sites.setdefault(id(part.item), []).append(site)
        if not changed:
            site.weights = weight_shapes_of(part.item)
            return old.outputs[id(part.item)]
        found = self._fit(part, (current,), {})
        site.weights, site.copied = found.weights, found.weights is not None
        return _pack(found.outputs)

    # Choices

    def _choose(self, part: Part) -> None:
        """Decide whether a layer is kept: all its places must agree on the weights it needs."""
        sites = self._sites.get(id(part.item), [])
        if part.origin == "model" or not sites or isinstance(part.item, LayerRecord):
            self._agree(part, sites)
            return
        self._agree(part, sites)
        needed = next((s.weights for s in sites if s.weights is not None), None)
        built = is_built(part.item) and bool(
            getattr(part.item, "_inbound_nodes", ()) or weight_shapes_of(part.item)
        )
        if part.origin == "new":
            self._check_given(part, sites[0], needed, built)
            return
        moved = next((s for s in sites if s.changed), None)
        if moved is None or not built or not moved.copied:
            return
        have = weight_shapes_of(part.item)
        if needed == have and have:
            return
        if id(part.item) in self._tied:
            if needed is not None and needed != have:
                raise self._unfit(part, moved, "it shares weights with another layer")
            return
        part.origin = "fresh"
        part.why = f"made anew: {_reason(moved)}" if have else ""

    def _make_anew(self, plan: ModelPlan) -> None:
        """Make every layer and operation again that can be put in words; say which live on."""
        for part in plan.parts():
            if part.origin != "kept":
                continue
            try:
                part.words = words_of(part.item, self._objects, tied=id(part.item) in self._tied)
            except NoWordsError as error:
                self.notes.append(f"{part.name!r} is shared with the old model: {error}")
            else:
                part.origin = "fresh"
                part.carries = is_layer(part.item) and bool(part.item.get_weights())

    def _check_given(self, part: Part, site: _Site, needed: Any, built: bool) -> None:
        have = weight_shapes_of(part.item)
        if built and have and needed is not None and needed != have:
            raise RebuildRefused(
                f"the new layer {part.name!r} was already built with weights {_listed(have)}, "
                f"but for {site.after} it needs {_listed(needed)}",
                ("make a new layer and edit again",),
            )

    def _agree(self, part: Part, sites: Sequence[_Site]) -> None:
        known = [s for s in sites if s.weights is not None]
        for site in known[1:]:
            if site.weights != known[0].weights and any(s.changed for s in known):
                raise RebuildRefused(
                    f"{part.name!r} is shared by several places, which would now need different weights: "
                    f"{_listed(known[0].weights)} for {known[0].after} and {_listed(site.weights)} for {site.after}",
                    ("give each place a layer of its own", "make the branches the same width"),
                )

    def _unfit(self, part: Part, site: _Site, why: str) -> RebuildRefused:
        return RebuildRefused(
            f"{part.name!r} was built for {site.before} and would get {site.after}, "
            f"but it cannot be made anew: {why}"
        )


def _reason(site: _Site) -> str:
    if site.before == site.after:
        return "it was changed after its weights were made"
    return f"it was built for {site.before} and now gets {site.after}"


def _outgrown_call(call: Call) -> bool:
    """Whether the layer of a call says by now that it makes something else than it did."""
    taken = list(call.inputs())
    if len(taken) != 1 or len(call.outputs) != 1 or call.outputs[0].path:
        return False
    return outgrown(call.operation, taken[0].spec, call.outputs[0].spec)


# Sequential models


@dataclass(frozen=True)
class SequentialSpecs:
    """What flows through a built Sequential: the first input, and each layer's inputs and output."""

    first: Spec
    inputs: dict[int, list[Any]]
    outputs: dict[int, Any]


def sequential_specs(model: Any) -> SequentialSpecs | None:
    """Read the specs of a Sequential; ``None`` while it has no input."""
    functional = functional_of(model)
    if functional is None:
        return None
    graph = read_graph(functional)
    inputs: dict[int, list[Any]] = {}
    outputs: dict[int, Any] = {}
    for call in graph.calls:
        taken = map_structure(_spec_leaf, call.args[0])
        inputs.setdefault(id(call.operation), []).append(taken)
        outputs[id(call.operation)] = _pack(tuple((v.path, v.spec) for v in call.outputs))
    return SequentialSpecs(graph.flat_inputs()[0].spec, inputs, outputs)


def _spec_leaf(leaf: Any) -> Any:
    return leaf.spec if isinstance(leaf, Value) else leaf


def _pack(outputs: Sequence[tuple[tuple[Any, ...], Spec]]) -> Any:
    """Return the structure whose leaves stand at the given paths (flat lists and dicts are enough here)."""
    if len(outputs) == 1 and outputs[0][0] == ():
        return outputs[0][1]
    if all(len(path) == 1 and isinstance(path[0], int) for path, _ in outputs):
        return [spec for _, spec in outputs]
    if all(len(path) == 1 for path, _ in outputs):
        return {path[0]: spec for path, spec in outputs}
    return [spec for _, spec in outputs]


# Graphs


def apply_edits(graph: Graph, edits: Sequence[GraphEdit]) -> dict[int, Any]:
    """Put edits into a graph; returns what is called instead of each swapped operation, by ``id``."""
    swaps: dict[int, Any] = {}
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


def insert_after(graph: Graph, call: Call, new: Any) -> None:
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
    """Return the calls the outputs need, each after what it reads; calls that nobody reads drop out."""
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


def mark_replays(plan: ModelPlan) -> None:
    """Mark the calls that must run again: those of new parts, and all that reads what these make.

    A call whose inputs no public name reaches makes these run again too.
    """
    moved = set(plan.input_specs)
    for step in plan.steps:
        if step.part.plan is not None:
            mark_replays(step.part.plan)
        fresh = step.part.origin != "kept" or step.call.node_index < 0 or plan.graph is None
        step.replay = fresh or step.call.rewired or any(id(v) in moved for v in step.call.inputs())
        if step.replay:
            moved.update(id(v) for v in step.call.outputs)
    if plan.graph is None:
        return
    read = {id(v) for v in plan.graph.flat_outputs()}
    for step in reversed(plan.steps):
        unreachable = not step.replay and any(id(v) in read for v in step.call.outputs)
        if unreachable and not is_public_output(step.call):
            step.replay = True
        if step.replay:
            read.update(id(v) for v in step.call.inputs())


def plan_input_specs(plan: ModelPlan) -> list[Spec]:
    """Return the specs of a plan's inputs, flat."""
    if plan.graph is not None:
        return [plan.specs[id(v)] for v in plan.graph.flat_inputs()]
    first = plan.input_specs.get(0)
    if first is not None:
        return [first]
    specs = sequential_specs(plan.model)
    return [specs.first] if specs is not None else []


def _admits(have: Spec, wanted: Spec) -> bool:
    if have.shape is None or wanted.shape is None or len(have.shape) != len(wanted.shape):
        return have.shape == wanted.shape
    return all(h is None or h == w for h, w in zip(have.shape, wanted.shape, strict=True))


def _specs_in(structure: Any) -> Iterator[Spec]:
    for _, leaf in flat_with_paths(structure):
        if isinstance(leaf, Spec):
            yield leaf


def _shapes(specs: Sequence[Spec]) -> str:
    return ", ".join(str(s) for s in specs) or "nothing"


def words_of(item: Any, objects: Mapping[str, Any], *, tied: bool = False) -> Construct | OperationWords:
    """Return what makes an equal layer, or calls an equal operation.

    Raises:
        NoWordsError: Where nothing does.
    """
    if not is_layer(item):
        return operation_words(item)
    if tied:
        raise NoWordsError("it shares weights with another layer")
    if has_hidden_state(item):
        raise NoWordsError("it holds what adapt() learned")
    if config_holds_code(item):
        raise NoWordsError("its config holds code")
    return constructor_of(item, objects)


def _listed(shapes: Any) -> str:
    return ", ".join(str(shape) for shape in shapes or ()) or "no weights"
