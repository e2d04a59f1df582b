"""KG204 ``compile-argument``: an optimizer, loss or metric changed where the compiled model keeps the old."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.attributes import same_value
from .._adapter.describe import brief_value
from .._adapter.face import FACE, is_layer, is_model, is_optimizer
from .._adapter.global_values import in_words
from .._adapter.held_values import argument_of, unapplied_arguments
from .._adapter.membership import compile_argument_of, compile_objects, is_argument_read, shown_argument
from .._adapter.reads import COMPILE_ARGUMENTS, FORMER_NAMES, constructor_arguments, read_when_applied
from .._adapter.uses import Use
from .._data.diagnostic import Span
from .._data.events import ArgumentEdited, AttributeSet, Event, Rebound, ValueRebound
from .._data.missing import MISSING
from .._instrument.names import Ahead
from .._ledger import Finding
from .base import Desk, Page, Rule
from .code import same_instructions, same_meaning
from .stale import (
    cause,
    compiles_ahead,
    functions,
    holds_stale,
    opened_by_stale,
    stale_kinds,
    until_the_cell_ends,
)
from .words import cell

#: Arguments a traced function goes by, as against those ``compile`` made something of.
_TRACED_ARGUMENTS = frozenset({"optimizer", "run_eagerly", "jit_compile", "steps_per_execution"})
_TRAIN = frozenset({"train"})


class CompileArgument(Rule):
    """Names, attributes and lists that were handed to ``compile``, changed afterwards."""

    code = "KG204"
    name = "compile-argument"
    page = Page(
        what="""
The name of an optimizer, loss or metric is bound anew after `compile()` got the old one; `model.loss`,
`model.optimizer`, `optimizer.lr`, `optimizer.clipnorm` and the like are assigned, or `loss.delta` and
other attributes of losses, metrics and schedules; a list of metrics that was handed over is appended to;
or a global that a traced loss read holds another value, or another function.""",
        why="""
