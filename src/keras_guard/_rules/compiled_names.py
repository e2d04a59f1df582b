"""Names and lists that were given to ``compile`` and hold something else now."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .._adapter.compiled_objects import may_be_compiled
from .._adapter.copies import hands_out_copy
from .._adapter.keras_types import TYPES, is_optimizer
from .._adapter.membership import (
    compile_argument_of,
    compile_containers,
    is_argument_read,
)
from .._adapter.model_use import Use
from .._adapter.same_code import same_meaning
from .._claims.base import RETRACES
from .._claims.base import Desk as ClaimDesk
from .._claims.place_claim import Keeping, PlaceClaim
from .._claims.state_claim import StateClaim, Terms
from .._data.events import ArgumentEdited, CopyEdited, Rebound
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Rule
from .compile_words import UNTIL_COMPILED, kind_of, weighing
from .copy_edits import is_value_used
from .wording import built_note, keeping_state


class CompiledNames:
    """What ``compile`` was given, while its name or list holds something else.

    Args:
        rule: The rule that speaks of them.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def rebound(self, event: Rebound, desk: Desk) -> Iterator[Finding]:
        """Yield the models that go on with what a name held."""
        old, new = event.old, event.new
        if not (_comparable(old, new) and not same_meaning(old, new)):
            return
        models = [m for m in desk.models() if compile_argument_of(m, old) is not None]
        if not models or _is_in_use(new, desk, models):
            return
        for model in models:
            yield self._bound_again(event, model, models, desk)

    def _bound_again(self, event: Rebound, model: Model, models: list[Model], desk: Desk) -> Finding:
        argument = compile_argument_of(model, event.old) or ""
        name, what = desk.name_of(model), kind_of(argument)
        wording = Wording(
            message=f"`{name}` was compiled with the {what} `{event.where}` named before",
            label=f"binds `{event.where}` to another {what}; `{name}` keeps the old one",
            notes=(
                "`compile` keeps the object it was given, not the name",
                *built_note(desk.built_in(model), name),
            ),
            help=f"compile `{name}` again with the new `{event.where}`" + keeping_state(model, name),
            cured=f"a model was compiled with the new `{event.where}`, or none goes on with the old one",
            ran=f"with the old `{event.where}`",
            argument=argument,
            declared=str(event.where),
        )
        return self._rule.finding(
            PlaceClaim(
                event, model, models, _TRAINED if argument == "optimizer" else _SCORED, desk.namespace
            ),
            wording,
            event.span,
            name,
            key=(id(models[0]), event.where),
            models=tuple(desk.name_of(m) for m in models),
            part=id(model),
        )

    def edited(self, event: ArgumentEdited, desk: Desk) -> Iterator[Finding]:
        """Yield that a list given to `compile` was edited after it was read."""
        model, argument = event.model, event.argument
        if not is_argument_read(model, argument):
            return
        given = next((item for _, item in compile_containers(model) if id(item) == event.identity), None)
        if argument in ("metrics", "weighted_metrics") and not may_be_compiled(model, given):
            return
        name = desk.name_of(model)
        wording = Wording(
            message=f"editing `{event.name}` does not change the {argument} of `{name}`",
            label=f"`{name}` read the list when it was first used",
            notes=(
                f"`compile` was given `{event.name}` as {argument}, and made its own objects of it since",
            ),
            help=f"compile `{name}` again with the edited `{event.name}`"
            + keeping_state(model, name)
            + weighing(argument),
            cured=f"a model was compiled with the edited `{event.name}`",
            ran=f"with `{event.name}` as it was",
            argument=argument,
            declared=event.name,
        )
        values = (desk.compiles(model), event.identity)
        terms = replace(_UNTIL_SCORED, names_ahead=frozenset({event.name}))
        claim = StateClaim(model, _is_not_compiled_since, values=values, terms=terms)
        yield self._rule.finding(claim, wording, event.span, name, key=(id(model), argument, event.name))

    def metrics_copy(self, event: CopyEdited, desk: Desk) -> Iterator[Finding]:
        """Yield that a copy of the metrics was edited."""
        model, span = event.owner, event.span
        if not desk.is_reachable(model) or not hands_out_copy(model, event.source) or is_value_used(event):
            return
        name = desk.name_of(model)
        wording = Wording(
            message=f"editing `{name}.metrics` does not change the metrics of `{name}`",
            label="changes a copy that nothing holds",
            notes=("Keras makes a new `metrics` list at each read",),
            help=f"compile `{name}` again with all its metrics: `{name}.compile(..., metrics=[...])`",
            cured=f"`{name}` was compiled again",
            ran="without the edit",
            argument="metrics",
            declared="metrics",
        )
        values = (desk.compiles(model),)
        claim = StateClaim(model, _is_not_compiled_again, values=values, terms=UNTIL_COMPILED)
        yield self._rule.finding(
            claim, wording, span, name, key=(id(model), "copy", span.execution_count, span.line)
        )


def _is_not_compiled_again(desk: ClaimDesk, model: Model, compiles: int) -> bool:
    return desk.compiles(model) == compiles


def _is_not_compiled_since(desk: ClaimDesk, model: Model, compiles: int, identity: int) -> bool:
    """Whether a model was not compiled since its list was edited, and no other one was compiled with the list."""
    others = (other for other in desk.models() if other is not model)
    return desk.compiles(model) == compiles and not any(
        id(container) == identity for other in others for _, container in compile_containers(other)
    )


def _opened_by_scoring(use: Use, desk: ClaimDesk, model: Model, *values: object) -> bool:
    return use.scores


def _comparable(old: object, new: object) -> bool:
    """Whether the new object could have been given in place of the old one."""
    kinds = ((types.FunctionType,), TYPES.optimizer, TYPES.loss, TYPES.metric)
    return any(issubclass(type(old), kind) and issubclass(type(new), kind) for kind in kinds)


def _is_in_use(value: object, desk: ClaimDesk, models: Sequence[Model]) -> bool:
    """Whether a model was compiled with an object, or a loop of the user's own applies an optimizer."""
    if is_optimizer(value) and getattr(value, "built", False):
        return True
    return any(compile_argument_of(m, value) is not None for m in desk.models())


def _keeps(model: Model, old: object) -> bool:
    return compile_argument_of(model, old) is not None


def _trains(use: Use) -> bool:
    return use.trains


def _scores(use: Use) -> bool:
    return use.scores


_TRAINED = Keeping(_keeps, _is_in_use, _trains, RETRACES, used_by_name=True, used_in_functions=True)
_UNTIL_SCORED = Terms(cured_by=RETRACES, opened_by=_opened_by_scoring)
_SCORED = Keeping(_keeps, _is_in_use, _scores, RETRACES, used_by_name=True, used_in_functions=True)
