"""Layers, operations and their arguments as code."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from .._adapter.graph import Call, Value, values_in
from .._adapter.graph_facts import is_public_output, output_path_of
from .._adapter.keras_types import is_layer
from .._adapter.layer_config import (
    Construct,
    NotExpressibleError,
    constructor_of,
    is_automatic_name,
    looks_automatic,
)
from .._adapter.layer_fit import weight_shapes_of
from .._adapter.learned import constant_of
from .._adapter.operation_words import OperationWords, operation_words
from .._data.edits import LayerRecord
from .._data.types import Layer, Structure
from .draft import Draft
from .literals import container, literal, local_name, subscript
from .plan import ModelPlan, Part, Step, all_plans
from .refused import RebuildRefused, refuse_standalone
from .spelling import ways_inside


class PartWriter:
    """Writes the parts of a plan of the whole model."""

    def __init__(self, plan: ModelPlan, draft: Draft) -> None:
        self._plan = plan
        self._draft = draft
        self._uses = Counter(id(step.part) for inner in all_plans(plan) for step in inner.steps)
        self._operations: dict[int, OperationWords] = {}
        self._texts: dict[int, str] = {}
        #: By ``id`` of a part or a plan, the local name that holds it.
        self.bound: dict[int, str] = {}
        self._reach: dict[int, str] | None = None
        #: Whether Keras may choose names: no given name looks like one that it would choose.
        self._automatic = not any(
            is_layer(part.item) and looks_automatic(part.name) and not is_automatic_name(part.item, part.name)
            for part in plan.parts()
        )

    def prepare(self) -> None:
        """Find the words of every part, so that all names the cell reads are known."""
        for part in self._plan.parts():
            if part.plan is None:
                self._texts[id(part)] = self._part_text(part)

    def invocation(self, step: Step, names: Mapping[int, str]) -> str:
        """Return the call of a step."""
        call = step.call
        words = [self.structure(argument, names) for argument in call.args]
        words += [f"{key}={self.structure(v, names)}" for key, v in call.kwargs.items()]
        found = self._operations.get(id(step.part))
        if found is not None:
            return self._operation_call(found, call, words)
        return f"{self.callee(step.part)}({', '.join(words)})"

    def _operation_call(self, found: OperationWords, call: Call, words: list[str]) -> str:
        if not found.path:
            return f"{words[0]}[{subscript(call.args[1]) if len(call.args) > 1 else words[1]}]"
        first = [self._plain(found.arguments[key]) for key in found.leading]
        rest = [f"{k}={self._plain(v)}" for k, v in found.arguments.items() if k not in found.leading]
        return f"{self._draft.speller.keras(found.path)}({', '.join([*first, *words, *rest])})"

    def _plain(self, value: object) -> str:
        with contextlib.suppress(NotExpressibleError):
            return literal(value)
        found = constant_of(value)
        if found is None:
            return self._draft.speller.handle(value)
        return f"{self._draft.speller.keras('ops.convert_to_tensor')}({literal(found[0])}, dtype={literal(found[1])})"

    def structure(self, structure: Structure, names: Mapping[int, str]) -> str:
        """Return an argument, with the tensors in it spelled."""
        if isinstance(structure, Value):
            return names.get(id(structure)) or self._old_tensor(structure)
        if not any(True for _ in values_in(structure)):
            return self._plain(structure)
        text = container(structure, lambda item: self.structure(item, names))
        assert text is not None
        return text

    def _old_tensor(self, value: Value) -> str:
        """Spell a tensor of the old graph that needs not be made again."""
        call = value.call
        assert call is not None
        assert is_public_output(call)
        path = "".join(f"[{key}]" for key in output_path_of(call, value))
        return f"{self.reached(call.operation)}.output{path}"

    def callee(self, part: Part) -> str:
        """Return what is called: a name, or the constructor call."""
        if part.plan is not None:
            return self.bound[id(part.plan)]
        bound = self.bound.get(id(part))
        if bound is not None:
            return bound
        text = self._texts[id(part)]
        if self._uses[id(part)] > 1 and part.origin != "kept" and "(" in text:
            name = self.bound[id(part)] = local_name(part.name, self._draft.locals)
            self._draft.lines.append(f"{name} = {text}")
            return name
        return text

    def _part_text(self, part: Part) -> str:
        if not is_layer(part.item) and not isinstance(part.item, LayerRecord):
            with contextlib.suppress(NotExpressibleError):
                self._operations[id(part)] = operation_words(part.item)
                return ""
        if part.origin == "kept":
            return self.reached(part.item)
        if part.origin == "fresh":
            return self._fresh_text(part)
        if is_layer(part.item) and self._can_create(part.item):
            with contextlib.suppress(NotExpressibleError):
                return self._created(part, self._new_words(part))
        name = self._draft.speller.name_of(part.item) if is_layer(part.item) else None
        if name is not None:
            return name
        if is_layer(part.item) and weight_shapes_of(part.item):
            return self._draft.speller.layer_inside(part.item) or self._draft.speller.handle(part.item)
        try:
            return self._created(part, self._new_words(part))
        except NotExpressibleError as error:
            if is_layer(part.item):
                return self._draft.speller.handle(part.item)
            raise RebuildRefused(
                f"the new layer {part.name!r} is gone and cannot be written as code: {error}",
                ("bind the new layer to a name first, then edit and rebuild",),
            ) from None

    def _can_create(self, layer: Layer) -> bool:
        """Whether a new layer may be created from its config, though it is there."""
        style = self._draft.style
        return style == "source" or (style == "copy" and not weight_shapes_of(layer))

    def _created(self, part: Part, words: Construct | OperationWords) -> str:
        part.recreated = True
        if isinstance(words, Construct) and self._draft.style == "source" and self._has_free_name(part):
            words = replace(words, kwargs={k: v for k, v in words.kwargs.items() if k != "name"})
        return self._draft.speller.construct(words)

    def _has_free_name(self, part: Part) -> bool:
        """Whether Keras chose the name of a layer and nothing refers to it: then it chooses another one."""
        return (
            self._automatic and part.name not in self._draft.named and is_automatic_name(part.item, part.name)
        )

    def _new_words(self, part: Part) -> Construct:
        found = constructor_of(part.item, self._draft.objects, name=part.name)
        if part.name not in self._draft.named and is_automatic_name(part.item, part.name):
            found.kwargs.pop("name", None)
        return found

    def _fresh_text(self, part: Part) -> str:
        try:
            return self._created(part, part.words or constructor_of(part.item, self._draft.objects))
        except NotExpressibleError as error:
            if self._draft.style == "source":
                raise refuse_standalone(part.name, error) from None
            if not weight_shapes_of(part.item):
                part.origin = "kept"
                return self.reached(part.item)
            raise RebuildRefused(
                f"{part.name!r} no longer fits ({part.why}) and cannot be written as code: {error}",
                ("replace it too, by a layer of your own",),
            ) from None

    def reached(self, item: Layer) -> str:
        """Spell a layer of the old model by the way to it; a name of the user's may hold another one soon."""
        if self._reach is None:
            self._reach = dict(ways_inside(self._plan.model, self._draft.model_text))
        return self._reach.get(id(item)) or self._draft.speller.handle(item)

    def comment(self, part: Part) -> str:
        """Return what a comment says of a part; may be empty."""
        return f"{literal(part.name)}: {part.why}" if part.why else ""