`compile()` keeps the objects it was given, and the first `fit` turns what they read into constants.
`model.loss` is a label, `optimizer.lr` a new attribute nobody reads.""",
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
`optimizer.learning_rate` set to a number takes effect and is let be, and so is everything before the
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
            yield from self._held(event, desk)
        elif isinstance(event, Rebound):
            yield from self._rebound(event, desk)
        elif isinstance(event, ArgumentEdited):
            yield from self._edited(event, desk)
        elif isinstance(event, ValueRebound) and isinstance(event.old, types.CodeType):
            yield self._helper(event, desk)
        elif isinstance(event, ValueRebound):
            yield self._value(event, desk)

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        known = {entry.finding.argument for entry in desk.entries_of(model)}
        given = compile_objects(model)
        for name in ("loss", "loss_weights"):
            shown = shown_argument(model, name)
            if name in known or shown is None or not given or same_value(shown, given.get(name)):
                continue
            yield self._dead_argument(model, name, shown, Span(), desk, lambda: True)

    # Attributes of the model

    def _of_model(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        model, name = event.target, event.name
        if name not in COMPILE_ARGUMENTS or not getattr(model, "compiled", False):
            return
        if same_value(event.old, event.new):
            return
        if name in _TRACED_ARGUMENTS:
            kinds = _TRAIN if name == "optimizer" else frozenset({"train", "test", "predict"})
            if stale_kinds(desk, model, model, name, kinds):
                yield self._stale(event, model, kinds, desk)
            return
        number = desk.edit_number()
        reference = weakref.ref(model)

        def holds() -> bool:
            living = reference()
            return (
                living is not None
                and desk.compiled_at(living) < number
                and desk.attribute_changed_since(living, name, number - 1)
            )

        yield self._dead_argument(model, name, event.new, event.span, desk, holds)

    def _dead_argument(
        self, model: Any, argument: str, value: Any, span: Span, desk: Desk, holds: Callable[[], bool]
    ) -> Finding:
        name = desk.name_of(model)
        old = brief_value(compile_objects(model).get(argument))
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), argument),
            span=span,
            message=f"setting `{name}.{argument}` does not change what `{name}` was compiled with",
            label=f"`{name}` goes on with {argument}={old}",
            notes=(f"`compile` made its own object of `{argument}`; the attribute is not read again",),
            help=f"compile again: `{name}.compile(..., {argument}={brief_value(value)})`",
            model=weakref.ref(model),
            model_name=name,
            certain=True,
            holds=holds,
            waits=compiles_ahead(desk, [model]),
            cured=f"`{name}` was compiled again, or the value was taken back",
            argument=argument,
            declared=brief_value(value),
        )

    # Attributes of the optimizer, and of the model where the trace holds them

    def _of_optimizer(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        optimizer, name = event.target, event.name
        cls = optimizer.__class__
        if same_value(event.old, event.new):
            return
        models = desk.owners_of_optimizer(optimizer)
        former = FORMER_NAMES.get(name) if event.old is MISSING else None
        if former is not None and name not in read_when_applied(cls):
            if models:
                yield self._former(event, models, former, desk)
            return
        if name.startswith("_") or name not in (read_when_applied(cls) | constructor_arguments(cls)):
            return
        for model in models:
            if stale_kinds(desk, model, optimizer, name, _TRAIN):
                yield self._stale(event, model, _TRAIN, desk)

    def _former(self, event: AttributeSet, models: list[Any], now: str, desk: Desk) -> Finding:
        model = models[0]
        name = desk.name_of(model)
        number = desk.edit_number()
        reference, changed, attribute = weakref.ref(model), weakref.ref(event.target), event.name

        def holds() -> bool:
            living, optimizer = reference(), changed()
            return (
                living is not None
                and getattr(living, "optimizer", None) is optimizer
                and desk.attribute_changed_since(optimizer, attribute, number - 1)
            )

        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), id(event.target), attribute),
            span=event.span,
            message=f"`{attribute}` is no setting of this optimizer: `{name}` trains as before",
            label=f"makes a new attribute `{attribute}` that nothing reads",
            notes=(f"Keras 3 reads `{now}`; other names are accepted and ignored",),
            help=f"set `{name}.optimizer.{now}`" if now.isidentifier() else f"use {now}",
            model=reference,
            model_name=name,
            certain=True,
            holds=holds,
            waits=compiles_ahead(desk, [model]),
            cured=f"`{name}` has another optimizer, or the value was taken back",
            argument="optimizer",
            declared=f"{type(event.target).__name__}({attribute}={brief_value(event.new)})",
        )

    def _stale(self, event: AttributeSet, model: Any, kinds: frozenset[str], desk: Desk) -> Finding:
        name, target = desk.name_of(model), event.target
        found = stale_kinds(desk, model, target, event.name, kinds)
        place = f"{name}.{event.name}" if target is model else f"{name}.optimizer.{event.name}"
        new, old = brief_value(event.new), brief_value(event.old)
        return Finding(
            code=self.code,
            rule=self.name,
            key=cause(self.code, event.span, event.name, target),
            span=event.span,
            message=f"{functions(found)} of `{name}` {'goes' if len(found) == 1 else 'go'} on with the old `{place}`",
            label=f"sets {event.name} to {new}; the trace holds {old}",
            notes=("a function traced before the edit holds what it read then",),
            help=f"compile `{name}` again before you use it: `{name}.compile(...)`",
            model=weakref.ref(model),
            model_name=name,
            holds=holds_stale(desk, model, target, event.name, kinds),
            opened_by=opened_by_stale(desk, model, target, event.name, kinds),
            waits=until_the_cell_ends,
            quiet_after_use=True,
            cured=f"no traced function of `{name}` holds the old value",
            argument=event.name if target is model else "optimizer",
            declared=new if target is model else f"{type(target).__name__}({event.name}={new})",
            part=(id(target), id(model)),
        )

    # Attributes of losses, metrics and schedules

    def _held(self, event: AttributeSet, desk: Desk) -> Iterator[Finding]:
        target, attribute = event.target, event.name
        dead = attribute in unapplied_arguments(target)
        kind, held = type(target).__name__, brief_value(event.old)
        for model in desk.models():
            argument = argument_of(model, target)
            if argument is None or not (dead or _is_held(model, target, attribute, desk)):
                continue
            name = desk.name_of(model)
            yield Finding(
                code=self.code,
                rule=self.name,
                key=(self.code, id(model), id(target), attribute),
                span=event.span,
                message=f"`{name}` goes on with {attribute}={held} of its {_kind(argument)} {kind}",
                label=f"`{attribute}` is now {brief_value(event.new)}, which "
                + ("only its config shows" if dead else "no traced function has read"),
                notes=(
                    f"{kind} computes with what its constructor was given"
                    if dead
                    else "a function traced before the edit holds what it read then",
                ),
                help=f"compile `{name}` again"
                + (f" with a new `{kind}({attribute}={brief_value(event.new)})`" if dead else ""),
                model=weakref.ref(model),
                model_name=name,
                certain=True,
                holds=_held_proof(model, target, attribute, desk),
                cured=f"`{name}` and its {_kind(argument)} agree",
                argument=argument,
                declared=f"{kind}({attribute}={brief_value(event.new)})",
            )

    # Names and lists

    def _rebound(self, event: Rebound, desk: Desk) -> Iterator[Finding]:
        old, new = event.old, event.new
        if not (_comparable(old, new) and not same_meaning(old, new)):
            return
        models = [m for m in desk.models() if compile_argument_of(m, old) is not None]
        if not models or _in_use(new, desk):
            return
        for model in models:
            yield self._bound_anew(event, model, models, desk)

    def _bound_anew(self, event: Rebound, model: Any, models: list[Any], desk: Desk) -> Finding:
        argument = compile_argument_of(model, event.old) or ""
        name, built = desk.name_of(model), desk.built_in(model)
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(models[0]), event.where),
            span=event.span,
            message=f"`{name}` was compiled with the {_kind(argument)} `{event.where}` named before",
            label=f"binds `{event.where}` to another {_kind(argument)}; `{name}` keeps the old one",
            notes=("`compile` keeps the object it was given, not the name", *_built(built, name)),
            help=f"compile `{name}` again with the new `{event.where}`",
            model=weakref.ref(model),
            model_name=name,
            models=tuple(desk.name_of(m) for m in models),
            holds=_rebound_proof(event, model, desk),
            opened_by=_opened_by_scoring(argument),
            waits=_rebound_waits(event, models, desk),
            cured=f"a model was compiled with the new `{event.where}`, or none goes on with the old one",
            argument=argument,
            declared=str(event.where),
            part=id(model),
        )

    def _edited(self, event: ArgumentEdited, desk: Desk) -> Iterator[Finding]:
        model, argument = event.model, event.argument
        if not is_argument_read(model, argument):
            return
        number, reference = desk.edit_number(), weakref.ref(model)
        name = desk.name_of(model)

        def holds() -> bool:
            living = reference()
            return living is not None and desk.compiled_at(living) < number

        yield Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), argument, event.name),
            span=event.span,
            message=f"editing `{event.name}` does not change the {argument} of `{name}`",
            label=f"`{name}` read the list when it was first used",
            notes=(
                f"`compile` was given `{event.name}` as {argument}, and made its own objects of it since",
            ),
            help=f"compile `{name}` again with the edited `{event.name}`",
            model=reference,
            model_name=name,
            certain=True,
            holds=holds,
            waits=compiles_ahead(desk, [model]),
            cured=f"`{name}` was compiled again",
            argument=argument,
            declared=event.name,
        )

    def _helper(self, event: ValueRebound, desk: Desk) -> Finding:
        """Judge a function that traced code calls by its global name: the trace has what it did."""
        model, name = event.model, event.where
        shown = desk.name_of(model)
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), "helper", name),
            span=event.span,
            message=f"`{shown}` was traced with the function that `{name}` named before, and goes on with that",
            label=f"defines another `{name}`",
            notes=("a traced function holds what the functions it calls did when it was traced",),
            help=f"compile `{shown}` again to have it traced with the new `{name}`",
            model=weakref.ref(model),
            model_name=shown,
            certain=True,
            holds=_helper_proof(event, desk),
            cured=f"`{name}` and the traces of `{shown}` agree",
            argument="loss",
            declared=str(name),
        )

    def _value(self, event: ValueRebound, desk: Desk) -> Finding:
        model, name, value = event.model, event.where, event.old
        reference, traces = weakref.ref(model), desk.traces
        shown = desk.name_of(model)

        def holds() -> bool:
            living = reference()
            if living is None or desk.setting_at(name) == value:
                return False
            return any(facts.values.get(name) == value for facts in traces.of(living).all_facts())

        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), "global", name),
            span=event.span,
            message=f"`{shown}` was traced while `{name}` was {in_words(value)}, and goes on with that",
            label=f"`{name}` is now {in_words(event.new)}; the trace holds {in_words(value)}",
            notes=(
                "a plain value that a traced function reads from a global becomes a constant of the trace",
            ),
            help=f"compile `{shown}` again, or keep `{name}` in a `keras.Variable` and assign to that",
            model=reference,
            model_name=shown,
            certain=True,
            holds=holds,
            cured=f"`{name}` and the traces of `{shown}` agree",
            argument="loss",
            declared=f"{name}={in_words(event.new)}",
        )


def _helper_proof(event: ValueRebound, desk: Desk) -> Callable[[], bool]:
    own, name, old = weakref.ref(event.model), event.where, event.old

    def proof() -> bool:
        living, helper = own(), desk.value_at(name)
        if living is None or type(helper) is not types.FunctionType:
            return False
        if same_instructions(old, helper.__code__):
            return False
        return any(facts.helpers.get(name.root) is old for facts in desk.traces.of(living).all_facts())

    return proof


def _is_held(model: Any, target: Any, attribute: str, desk: Desk) -> bool:
    """Whether a trace holds another value of an attribute than it has now."""
    return any(
        held.owner() is target and held.name == attribute and held.changed
        for facts in desk.traces.of(model).all_facts()
        for held in facts.held
    )


def _held_proof(model: Any, target: Any, attribute: str, desk: Desk) -> Callable[[], bool]:
    own, changed = weakref.ref(model), weakref.ref(target)

    def proof() -> bool:
        living, edited = own(), changed()
        if living is None or edited is None or argument_of(living, edited) is None:
            return False
        return attribute in unapplied_arguments(edited) or _is_held(living, edited, attribute, desk)

    return proof


def _comparable(old: Any, new: Any) -> bool:
    """Whether the new object could have been handed over in place of the old one."""
    kinds = ((types.FunctionType,), FACE.optimizer, FACE.loss, FACE.metric)
    return any(issubclass(type(old), kind) and issubclass(type(new), kind) for kind in kinds)


def _in_use(value: Any, desk: Desk) -> bool:
    """Whether a model was compiled with an object, or a loop of the user's own applies an optimizer."""
    if is_optimizer(value) and getattr(value, "built", False):
        return True
    return any(compile_argument_of(m, value) is not None for m in desk.models())


def _kind(argument: str) -> str:
    return {"metrics": "metric", "weighted_metrics": "metric"}.get(argument, argument)


def _built(built: int | None, name: str) -> tuple[str, ...]:
    return (f"{cell(built)} built `{name}`",) if built else ()


def _rebound_proof(event: Rebound, model: Any, desk: Desk) -> Callable[[], bool]:
    own, old, new = weakref.ref(model), weakref.ref(event.old), weakref.ref(event.new)
    place = None if event.is_local else event.where

    def proof() -> bool:
        living, before, after = own(), old(), new()
        if living is None or before is None or after is None:
            return False
        if not desk.still_holds(place, after) or compile_argument_of(living, before) is None:
            return False
        return not _in_use(after, desk)

    return proof


def _rebound_waits(event: Rebound, models: list[Any], desk: Desk) -> Callable[[Ahead], bool]:
    compiles = compiles_ahead(desk, models)
    root = event.where.root

    def waits(ahead: Ahead) -> bool:
        return root in ahead.read or root in ahead.bound or compiles(ahead)

    return waits


def _opened_by_scoring(argument: str) -> Callable[[Use], bool]:
    def opened_by(use: Use) -> bool:
        return use.trains if argument == "optimizer" else use.scores

    return opened_by
