"""Attributes of a model, its optimizer and its losses that were set after ``compile``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .._adapter.attribute_reads import (
    COMPILE_ARGUMENTS,
    FORMER_NAMES,
    OPTIMIZER_SETTINGS,
    constructor_arguments,
    read_when_applied,
)
from .._adapter.compiled_objects import argument_of, unapplied_arguments
from .._adapter.describe import brief_value
from .._adapter.keras_types import backend
from .._adapter.marks import Mark, in_words, is_marked, mark_of, same_value
from .._adapter.membership import (
    compile_objects,
)
from .._adapter.owner_facts import value_of
from .._adapter.traces import KINDS
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim
from .._claims.trace_claim import AttributeFact, TraceClaim
from .._data.diagnostic import Span
from .._data.events import AttributeSet
from .._data.missing import MISSING
from .._data.types import Model, Optimizer
from .._ledger import Finding, Wording
from .base import Desk, Rule
from .compile_words import UNTIL_COMPILED, kind_of, weighing
from .wording import Traced, cause, held_words, keeping_state, trace_again, while_training

#: Arguments that a traced function reads again, as against those ``compile`` made something of.
_TRACED_ARGUMENTS = frozenset({"optimizer", "run_eagerly", "jit_compile", "steps_per_execution"})


class CompiledSettings:
    """Settings that a compiled model, or what it holds, goes on without.

    Args:
        rule: The rule that speaks of them.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def of_model(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        """Yield what an attribute of a model that was set does not change."""
        model, name = event.target, event.name
        if name not in COMPILE_ARGUMENTS or not getattr(model, "compiled", False):
            return
        if same_value(event.old, event.new):
            return
        if name in _TRACED_ARGUMENTS:
            yield from self._stale(event, [model], desk)
        else:
            yield self.dead_argument(model, name, event.new, mark_of(event.old), event.span, desk)

    def dead_argument(
        self, model: Model, argument: str, value: object, before: Mark, span: Span, desk: Desk
    ) -> Finding:
        """Return that an attribute shows another argument than the model was compiled with."""
        name = desk.name_of(model)
        old, new = brief_value(compile_objects(model).get(argument)), brief_value(value)
        wording = Wording(
            message=f"setting `{name}.{argument}` does not change what `{name}` was compiled with",
            label=f"`{name}` goes on with {argument}={old}",
            notes=(f"`compile` made its own object of `{argument}`; the attribute is not read again",),
            help=f"compile again: `{name}.compile(..., {argument}={new})`"
            + keeping_state(model, name)
            + weighing(argument),
            cured=f"`{name}` was compiled again, or the value was taken back",
            ran=f"with {argument}={old}",
            argument=argument,
            declared=new,
        )
        values = (argument, before, desk.compiles(model))
        claim = StateClaim(model, _is_dead_argument, values=values, terms=UNTIL_COMPILED)
        return self._rule.finding(claim, wording, span, name, key=(id(model), argument))

    def of_optimizer(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        """Yield what a setting of an optimizer that was changed does not reach."""
        optimizer, name = event.target, event.name
        cls = optimizer.__class__
        if same_value(event.old, event.new):
            return
        models = [
            m
            for m in desk.models()
            if getattr(m, "optimizer", None) is optimizer or desk.traces.of(m).read(optimizer)
        ]
        former = FORMER_NAMES.get(name) if event.old is MISSING else None
        if former is not None and name not in read_when_applied(cls):
            if models:
                yield self._former(event, models[0], former, desk)
            return
        settings = read_when_applied(cls) | constructor_arguments(cls) | OPTIMIZER_SETTINGS
        if not name.startswith("_") and name in settings:
            yield from self._stale(event, models, desk)

    def _former(self, event: AttributeSet, model: Model, now: str, desk: Desk) -> Finding:
        name, optimizer, attribute = desk.name_of(model), event.target, event.name
        wording = Wording(
            message=f"`{attribute}` is no setting of this optimizer: `{name}` trains as before",
            label=f"makes a new attribute `{attribute}` that nothing reads",
            notes=(f"Keras 3 reads `{now}`; other names are accepted and ignored",),
            help=f"set `{name}.optimizer.{now}`" if now.isidentifier() else f"use {now}",
            cured=f"`{name}` has another optimizer, or the value was taken back",
            ran=f"without `{attribute}`",
            argument="optimizer",
            declared=f"{type(optimizer).__name__}({attribute}={brief_value(event.new)})",
        )
        claim = StateClaim(model, _has_former, (optimizer,), (attribute,), UNTIL_COMPILED)
        key = (id(model), id(optimizer), attribute)
        return self._rule.finding(claim, wording, event.span, name, key=key)

    def _stale(self, event: AttributeSet, models: Sequence[Model], desk: Desk) -> Iterator[Finding]:
        target, new = event.target, brief_value(event.new)
        is_rate = event.name == "learning_rate"
        if is_rate:  # the attribute gives the rate of this step, whatever it comes from
            new = brief_value(value_of(target, event.name))
        for model in models:
            claim = TraceClaim(model, AttributeFact(target, event.name), _kinds_that_hold(event))
            name = desk.name_of(model)
            traced = Traced(claim, name, desk)
            if not traced:
                continue
            held = claim.held(target, event.name, desk)
            old = "a number" if is_rate else held_words(held, event.old)
            wording = Wording(
                message=f"{traced} {traced.does('goes', 'go')} on with "
                f"the old `{_spelled(event, model, name, desk)}`",
                label=f"changes {event.name}; the trace was made without it"
                if held is MISSING
                else f"sets {event.name} to {new}; the trace holds {old}",
                notes=("a function traced before the edit holds what it read then",),
                help=trace_again(
                    traced.kinds,
                    f"compile `{name}` again before you use it"
                    + keeping_state(model, name)
                    + while_training(desk, model, name),
                ),
                cured=f"no traced function of `{name}` holds the old value",
                ran=f"without {event.name}"
                if held is MISSING
                else f"with {event.name} {old} where the code said {new}",
                argument=event.name if target is model else "optimizer",
                declared=new if target is model else f"{type(target).__name__}({event.name}={new})",
            )
            if event.name == "steps_per_execution":
                wording = _of_steps(wording, held, event.new, traced)
            key, part = cause(event.span, event.name, target), (id(target), id(model))
            yield self._rule.finding(claim, wording, event.span, name, key=key, part=part)

    def of_held_object(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        """Yield the models that go on with another value of an attribute of a loss, metric or schedule."""
        target, attribute = event.target, event.name
        dead = attribute in unapplied_arguments(target)
        kind, held, new = type(target).__name__, in_words(event.old), brief_value(event.new)
        for model in desk.models():
            argument = argument_of(model, target)
            claim: TraceClaim | StateClaim = TraceClaim(
                model, AttributeFact(target, attribute), at_use=event.at_use
            )
            if dead:
                claim = StateClaim(model, _is_unapplied, (target,), (attribute,))
            if argument is None or not claim.holds(desk):
                continue
            name = desk.name_of(model)
            wording = Wording(
                message=f"`{name}` goes on with {attribute}={held} of its {kind_of(argument)} {kind}",
                label=f"`{attribute}` is now {new}, which "
                + ("only its config shows" if dead else "no traced function has read"),
                notes=(
                    f"{kind} computes with what its constructor was given"
                    if dead
                    else "a function traced before the edit holds what it read then",
                ),
                help=f"compile `{name}` again"
                + (
                    f" with a new `{kind}({attribute}={new})`"
                    if dead
                    else keeping_state(model, name) + while_training(desk, model, name)
                ),
                cured=f"`{name}` and its {kind_of(argument)} agree",
                ran=f"with {attribute} {held} where the code said {new}",
                argument=argument,
                declared=f"{kind}({attribute}={new})",
            )
            yield self._rule.finding(claim, wording, event.span, name, key=(id(model), id(target), attribute))


def _kinds_that_hold(event: AttributeSet) -> frozenset[str]:
    """Return the kinds of trace that hold a setting: a `predict` of several steps reads their number at each call."""
    reads_again = event.name == "steps_per_execution" and event.old != 1 and backend() == "tensorflow"
    return KINDS - {"predict"} if reads_again else KINDS


def _of_steps(wording: Wording, held: Mark, new: object, traced: Traced) -> Wording:
    """Word another number of steps in one execution: the loop over the data takes it up, a trace does not."""
    if backend() != "tensorflow" or type(held) is not int or type(new) is not int:
        return wording
    if new < held:
        note = (
            f"each call of a function traced before the edit runs {held} batches, and the loop counts {new}"
        )
        return replace(wording, notes=(note, "callbacks are called with other batch numbers than are run"))
    return replace(
        wording,
        message=f"{traced} {traced.does('runs', 'run')} only {held} of every {new} batches",
        notes=(
            f"the loop over the data counts {new} batches a call; a function traced before the edit runs {held}",
            "the other batches are left out"
            + ("; `predict` returns fewer rows" if "predict" in traced.kinds else ""),
        ),
        ran=f"on {held} of every {new} batches",
    )


def _spelled(event: AttributeSet, model: Model, name: str, desk: Desk) -> str:
    """Spell an attribute of a model, of its optimizer, or of one that a step of the user's own applies."""
    if event.target is model:
        return f"{name}.{event.name}"
    is_models = getattr(model, "optimizer", None) is event.target
    return f"{name}.optimizer.{event.name}" if is_models else f"{desk.name_of(event.target)}.{event.name}"


def _is_dead_argument(desk: ClaimDesk, model: Model, argument: str, before: Mark, compiles: int) -> bool:
    """Whether the attribute differs from what it was, and the model was not compiled since."""
    return desk.compiles(model) == compiles and not is_marked(before, getattr(model, argument, MISSING))


def _has_former(desk: ClaimDesk, model: Model, optimizer: Optimizer, attribute: str) -> bool:
    return getattr(model, "optimizer", None) is optimizer and attribute in vars(optimizer)


def _is_unapplied(desk: ClaimDesk, model: Model, target: object, attribute: str) -> bool:
    return argument_of(model, target) is not None and attribute in unapplied_arguments(target)
