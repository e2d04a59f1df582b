"""KG204 ``compile-argument``: an optimizer, loss or metric changed where the compiled model keeps the old."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .._adapter.attribute_reads import (
    COMPILE_ARGUMENTS,
    FORMER_NAMES,
    OPTIMIZER_SETTINGS,
    constructor_arguments,
    read_when_applied,
)
from .._adapter.attributes import hands_out_copy
from .._adapter.compiled_objects import argument_of, unapplied_arguments
from .._adapter.describe import brief_value
from .._adapter.keras_types import TYPES, is_layer, is_model, is_optimizer
from .._adapter.marks import Mark, in_words, is_marked, mark_of, same_value
from .._adapter.membership import (
    compile_argument_of,
    compile_containers,
    compile_objects,
    is_argument_read,
    shown_argument,
)
from .._adapter.model_use import Use
from .._adapter.same_code import same_meaning
from .._adapter.trace_facts import value_of
from .._claims.base import RETRACES
from .._claims.base import Desk as ClaimDesk
from .._claims.place_claim import Keeping, PlaceClaim
from .._claims.state_claim import StateClaim, Terms
from .._claims.trace_claim import AttributeFact, CodeRead, TraceClaim
from .._data.diagnostic import Span
from .._data.events import ArgumentEdited, AttributeSet, CodeReadChanged, CopyEdited, Event, Rebound
from .._data.missing import MISSING
from .._data.types import Model, Optimizer
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import built_note, cause, functions, keeping_state, trace_again, while_training

#: Arguments that a traced function reads again, as against those ``compile`` made something of.
_TRACED_ARGUMENTS = frozenset({"optimizer", "run_eagerly", "jit_compile", "steps_per_execution"})
_UNTIL_COMPILED = Terms(certain=True, cured_by=RETRACES)


class CompileArgument(Rule):
    """Names, attributes and lists that were handed to ``compile``, changed afterwards."""

    code = "KG204"
    name = "compile-argument"
    page = Page(
        what="""
The name of an optimizer, loss or metric is bound again after `compile()` got the old one; `model.loss`,
`model.loss_weights`, `model.optimizer`, `optimizer.lr`, `optimizer.clipnorm` and the like are assigned, between
epochs or in a callback, or `loss.delta` and other attributes of losses, metrics and schedules; a list of metrics
or loss weights that was handed over is edited; or a global that a traced loss read holds another value, or
another function.""",
        why="""
`compile()` keeps the objects it was given, and the first `fit` turns what they read into constants.
`model.loss` is a label, `optimizer.lr` a new attribute that nothing reads, and the numbers of `loss_weights` are
part of the trace. A `keras.Variable` is not: what the loss reads from one can be assigned while it trains.""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
# ---
model.loss = "mae"
# ---
history = model.fit(x, y, verbose=0)""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
# ---
model.compile("sgd", "mae")
model.optimizer.learning_rate = 0.1
# ---
history = model.fit(x, y, verbose=0)""",
        limits="""
