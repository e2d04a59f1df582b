"""Models as code: a Sequential as its list, a Functional as the calls that are made again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .._adapter.graph import Graph, Value
from .._adapter.graph_input import (
    InputFacts,
    input_facts,
    input_of_value,
    is_automatic_input_name,
    model_class,
    sequential_input,
)
from .._adapter.layer_config import NotExpressibleError, is_automatic_name
from .._data.types import Layer
from .compact import Compact, compact_form
from .draft import Draft
from .layout import WIDTH, commented
from .literals import literal, local_name
from .part_text import PartWriter
from .plan import ModelPlan, Part, Step, all_plans
from .refused import RebuildRefused

_SLICE_FROM = 3


class ModelWriter:
    """Writes the models of a plan, inner ones first; a long replay may be left to ``clone_model`` if ``compact``."""

    def __init__(self, plan: ModelPlan, draft: Draft, parts: PartWriter, *, compact: bool) -> None:
        self._plan = plan
        self._draft = draft
        self._parts = parts
        self._compact = compact
        #: The name that goes from call to call.
        self._running = ""

    def body(self) -> str:
        """Write the lines of the models, and return the expression of the outermost one."""
        for plan in all_plans(self._plan):
            if plan is not self._plan:
                name = local_name(plan.model.name, self._draft.locals)
                text = self._model(plan, self._parts.reached(plan.model))
                self._draft.lines.append(f"{name} = {text}")
                self._parts.bound[id(plan)] = name
        return self._model(self._plan, self._draft.model_text)

    def _model(self, plan: ModelPlan, text: str) -> str:
        if plan.graph is None:
            return self._sequential(plan, text)
        return self._functional(plan, plan.graph, text)

    def _sequential(self, plan: ModelPlan, text: str) -> str:
        facts = self._sequential_input(plan)
        items = [self._input_text(facts)] if facts is not None else []
        layers = list(plan.model.layers)
        parts = [step.part for step in plan.steps]
        while parts:
            run = _kept_run(parts, layers)
            if len(run) >= _SLICE_FROM:
                items.append(f"*{text}.layers[{run.start}:{run.stop}]")
                del parts[: len(run)]
            else:
                part = parts.pop(0)
                items.append(commented(self._parts.comment(part), self._parts.callee(part)))
        return _call(self.class_text(plan), [f"[{', '.join(items)}]", *self._model_arguments(plan)])

    def _sequential_input(self, plan: ModelPlan) -> InputFacts | None:
        layer = sequential_input(plan.model)
        spec = plan.input_specs.get(0)
        name = plan.input_names.get(0, "")
        if layer is not None:
            facts = input_facts(layer, spec)
            return replace(facts, name=name or facts.name)
        return InputFacts(spec.shape, spec.dtype, name, {}) if spec is not None else None

    def _functional(self, plan: ModelPlan, graph: Graph, text: str) -> str:
        names: dict[int, str] = {}
        inputs = self._functional_inputs(plan, graph, text, names)
        steps = [step for step in plan.steps if step.replay]
        compact = compact_form(plan, steps) if self._compact and plan is self._plan else None
        if compact is not None:
            return self._cloning(plan, compact, text)
        shown = self._inline(plan, graph, steps, names)
        if shown is not None:
            return _call(self.class_text(plan), [inputs, shown, *self._model_arguments(plan)])
        readers = _readers(steps)
        given_out = {id(value) for value in graph.flat_outputs()}
        for position, step in enumerate(steps):
            made = [id(value) for value in step.call.outputs]
            read_by = {reader for value in made for reader in readers.get(value, ())}
            last = not read_by and position + 1 == len(steps)
            passed_on = last or (read_by == {position + 1} and given_out.isdisjoint(made))
            self._step(step, names, passed_on=passed_on)
        outputs = self._parts.structure(graph.outputs, names)
        return _call(self.class_text(plan), [inputs, outputs, *self._model_arguments(plan)])

    def _functional_inputs(self, plan: ModelPlan, graph: Graph, text: str, names: dict[int, str]) -> str:
        single = isinstance(graph.inputs, Value)
        for position, value in enumerate(graph.flat_inputs()):
            spec = plan.input_specs.get(id(value))
            if spec is None:
                names[id(value)] = f"{text}.input" if single else f"{text}.inputs[{position}]"
                continue
            facts = input_of_value(value, spec)
            facts = replace(facts, name=plan.input_names.get(id(value), facts.name))
            given = "" if is_automatic_input_name(facts.name) else facts.name
            name = local_name(given or "inputs", self._draft.locals)
            self._draft.lines.append(f"{name} = {self._input_text(facts)}")
            names[id(value)] = name
        if not plan.input_specs:
            return f"{text}.input"
        return self._parts.structure(graph.inputs, names)

    def _cloning(self, plan: ModelPlan, compact: Compact, text: str) -> str:
        """Let ``clone_model`` walk the graph, with the layers that differ by name."""
        graph = local_name("graph", self._draft.locals)
        model = self._draft.speller.keras("Model")
        arguments = ", ".join([f"{text}.input", f"{text}.output", *self._model_arguments(plan)])
        self._draft.lines.append(f"{graph} = {model}({arguments})")
        words = [graph, f"input_tensors={text}.input"]
        instead = local_name("instead", self._draft.locals)
        self._table(instead, compact.instead)
        words.append(f"clone_function=lambda layer: {instead}.get(layer.name, layer)")
        if compact.behind:
            behind, call = local_name("behind", self._draft.locals), local_name("call", self._draft.locals)
            self._table(behind, compact.behind)
            self._draft.lines += [
                f"def {call}(layer, *args, **kwargs):",
                "    made = layer(*args, **kwargs)",
                f"    return {behind}[layer.name](made) if layer.name in {behind} else made",
            ]
            words.append(f"call_function={call}")
        return _call(self._draft.speller.keras("models.clone_model"), words)

    def _table(self, name: str, parts: Mapping[str, Part]) -> None:
        pairs = [
            commented(self._parts.comment(part), f"{literal(layer)}: {self._parts.callee(part)}")
            for layer, part in parts.items()
        ]
        self._draft.lines.append(f"{name} = {{{', '.join(pairs)}}}")

    def _inline(
        self, plan: ModelPlan, graph: Graph, steps: Sequence[Step], names: dict[int, str]
    ) -> str | None:
        """Return the whole output as one expression, where it is a short chain; else ``None``."""
        if len(steps) > 2 or plan is not self._plan or not isinstance(graph.outputs, Value):
            return None
        shown = ""
        last: Value | None = None
        for step in steps:
            if self._parts.comment(step.part) or len(step.call.outputs) != 1 or step.call.outputs[0].path:
                return None
            if last is not None and list(step.call.inputs()) != [last]:
                return None
            here = dict(names) if last is None else {**names, id(last): shown}
            shown = self._parts.invocation(step, here)
            last = step.call.outputs[0]
        if last is not graph.outputs or len(shown) > WIDTH - 20:
            return None
        return shown

    def _step(self, step: Step, names: dict[int, str], *, passed_on: bool) -> None:
        comment = self._parts.comment(step.part)
        if comment and id(step.part) not in self._parts.bound:
            self._draft.lines.append(f"# {comment}")
        called = self._parts.invocation(step, names)
        name = self._result_name(step, passed_on=passed_on)
        self._draft.lines.append(f"{name} = {called}")
        for value in step.call.outputs:
            names[id(value)] = name + "".join(f"[{literal(key)}]" for key in value.path)

    def _result_name(self, step: Step, *, passed_on: bool) -> str:
        """``x`` for what only the next call reads, or for the one output of the last; else a name of its own."""
        if not passed_on:
            return local_name(step.part.name, self._draft.locals)
        if not self._running:
            self._draft.locals |= self._draft.speller.used
            self._running = local_name("x", self._draft.locals)
        return self._running

    def _input_text(self, facts: InputFacts) -> str:
        words = []
        if facts.batch_shape is not None:
            fixed = facts.batch_shape[:1] != (None,)
            words.append(f"batch_shape={facts.batch_shape}" if fixed else literal(facts.batch_shape[1:]))
        if facts.dtype is not None:
            words.append(f"dtype={literal(facts.dtype)}")
        words += [f"{flag}=True" for flag in facts.flags]
        if facts.name and not is_automatic_input_name(facts.name):
            words.append(f"name={literal(facts.name)}")
        return f"{self._draft.speller.keras('Input')}({', '.join(words)})"

    def class_text(self, plan: ModelPlan) -> str:
        """Return how a model's class is spelled."""
        found = model_class(plan.model)
        if found.overridden:
            assert found.lost is not None
            raise RebuildRefused(
                f"{plan.model.name!r} is a {found.lost.__name__}, which builds its own graph and overrides "
                f"{', '.join(found.overridden)}: a model rebuilt from its layers would lose that",
                (f"change the constructor of {found.lost.__name__}",),
            )
        if found.lost is not None:
            self._draft.notes.append(
                f"{plan.model.name!r} is a {found.lost.__name__}, which builds its own graph; "
                "the rebuilt model is a plain keras model"
            )
        if found.cls is not None:
            try:
                return self._draft.speller.cls(found.cls)
            except NotExpressibleError:
                return self._draft.speller.handle(found.cls)
        return self._draft.speller.keras("Sequential" if plan.graph is None else "Model")

    def _model_arguments(self, plan: ModelPlan) -> list[str]:
        automatic = plan is self._plan and is_automatic_name(plan.model, str(plan.model.name))
        words = [] if automatic else [f"name={literal(plan.model.name)}"]
        if plan.model.trainable is False:
            words.append("trainable=False")
        return words


def _readers(steps: Sequence[Step]) -> dict[int, list[int]]:
    """Return which steps read each tensor, by ``id`` of its :class:`Value`."""
    found: dict[int, list[int]] = {}
    for position, step in enumerate(steps):
        for value in step.call.inputs():
            found.setdefault(id(value), []).append(position)
    return found


def _kept_run(parts: Sequence[Part], layers: list[Layer]) -> range:
    """Return which layers of the old list the first parts are, in its order."""
    start = next((i for i, layer in enumerate(layers) if layer is parts[0].item), len(layers))
    run = itertools.takewhile(
        lambda pair: pair[0].item is pair[1] and pair[0].origin == "kept",
        zip(parts, layers[start:], strict=False),
    )
    return range(start, start + sum(1 for _ in run))


def _call(kind: str, words: Sequence[str]) -> str:
    return f"{kind}({', '.join(words)})"
