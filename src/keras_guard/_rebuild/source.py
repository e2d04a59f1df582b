"""The plan as Python a person would have written."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._adapter.face import is_layer, is_model
from .._adapter.graph import (
    Call,
    Value,
    flat_with_paths,
    is_public_output,
    maker_of,
    map_structure,
    output_path_of,
    values_in,
)
from .._adapter.graph_input import (
    InputFacts,
    input_facts,
    input_of_value,
    model_class,
    sequential_input,
)
from .._adapter.layer_config import Construct, NoWordsError, constructor_of, is_automatic_name
from .._adapter.layer_fit import weight_shapes_of
from .._adapter.operation_words import OperationWords, operation_words
from .._data.edits import LayerRecord
from .compact import Compact, compact_form
from .plan import ModelPlan, Part, Step
from .refused import RebuildRefused
from .scoping import scope_words
from .spelling import Speller, literal, local_name, subscript

_LINE = 100
_SLICE_FROM = 3
_AUTOMATIC_INPUT = re.compile(r"input_layer(_\d+)?|keras_tensor(_\d+)?(CLONE)?")


class Writer:
    """Writes the cell that makes a planned model.

    Args:
        plan: The plan.
        speller: Spells names.
        target: The name to bind.
        objects: The user's classes and functions.
        style: ``replay``, ``copy`` or ``source``.
        compact: Whether a long replay may be left to ``clone_model``.
        named: Names of new layers that something else goes by; others' automatic names are left out.

    Attributes:
        notes: What the user should know and no comment says.
    """

    def __init__(
        self,
        plan: ModelPlan,
        speller: Speller,
        target: str,
        objects: Mapping[str, Any],
        named: frozenset[str] = frozenset(),
        *,
        style: str = "replay",
        compact: bool = False,
    ) -> None:
        self._plan = plan
        self._style = style
        self._compact = compact
        self._named = named
        self._speller = speller
        self._target = target
        self._objects = objects
        self._uses = Counter(id(step.part) for step in _all_steps(plan))
        self._operations: dict[int, OperationWords] = {}
        self._texts: dict[int, str] = {}
        self._bound: dict[int, str] = {}
        self._lines: list[str] = []
        self._locals: set[str] = set()
        #: The name that goes from call to call.
        self._running = ""
        self._model_text = speller.name_of(plan.model) or ""
        self._root_line = ""
        self._reach: dict[int, str] | None = None
        self.notes: list[str] = []

    def write(self, compiling: Sequence[str]) -> str:
        """Return the text of the cell.

        Args:
            compiling: The arguments of ``compile``, already spelled; empty for a model not compiled.

        Raises:
            RebuildRefused: Where a layer cannot be put in words.
        """
        self._check_names(self._plan)
        carried = [(way, part) for way, part in carried_parts(self._plan)] if self._style == "copy" else []
        old_is_read = (
            bool(carried) or self._style == "replay" or any(p.origin == "kept" for p in self._plan.parts())
        )
        if not self._model_text and old_is_read:
            handle = self._speller.handle(self._plan.model)
            self._model_text, self._root_line = "model", f"model = {handle}"
            self._locals.add("model")
        for part in self._plan.parts():
            if part.plan is None:
                self._texts[id(part)] = self._part_text(part)
        for plan in all_plans(self._plan):
            self._class_text(plan)
        self._locals |= self._speller.used | {self._target}
        body = self._body()
        if carried:
            body = self._carrying(body, carried)
        scope, notes = scope_words(self._plan.model, self._model_text, self._speller, self._style)
        self.notes += notes
        inside = bool(self._speller.imports or self._root_line or self._lines)
        if inside:
            return self._as_function(body, compiling, scope)
        lines = [f"{self._target} = {body}", *self._compile_lines(compiling, self._target)]
        return "\n".join([f"with {scope}:", *_indented(lines)] if scope else lines) + "\n"

    def _carrying(self, body: str, carried: Sequence[tuple[tuple[str, ...], Part]]) -> str:
        """Copy the weights of the layers that are made anew only to be independent."""
        made = local_name("copy", self._locals)
        self._lines.append(f"{made} = {body}")
        inside: dict[tuple[str, ...], list[str]] = {}
        for way, part in carried:
            inside.setdefault(way, []).append(part.name)
        for way, names in inside.items():
            steps = "".join(f".get_layer({literal(step)})" for step in way)
            listed = ", ".join(literal(name) for name in names) + ("," if len(names) == 1 else "")
            self._lines.append(f"for name in ({listed}):")
            line = f"{made}{steps}.get_layer(name).set_weights({self._model_text}{steps}.get_layer(name).get_weights())"
            self._lines.append(f"    {line}")
        return made

    def _as_function(self, body: str, compiling: Sequence[str], scope: str) -> str:
        function = local_name(f"rebuild_{self._target}", set(self._locals))
        head = [*self._speller.imports, *([self._root_line] if self._root_line else [])]
        lines = [*head, *([""] if head and (self._lines or scope) else [])]
        held = any("held(" in argument or "keras." in argument for argument in compiling)
        # What compile names may be imported in here only, and its optimizer belongs to the scope.
        inside = bool(compiling) and (bool(scope) or (held and bool(self._speller.imports)))
        made = local_name("rebuilt", self._locals) if inside else ""
        steps = (
            [f"{made} = {body}", *self._compile_lines(compiling, made), f"return {made}"] if inside else []
        )
        steps = [*self._lines, *(steps or [f"return {body}"])]
        lines += [f"with {scope}:", *_indented(steps)] if scope else steps
        text = [
            f"def {function}():",
            *_indented(lines),
            "",
            "",
            f"{self._target} = {function}()",
            f"del {function}",
        ]
        if compiling and not inside:
            text += self._compile_lines(compiling, self._target)
        return "\n".join(text) + "\n"

    @staticmethod
    def _compile_lines(compiling: Sequence[str], receiver: str) -> list[str]:
        if not compiling:
            return []
        short = f"{receiver}.compile({', '.join(compiling)})"
        if len(short) <= _LINE:
            return [short]
        return [f"{receiver}.compile(", *(f"    {argument}," for argument in compiling), ")"]

    def _body(self) -> str:
        for plan in all_plans(self._plan):
            if plan is not self._plan:
                name = local_name(plan.model.name, self._locals)
                text = self._model(plan, self._reached(plan.model))
                self._lines.append(f"{name} = {text}")
                self._bound[id(plan)] = name
        return self._model(self._plan, self._model_text)

    def _model(self, plan: ModelPlan, text: str) -> str:
        return self._sequential(plan, text) if plan.sequential else self._functional(plan, text)

    # Sequential

    def _sequential(self, plan: ModelPlan, text: str) -> str:
        items: list[tuple[str, str]] = []
        facts = self._sequential_input(plan)
        if facts is not None:
            items.append((self._input_text(facts), ""))
        layers = list(plan.model.layers)
        parts = [step.part for step in plan.steps]
        position = 0
        while position < len(parts):
            run = self._kept_run(parts, position, layers)
            start = _index(layers, parts[position].item)
            if run >= _SLICE_FROM and start is not None:
                items.append((f"*{text}.layers[{start}:{start + run}]", ""))
                position += run
                continue
            part = parts[position]
            items.append((self._callee(part), self._comment(part)))
            position += 1
        return self._list_call(self._class_text(plan), items, self._model_arguments(plan))

    def _kept_run(self, parts: Sequence[Part], position: int, layers: list[Any]) -> int:
        """Return how many parts from here on are layers of the old list in its order, without a name."""
        start = _index(layers, parts[position].item)
        if start is None:
            return 0
        count = 0
        while (
            position + count < len(parts)
            and start + count < len(layers)
            and parts[position + count].item is layers[start + count]
            and parts[position + count].origin == "kept"
            and self._speller.name_of(layers[start + count], deep=False) is None
        ):
            count += 1
        return count

    def _sequential_input(self, plan: ModelPlan) -> InputFacts | None:
        layer = sequential_input(plan.model)
        spec = plan.input_specs.get(0)
        if layer is not None:
            return input_facts(layer, spec)
        return InputFacts(spec.shape, spec.dtype, "", {}) if spec is not None else None

    @staticmethod
    def _list_call(kind: str, items: Sequence[tuple[str, str]], rest: Sequence[str]) -> str:
        tail = "".join(f", {argument}" for argument in rest)
        short = f"{kind}([{', '.join(text for text, _ in items)}]{tail})"
        if len(short) <= 70 and not any(comment for _, comment in items):
            return short
        lines = [f"{kind}(", "    ["] if rest else [f"{kind}(["]
        indent = "        " if rest else "    "
        for text, comment in items:
            if comment:
                lines.append(f"{indent}# {comment}")
            lines.append(f"{indent}{text},")
        if not rest:
            return "\n".join([*lines, "])"])
        return "\n".join([*lines, "    ],", *(f"    {argument}," for argument in rest), ")"])

    # Functional

    def _functional(self, plan: ModelPlan, text: str) -> str:
        graph = plan.graph
        assert graph is not None
        names: dict[int, str] = {}
        inputs = self._functional_inputs(plan, text, names)
        steps = [step for step in plan.steps if step.replay]
        compact = compact_form(plan, steps) if self._compact and plan is self._plan else None
        if compact is not None:
            return self._cloning(plan, compact, text)
        shown = self._inline(plan, steps, text, names)
        if shown is not None:
            return self._call_text(self._class_text(plan), [inputs, shown, *self._model_arguments(plan)])
        readers = _readers(steps)
        given_out = {id(value) for value in graph.flat_outputs()}
        for position, step in enumerate(steps):
            made = [id(value) for value in step.call.outputs]
            read_by = {reader for value in made for reader in readers.get(value, ())}
            last = not read_by and position + 1 == len(steps)
            passed_on = last or (read_by == {position + 1} and given_out.isdisjoint(made))
            self._step(plan, step, text, names, passed_on=passed_on)
        outputs = self._structure(plan, graph.outputs, text, names)
        return self._call_text(self._class_text(plan), [inputs, outputs, *self._model_arguments(plan)])

    def _functional_inputs(self, plan: ModelPlan, text: str, names: dict[int, str]) -> str:
        graph = plan.graph
        assert graph is not None
        single = isinstance(graph.inputs, Value)
        for position, value in enumerate(graph.flat_inputs()):
            spec = plan.input_specs.get(id(value))
            if spec is None:
                names[id(value)] = f"{text}.input" if single else f"{text}.inputs[{position}]"
                continue
            facts = input_of_value(value, spec)
            name = local_name(facts.name or "inputs", self._locals)
            self._lines.append(f"{name} = {self._input_text(facts)}")
            names[id(value)] = name
        if not plan.input_specs:
            return f"{text}.input"
        return self._structure(plan, graph.inputs, text, names)

    def _cloning(self, plan: ModelPlan, compact: Compact, text: str) -> str:
        """Let ``clone_model`` walk the graph, with the layers that differ by name."""
        graph = local_name("graph", self._locals)
        model = self._speller.keras("Model")
        arguments = ", ".join([f"{text}.input", f"{text}.output", *self._model_arguments(plan)])
        self._lines.append(f"{graph} = {model}({arguments})")
        words = [graph, f"input_tensors={text}.input"]
        instead = local_name("instead", self._locals)
        self._table(instead, compact.instead)
        words.append(f"clone_function=lambda layer: {instead}.get(layer.name, layer)")
        if compact.behind:
            behind, call = local_name("behind", self._locals), local_name("call", self._locals)
            self._table(behind, compact.behind)
            self._lines += [
                f"def {call}(layer, *args, **kwargs):",
                "    made = layer(*args, **kwargs)",
                f"    return {behind}[layer.name](made) if layer.name in {behind} else made",
            ]
            words.append(f"call_function={call}")
        return self._call_text(self._speller.keras("models.clone_model"), words)

    def _table(self, name: str, parts: Mapping[str, Part]) -> None:
        lines = [f"{name} = {{"]
        for layer, part in parts.items():
            if self._comment(part):
                lines.append(f"    # {self._comment(part)}")
            lines.append(f"    {literal(layer)}: {self._callee(part)},")
        self._lines += [*lines, "}"] if parts else [f"{name} = {{}}"]

    def _inline(self, plan: ModelPlan, steps: Sequence[Step], text: str, names: dict[int, str]) -> str | None:
        """Return the whole output as one expression, where it is a short chain; else ``None``."""
        graph = plan.graph
        assert graph is not None
        if len(steps) > 2 or plan is not self._plan or not isinstance(graph.outputs, Value):
            return None
        shown = ""
        last: Value | None = None
        for step in steps:
            if self._comment(step.part) or len(step.call.outputs) != 1 or step.call.outputs[0].path:
                return None
            if last is not None and list(step.call.inputs()) != [last]:
                return None
            here = dict(names) if last is None else {**names, id(last): shown}
            shown = self._invocation(plan, step, text, here)
            last = step.call.outputs[0]
        if last is not graph.outputs or len(shown) > _LINE - 30:
            return None
        return shown

    def _step(
        self, plan: ModelPlan, step: Step, text: str, names: dict[int, str], *, passed_on: bool
    ) -> None:
        comment = self._comment(step.part)
        if comment and id(step.part) not in self._bound:
            self._lines.append(f"# {comment}")
        called = self._invocation(plan, step, text, names)
        name = self._result_name(step, passed_on=passed_on)
        self._lines.append(f"{name} = {called}")
        for value in step.call.outputs:
            names[id(value)] = name + "".join(f"[{self._key(key)}]" for key in value.path)

    @staticmethod
    def _key(key: Any) -> str:
        return literal(key)

    def _result_name(self, step: Step, *, passed_on: bool) -> str:
        """``x`` for what only the next call reads, or for the one output of the last; else a name of its own."""
        if not passed_on:
            return local_name(step.part.name, self._locals)
        if not self._running:
            self._locals |= self._speller.used
            self._running = local_name("x", self._locals)
        return self._running

    def _invocation(self, plan: ModelPlan, step: Step, text: str, names: Mapping[int, str]) -> str:
        call = step.call
        words = [self._structure(plan, argument, text, names) for argument in call.args]
        words += [f"{key}={self._structure(plan, v, text, names)}" for key, v in call.kwargs.items()]
        found = self._operations.get(id(step.part))
        if found is not None:
            return self._operation_call(found, call, words)
        return f"{self._callee(step.part)}({', '.join(words)})"

    def _operation_call(self, found: OperationWords, call: Call, words: list[str]) -> str:
        if not found.path:
            return f"{words[0]}[{subscript(call.args[1]) if len(call.args) > 1 else words[1]}]"
        first = [self._plain(found.arguments[key]) for key in found.leading]
        rest = [f"{k}={self._plain(v)}" for k, v in found.arguments.items() if k not in found.leading]
        return f"{self._speller.keras(found.path)}({', '.join([*first, *words, *rest])})"

    def _plain(self, value: Any) -> str:
        try:
            return literal(value)
        except NoWordsError:
            return self._speller.handle(value)

    def _structure(self, plan: ModelPlan, structure: Any, text: str, names: Mapping[int, str]) -> str:
        if isinstance(structure, Value):
            return names.get(id(structure)) or self._old_tensor(plan, structure)
        if not any(True for _ in values_in(structure)):
            try:
                return literal(structure)
            except NoWordsError:
                return self._speller.handle(structure)
        if isinstance(structure, dict):
            pairs = (f"{literal(k)}: {self._structure(plan, v, text, names)}" for k, v in structure.items())
            return f"{{{', '.join(pairs)}}}"
        inner = ", ".join(self._structure(plan, item, text, names) for item in structure)
        if isinstance(structure, tuple):
            return f"({inner},)" if len(structure) == 1 else f"({inner})"
        return f"[{inner}]"

    def _old_tensor(self, plan: ModelPlan, value: Value) -> str:
        """Spell a tensor of the old graph that needs not be made again."""
        call = value.call
        assert call is not None
        assert is_public_output(call)
        path = "".join(f"[{key}]" for key in output_path_of(call, value))
        return f"{self._reached(call.operation)}.output{path}"

    # Parts in words

    def _callee(self, part: Part) -> str:
        if part.plan is not None:
            return self._bound[id(part.plan)]
        bound = self._bound.get(id(part))
        if bound is not None:
            return bound
        text = self._texts[id(part)]
        if self._uses[id(part)] > 1 and part.origin != "kept" and "(" in text:
            name = self._bound[id(part)] = local_name(part.name, self._locals)
            self._lines.append(f"{name} = {text}")
            return name
        return text

    def _part_text(self, part: Part) -> str:
        if not is_layer(part.item) and not isinstance(part.item, LayerRecord):
            with contextlib.suppress(NoWordsError):
                self._operations[id(part)] = operation_words(part.item)
                return ""
        if part.origin == "kept":
            return self._reached(part.item)
        if part.origin == "fresh":
            return self._fresh_text(part)
        if self._style != "replay" and is_layer(part.item) and not weight_shapes_of(part.item):
            with contextlib.suppress(NoWordsError):
                return self._speller.construct(self._new_words(part))
        name = self._speller.name_of(part.item) if is_layer(part.item) else None
        if name is not None:
            return name
        if is_layer(part.item) and weight_shapes_of(part.item):
            return self._speller.handle(part.item)
        try:
            return self._speller.construct(self._new_words(part))
        except NoWordsError as error:
            if is_layer(part.item):
                return self._speller.handle(part.item)
            raise RebuildRefused(
                f"the new layer {part.name!r} is gone and cannot be put in words: {error}",
                ("bind the new layer to a name first, then edit and rebuild",),
            ) from None

    def _new_words(self, part: Part) -> Construct:
        found = constructor_of(part.item, self._objects, name=part.name)
        if part.name not in self._named and is_automatic_name(part.item, part.name):
            found.kwargs.pop("name", None)
        return found

    def _fresh_text(self, part: Part) -> str:
        try:
            return self._speller.construct(part.words or constructor_of(part.item, self._objects))
        except NoWordsError as error:
            if not weight_shapes_of(part.item):
                part.origin = "kept"
                return self._reached(part.item)
            raise RebuildRefused(
                f"{part.name!r} no longer fits ({part.why}) and cannot be put in words: {error}",
                ("replace it too, by a layer of your own",),
            ) from None

    def _reached(self, item: Any) -> str:
        """Spell a layer of the old model: the user's name, else the way to it from the model."""
        if is_layer(item):
            name = self._speller.name_of(item, deep=False)
            if name is not None:
                return name
        if self._reach is None:
            self._reach = dict(_ways(self._plan.model, self._model_text))
        return self._reach.get(id(item)) or self._speller.handle(item)

    def _comment(self, part: Part) -> str:
        return f"{literal(part.name)}: {part.why}" if part.why else ""

    def _input_text(self, facts: InputFacts) -> str:
        words = []
        if facts.batch_shape is not None:
            fixed = facts.batch_shape[:1] != (None,)
            words.append(f"batch_shape={facts.batch_shape}" if fixed else literal(facts.batch_shape[1:]))
        if facts.dtype is not None:
            words.append(f"dtype={literal(facts.dtype)}")
        words += [f"{flag}=True" for flag in facts.flags]
        if facts.name and not _AUTOMATIC_INPUT.fullmatch(facts.name):
            words.append(f"name={literal(facts.name)}")
        return f"{self._speller.keras('Input')}({', '.join(words)})"

    def _class_text(self, plan: ModelPlan) -> str:
        known = self._texts.get(id(plan))
        if known is None:
            known = self._texts[id(plan)] = self._find_class(plan)
        return known

    def _find_class(self, plan: ModelPlan) -> str:
        found = model_class(plan.model)
        if found.overridden:
            assert found.lost is not None
            raise RebuildRefused(
                f"{plan.model.name!r} is a {found.lost.__name__}, which builds its own graph and overrides "
                f"{', '.join(found.overridden)}: a model rebuilt from its layers would lose that",
                (f"change the constructor of {found.lost.__name__}",),
            )
        if found.lost is not None:
            self.notes.append(
                f"{plan.model.name!r} is a {found.lost.__name__}, which builds its own graph; "
                "the rebuilt model is a plain keras model"
            )
        if found.cls is not None:
            try:
                return self._speller.cls(found.cls)
            except NoWordsError:
                return self._speller.handle(found.cls)
        return self._speller.keras("Sequential" if plan.sequential else "Model")

    def _model_arguments(self, plan: ModelPlan) -> list[str]:
        automatic = plan is self._plan and is_automatic_name(plan.model, str(plan.model.name))
        words = [] if automatic else [f"name={literal(plan.model.name)}"]
        if plan.model.trainable is False:
            words.append("trainable=False")
        return words

    @staticmethod
    def _call_text(kind: str, words: Sequence[str]) -> str:
        short = f"{kind}({', '.join(words)})"
        if len(short) <= _LINE - 10:
            return short
        return "\n".join([f"{kind}(", *(f"    {word}," for word in words), ")"])

    # Names

    def _check_names(self, top: ModelPlan) -> None:
        """Layers of one model need names of their own."""
        for plan in all_plans(top):
            owners: dict[str, Part] = {}
            for step in plan.steps:
                part = step.part
                known = owners.setdefault(part.name, part)
                if known is part or known.item is part.item:
                    continue
                renamed = part if isinstance(part.item, LayerRecord) else known
                if not isinstance(renamed.item, LayerRecord):
                    raise RebuildRefused(
                        f"two layers of the rebuilt model would be named {part.name!r}",
                        (f'give the new one another name: `layer.name = "{_another(part.name, owners)}"`',),
                    )
                record = renamed.item
                other = _another(record.name, owners)
                renamed.item = LayerRecord(record.cls, record.config, other, record.source)
                owners[other] = renamed


