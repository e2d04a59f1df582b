"""The plan as the text of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._data.edits import LayerRecord
from .draft import LINE, Draft
from .model_text import ModelWriter
from .part_text import PartWriter
from .plan import ModelPlan, Part, all_plans
from .refused import RebuildRefused
from .scoping import scope_words
from .spelling import literal, local_name


class CellWriter:
    """Writes the cell that creates a planned model.

    Args:
        plan: The plan.
        draft: The cell, empty.
        target: The name to bind.
        compact: Whether a long replay may be left to ``clone_model``.
    """

    def __init__(self, plan: ModelPlan, draft: Draft, target: str, *, compact: bool = False) -> None:
        self._plan = plan
        self._draft = draft
        self._target = target
        self._root_line = ""
        self._parts = PartWriter(plan, draft)
        self._models = ModelWriter(plan, draft, self._parts, compact=compact)

    def write(self, compiling: Sequence[str]) -> str:
        """Return the text of the cell.

        Args:
            compiling: The arguments of ``compile``, already spelled; empty for a model not compiled.

        Raises:
            RebuildRefused: Where a layer cannot be written as code.
        """
        check_names(self._plan)
        carried = list(carried_parts(self._plan)) if self._draft.style != "source" else []
        old_is_read = (
            bool(carried)
            or self._draft.style == "replay"
            or any(p.origin == "kept" for p in self._plan.parts())
        )
        if not self._draft.model_text and old_is_read:
            handle = self._draft.speller.handle(self._plan.model)
            self._draft.model_text, self._root_line = "model", f"model = {handle}"
            self._draft.locals.add("model")
        self._parts.prepare()
        for plan in all_plans(self._plan):
            self._models.class_text(plan)
        self._draft.locals |= self._draft.speller.used | {self._target}
        body = self._models.body()
        if carried:
            body = self._carrying(body, carried)
        scope, notes = scope_words(
            self._plan.model, self._draft.model_text, self._draft.speller, self._draft.style
        )
        self._draft.notes += notes
        inside = bool(self._draft.speller.imports or self._root_line or self._draft.lines)
        if inside:
            return self._as_function(body, compiling, scope)
        lines = [f"{self._target} = {body}", *self._compile_lines(compiling, self._target)]
        return "\n".join([f"with {scope}:", *_indented(lines)] if scope else lines) + "\n"

    def _carrying(self, body: str, carried: Sequence[tuple[tuple[str, ...], Part]]) -> str:
        """Copy the weights of the layers that are recreated only to be independent."""
        made = local_name("rebuilt", self._draft.locals)
        self._draft.lines.append(f"{made} = {body}")
        inside: dict[tuple[str, ...], list[str]] = {}
        for way, part in carried:
            inside.setdefault(way, []).append(part.name)
        for way, names in inside.items():
            steps = "".join(f".get_layer({literal(step)})" for step in way)
            listed = ", ".join(literal(name) for name in names) + ("," if len(names) == 1 else "")
            self._draft.lines.append(f"for name in ({listed}):")
            line = f"{made}{steps}.get_layer(name).set_weights({self._draft.model_text}{steps}.get_layer(name).get_weights())"
            self._draft.lines.append(f"    {line}")
        return made

    def _as_function(self, body: str, compiling: Sequence[str], scope: str) -> str:
        function = local_name(f"rebuild_{self._target}", set(self._draft.locals))
        head = [*self._draft.speller.imports, *([self._root_line] if self._root_line else [])]
        lines = [*head, *([""] if head and (self._draft.lines or scope) else [])]
        held = any("held(" in argument or "keras." in argument for argument in compiling)
        # What compile names may be imported in here only, and its optimizer belongs to the scope.
        inside = bool(compiling) and (bool(scope) or (held and bool(self._draft.speller.imports)))
        made = local_name("rebuilt", self._draft.locals) if inside else ""
        steps = (
            [f"{made} = {body}", *self._compile_lines(compiling, made), f"return {made}"] if inside else []
        )
        steps = [*self._draft.lines, *(steps or [f"return {body}"])]
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
        if len(short) <= LINE:
            return [short]
        return [f"{receiver}.compile(", *(f"    {argument}," for argument in compiling), ")"]


def check_names(top: ModelPlan) -> None:
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


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {part}" if part else "" for line in lines for part in line.split("\n")]