`optimizer.learning_rate` set to a number takes effect and is not reported; nor is anything before the
first trace that the trace will see. A function defined again with the same code is no change. An optimizer
that a loop of your own applies is in use, not lost. Attributes of losses, metrics and schedules are
compared when the model is used, not when they are set.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, AttributeSet) and is_model(event.target):
            yield from self._of_model(event, desk)
        elif isinstance(event, AttributeSet) and is_optimizer(event.target):
            yield from self._of_optimizer(event, desk)
        elif isinstance(event, AttributeSet) and not is_layer(event.target):
            yield from self._of_held_object(event, desk)
        elif isinstance(event, Rebound):
            yield from self._rebound(event, desk)
        elif isinstance(event, ArgumentEdited):
            yield from self._edited(event, desk)
        elif isinstance(event, CodeReadChanged):
            yield self._read_by_code(event, desk)
        elif isinstance(event, CopyEdited) and event.source == "metrics" and is_model(event.owner):
            yield from self._metrics_copy(event, desk)

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        known = {entry.finding.wording.argument for entry in desk.entries_of(model)}
        given = compile_objects(model)
        for name in ("loss", "loss_weights"):
            shown = shown_argument(model, name)
            if name in known or shown is None or not given or same_value(shown, given.get(name)):
                continue
            yield self._dead_argument(model, name, shown, mark_of(given.get(name)), Span(), desk)

    # Attributes of the model

    def _of_model(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        model, name = event.target, event.name
        if name not in COMPILE_ARGUMENTS or not getattr(model, "compiled", False):
            return
        if same_value(event.old, event.new):
            return
        if name in _TRACED_ARGUMENTS:
            yield from self._stale(event, [model], desk)
        else:
            yield self._dead_argument(model, name, event.new, mark_of(event.old), event.span, desk)

    def _dead_argument(
        self, model: Model, argument: str, value: object, before: Mark, span: Span, desk: Desk
    ) -> Finding:
        name = desk.name_of(model)
        old, new = brief_value(compile_objects(model).get(argument)), brief_value(value)
        wording = Wording(
            message=f"setting `{name}.{argument}` does not change what `{name}` was compiled with",
            label=f"`{name}` goes on with {argument}={old}",
            notes=(f"`compile` made its own object of `{argument}`; the attribute is not read again",),
            help=f"compile again: `{name}.compile(..., {argument}={new})`"
            + keeping_state(model, name)
            + _weighing(argument),
            cured=f"`{name}` was compiled again, or the value was taken back",
            ran=f"with {argument}={old}",
            argument=argument,
            declared=new,
        )
        values = (argument, before, desk.compiles(model))
        claim = StateClaim(model, _is_dead_argument, values=values, terms=_UNTIL_COMPILED)
        return self.finding(claim, wording, span, name, key=(id(model), argument))

    # Attributes of the optimizer, and of the model where the trace holds them

    def _of_optimizer(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
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
        claim = StateClaim(model, _has_former, (optimizer,), (attribute,), _UNTIL_COMPILED)
        key = (id(model), id(optimizer), attribute)
        return self.finding(claim, wording, event.span, name, key=key)

    def _stale(self, event: AttributeSet, models: Sequence[Model], desk: Desk) -> Iterator[Finding]:
        target, new, old = event.target, brief_value(event.new), brief_value(event.old)
        if event.name == "learning_rate":  # the attribute gives the rate of this step, whatever it comes from
            new, old = brief_value(value_of(target, event.name)), "a number"
        for model in models:
            claim = TraceClaim(model, AttributeFact(target, event.name))
            kinds = claim.stale_kinds(desk)
            if not kinds:
                continue
            name = desk.name_of(model)
            wording = Wording(
                message=f"{functions(kinds)} of `{name}` {'goes' if len(kinds) == 1 else 'go'} on with "
                f"the old `{_spelled(event, model, name, desk)}`",
                label=f"changes {event.name}; the trace was made without it"
                if event.old is MISSING
                else f"sets {event.name} to {new}; the trace holds {old}",
                notes=("a function traced before the edit holds what it read then",),
                help=trace_again(
                    kinds,
                    f"compile `{name}` again before you use it"
                    + keeping_state(model, name)
                    + while_training(desk, model, name),
                ),
                cured=f"no traced function of `{name}` holds the old value",
                ran=f"without {event.name}"
                if event.old is MISSING
                else f"with {event.name} {old} where the code said {new}",
                argument=event.name if target is model else "optimizer",
                declared=new if target is model else f"{type(target).__name__}({event.name}={new})",
            )
            key, part = cause(event.span, event.name, target), (id(target), id(model))
            yield self.finding(claim, wording, event.span, name, key=key, part=part)

    # Attributes of losses, metrics and schedules: found when the model is used

    def _of_held_object(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
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
                message=f"`{name}` goes on with {attribute}={held} of its {_kind(argument)} {kind}",
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
                cured=f"`{name}` and its {_kind(argument)} agree",
                ran=f"with {attribute} {held} where the code said {new}",
                argument=argument,
                declared=f"{kind}({attribute}={new})",
            )
            yield self.finding(claim, wording, event.span, name, key=(id(model), id(target), attribute))

    # Names, lists, and what traced code reads

    def _rebound(self, event: Rebound, desk: Desk) -> Iterator[Finding]:
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
        name, what = desk.name_of(model), _kind(argument)
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
        return self.finding(
            PlaceClaim(event, model, models, _TRAINED if argument == "optimizer" else _SCORED),
            wording,
            event.span,
            name,
            key=(id(models[0]), event.where),
            models=tuple(desk.name_of(m) for m in models),
            part=id(model),
        )

    def _edited(self, event: ArgumentEdited, desk: Desk) -> Iterator[Finding]:
        model, argument = event.model, event.argument
        if not is_argument_read(model, argument):
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
            + _weighing(argument),
            cured=f"a model was compiled with the edited `{event.name}`",
            ran=f"with `{event.name}` as it was",
            argument=argument,
            declared=event.name,
        )
        values = (desk.compiles(model), event.identity)
        terms = replace(_UNTIL_SCORED, names_ahead=frozenset({event.name}))
        claim = StateClaim(model, _is_not_compiled_since, values=values, terms=terms)
        yield self.finding(claim, wording, event.span, name, key=(id(model), argument, event.name))

    def _metrics_copy(self, event: CopyEdited, desk: Desk) -> Iterator[Finding]:
        model, span = event.owner, event.span
        if not desk.is_reachable(model) or not hands_out_copy(model, event.source):
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
        claim = StateClaim(model, _is_not_compiled_again, values=values, terms=_UNTIL_COMPILED)
        yield self.finding(
            claim, wording, span, name, key=(id(model), "copy", span.execution_count, span.line)
        )

    def _read_by_code(self, event: CodeReadChanged, desk: Desk) -> Finding:
        name, where, mark = desk.name_of(event.model), event.where, event.fact.mark
        claim = TraceClaim(event.model, CodeRead(event.fact), at_use=event.at_use)
        kinds = claim.stale_kinds(desk)
        if type(event.new) is types.FunctionType:
            wording = Wording(
                message=f"`{name}` was traced with the function that `{where}` named before, and goes on with that",
                label=f"defines another `{where}`",
                notes=("a traced function holds what the functions it calls did when it was traced",),
                help=trace_again(
                    kinds,
                    f"compile `{name}` again to have it traced with the new `{where}`"
                    + keeping_state(event.model, name),
                ),
                ran=f"with the old `{where}`",
                declared=str(where),
            )
        else:
            held, now = in_words(mark), in_words(mark_of(event.new))
            same = held == now  # two arrays are described alike
            wording = Wording(
                message=f"`{name}` was traced with other values of `{where}`, and goes on with them"
                if same
                else f"`{name}` was traced while `{where}` was {held}, and goes on with that",
                label=f"`{where}` holds other values than the trace read"
                if same
                else f"`{where}` is now {now}; the trace holds {held}",
                notes=("what a function reads while it is traced becomes a constant of the trace",),
                help=trace_again(
                    kinds,
                    f"keep `{where}` in a `keras.Variable` and assign to that, or compile `{name}` again"
                    + keeping_state(event.model, name)
                    + while_training(desk, event.model, name),
                ),
                ran=f"with `{where}` as it was"
                if same
                else f"with `{where}` {held} where the code said {now}",
                declared=f"{where}={now}",
            )
        return self.finding(
            claim,
            replace(wording, cured=f"`{where}` and the traces of `{name}` agree", argument="loss"),
            event.span,
            name,
            key=(id(event.model), "read", where, event.span.execution_count, event.span.line),
        )


def _weighing(argument: str) -> str:
    """Say how loss weights can change while the model trains."""
    if argument != "loss_weights":
        return ""
    return (
        "; to change a weight while it trains, compile with "
        "`loss_weights=[keras.Variable(1.0, trainable=False), ...]` and assign to that"
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


def _has_former(desk: ClaimDesk, model: Model, optimizer: Optimizer, attribute: str) -> bool:
    return getattr(model, "optimizer", None) is optimizer and attribute in vars(optimizer)


def _is_unapplied(desk: ClaimDesk, model: Model, target: object, attribute: str) -> bool:
    return argument_of(model, target) is not None and attribute in unapplied_arguments(target)


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


_TRAINED = Keeping(_keeps, _is_in_use, _trains, RETRACES, used_by_name=True)
_UNTIL_SCORED = Terms(cured_by=RETRACES, opened_by=_opened_by_scoring)
_SCORED = Keeping(_keeps, _is_in_use, _scores, RETRACES, used_by_name=True)


def _kind(argument: str) -> str:
    return {"metrics": "metric", "weighted_metrics": "metric"}.get(argument, argument)