def _another(name: str, taken: Mapping[str, Any]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def all_plans(plan: ModelPlan) -> list[ModelPlan]:
    """Return a plan and the plans inside it, inner ones first, each once."""
    found: dict[int, ModelPlan] = {}
    for step in plan.steps:
        if step.part.plan is not None and id(step.part.plan) not in found:
            for inner in all_plans(step.part.plan):
                found.setdefault(id(inner), inner)
    found.setdefault(id(plan), plan)
    return list(found.values())


def carried_parts(plan: ModelPlan, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Part]]:
    """Yield the layers whose weights are copied, each once, with the names of the models around them."""
    seen: set[int] = set()
    for inner_way, part in _with_ways(plan, way):
        if part.carries and id(part) not in seen:
            seen.add(id(part))
            yield inner_way, part


def _with_ways(plan: ModelPlan, way: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Part]]:
    for step in plan.steps:
        if step.part.plan is not None:
            yield from _with_ways(step.part.plan, (*way, step.part.name))
        else:
            yield way, step.part


def _readers(steps: Sequence[Step]) -> dict[int, list[int]]:
    """Return which steps read each tensor, by ``id`` of its :class:`Value`."""
    found: dict[int, list[int]] = {}
    for position, step in enumerate(steps):
        for value in step.call.inputs():
            found.setdefault(id(value), []).append(position)
    return found


