"""The plan as the text of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._adapter.optimizer_state import has_state
from .._data.edits import LayerRecord
from .._data.place import Place
from .continuing import Continuation
from .draft import Draft
from .dryrun import TRIAL
from .layout import indented, laid_out
from .literals import literal, local_name
from .model_text import ModelWriter
from .part_text import PartWriter
from .plan import ModelPlan, Part, all_plans
from .refused import RebuildRefused
from .scoping import scope_words
from .standalone import Definitions

#: Two names that are no longer than this together are read in one line.
_SHORT = 16


class CellWriter:
    """Writes the cell that creates a planned model and assigns it to a place.

    A long replay may be left to ``clone_model`` if it is to be ``compact``.
    """

    def __init__(
        self, plan: ModelPlan, draft: Draft, target: Place, continuation: Continuation, *, compact: bool
    ) -> None:
        self._plan = plan
        self._draft = draft
        self._target = target
        self._continuation = continuation
        self._root_line = ""
        self._parts = PartWriter(plan, draft)
        self._models = ModelWriter(plan, draft, self._parts, compact=compact)

    def write(self, compiling: Sequence[str]) -> tuple[str, str]:
        """Write the cell, with the arguments of ``compile`` as they are spelled; none for a model not compiled.

        The second text is the same, but bound to :data:`TRIAL`: a trial assigns to no place of the user's.
        """
        draft = self._draft
        check_names(self._plan)
        carried = [(way, part) for way, part in self._plan.ways(set()) if part.carries]
        self._spell_old_model(carried)
        self._parts.prepare()
        for plan in all_plans(self._plan):
            self._models.class_text(plan)
        draft.locals |= draft.speller.used | {self._target.root}
        if self._continuation.needs_import:
            draft.speller.need_guard()
        body = self._models.body()
        if carried:
            body = self._carrying(body, carried)
        scope, notes = scope_words(self._plan.model, draft.model_text, draft.speller, draft.style)
        draft.notes += notes
        as_function = bool(draft.speller.imports or self._root_line or draft.lines or self._continuation.any)
        write = self._as_function if as_function else self._as_lines
        if draft.style == "source":
            write = self._as_file
        return write(body, compiling, scope, self._target.code()), write(body, compiling, scope, TRIAL)

    @staticmethod
    def _as_lines(body: str, compiling: Sequence[str], scope: str, target: str) -> str:
        lines = [f"{target} = {body}", *_compile_lines(compiling, target)]
        return laid_out([f"with {scope}:", *indented(lines)] if scope else lines)

    def _as_file(self, body: str, compiling: Sequence[str], scope: str, target: str) -> str:
        """Return a file: imports, the user's definitions, the model."""
        draft = self._draft
        definitions = draft.speller.definitions or Definitions()
        imports = laid_out(_sorted([*draft.speller.imports, *definitions.imports]))
        parts = [*definitions.texts]
        made = body
        if draft.lines:
            function = local_name(f"build_{self._target.root}", set(draft.locals) | draft.taken)
            lines = [f"def {function}():", *indented([*draft.lines, f"return {body}"])]
            parts.append(laid_out(lines).rstrip())
            made = f"{function}()"
        model = laid_out([f"{target} = {made}", *_compile_lines(compiling, target)])
        if has_state(self._plan.model):
            model = f"# Stands alone: weights and optimizer start from their initial state.\n{model}"
        if not parts:
            return f"{imports}\n{model}"
        return "\n\n\n".join([imports.rstrip(), *parts, model])

    def _spell_old_model(self, carried: Sequence[object]) -> None:
        """Give the old model a local name where no name of the user's holds it and the cell reads it."""
        draft = self._draft
        kept = any(part.origin == "kept" for part in self._plan.parts())
        if draft.model_text or not (carried or kept or draft.style == "replay" or self._continuation.any):
            return
        draft.model_text, self._root_line = "model", f"model = {draft.speller.handle(self._plan.model)}"
        draft.locals.add("model")

    def _carrying(self, body: str, carried: Sequence[tuple[tuple[str, ...], Part]]) -> str:
        """Copy the weights of the layers that are recreated only to be independent."""
        made = self._local("rebuilt")
        self._draft.lines.append(f"{made} = {body}")
        inside: dict[tuple[str, ...], list[str]] = {}
        for way, part in carried:
            inside.setdefault(way, []).append(part.name)
        for way, names in inside.items():
            steps = "".join(f".get_layer({literal(step)})" for step in way)
            old, new = f"{self._draft.model_text}{steps}", f"{made}{steps}"
            if way or len(old) + len(new) > _SHORT:
                spelled, (old, new) = (old, new), (self._local("old"), self._local("new"))
                self._draft.lines += [f"{old} = {spelled[0]}", f"{new} = {spelled[1]}"]
            listed = ", ".join(literal(name) for name in names) + ("," if len(names) == 1 else "")
            self._draft.lines += [
                f"for name in ({listed}):",
                f"    {new}.get_layer(name).set_weights({old}.get_layer(name).get_weights())",
            ]
        return made

    def _local(self, wanted: str) -> str:
        return local_name(wanted, self._draft.locals)

    def _as_function(self, body: str, compiling: Sequence[str], scope: str, target: str) -> str:
        draft = self._draft
        function = local_name(f"rebuild_{self._target.code()}", set(draft.locals))
        lines = [*_sorted(draft.speller.imports), *([""] if draft.speller.imports else [])]
        lines += [self._root_line] if self._root_line else []
        held = any("held(" in argument or "keras." in argument for argument in compiling)
        # What compile names may be imported in here only, and its optimizer belongs to the scope.
        inside = self._continuation.any or (
            bool(compiling) and (bool(scope) or (held and bool(draft.speller.imports)))
        )
        steps = [*draft.lines, f"return {body}"]
        if inside:
            named = draft.lines and body.isidentifier()
            made = body if named else local_name("rebuilt", set(draft.locals))
            steps = [*draft.lines, *([f"{made} = {body}"] if made != body else [])]
            steps += [*_compile_lines(compiling, made), *self._continuation.lines(made), f"return {made}"]
        lines += [f"with {scope}:", *indented(steps)] if scope else steps
        text = [f"def {function}():", *indented(lines), "", "", f"{target} = {function}()"]
        text.append(f"del {function}")
        return laid_out(text if inside else [*text, *_compile_lines(compiling, target)])


def _sorted(imports: Iterable[str]) -> list[str]:
    return sorted(set(imports), key=lambda line: (line.startswith("from"), line))


def _compile_lines(compiling: Sequence[str], receiver: str) -> list[str]:
    return [f"{receiver}.compile({', '.join(compiling)})"] if compiling else []


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
            renamed.item = replace(record, name=other)
            owners[other] = renamed


def _another(name: str, taken: Mapping[str, Any]) -> str:
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