def _all_steps(plan: ModelPlan) -> Iterator[Step]:
    for inner in all_plans(plan):
        yield from inner.steps


def _ways(model: Any, text: str) -> Iterator[tuple[int, str]]:
    """Yield how each layer and operation of a model is reached from it, outermost way last."""
    try:
        layers = list(model.layers)
    except Exception:
        return
    inner: list[tuple[int, str]] = []
    own: list[tuple[int, str]] = []
    count = Counter(layer.name for layer in layers)
    for position, layer in enumerate(layers):
        name = layer.name
        plain = count[name] == 1 and isinstance(name, str)
        way = f"{text}.get_layer({literal(name)})" if plain else f"{text}.layers[{position}]"
        own.append((id(layer), way))
        if is_model(layer):
            inner.extend(_ways(layer, way))
    yield from inner
    for position, operation in enumerate(getattr(model, "operations", None) or ()):
        if not is_layer(operation):
            yield id(operation), f"{text}.operations[{position}]"
    yield from own


def _index(layers: Sequence[Any], item: Any) -> int | None:
    return next((i for i, layer in enumerate(layers) if layer is item), None)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {part}" if part else "" for line in lines for part in line.split("\n")]


__all__ = ["Call", "Writer", "all_plans", "flat_with_paths", "maker_of", "map_structure"]
