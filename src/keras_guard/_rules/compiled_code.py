"""What code of the user's read while it was traced."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from dataclasses import replace

from .._adapter.code_reads import class_that_gives
from .._adapter.keras_types import is_layer, is_model
from .._adapter.marks import in_words, mark_of
from .._adapter.traces import OWN
from .._claims.trace_claim import CodeRead, ModelRead, TraceClaim
from .._data.events import CodeReadChanged
from .._data.place import Attribute
from .._ledger import Finding, Wording
from .base import Desk, Rule
from .wording import Traced, keeping_state, trace_again, while_training


class CompiledCode:
    """Globals, closures and attributes that a trace holds as constants.

    Args:
        rule: The rule that speaks of them.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def read(self, event: CodeReadChanged, desk: Desk) -> Iterator[Finding]:
        """Yield that a trace holds another value of what code reads, unless the attribute it is in was reported."""
        if _is_in_reported_attribute(event, desk):
            return
        name, where = desk.name_of(event.model), event.where
        fact = (ModelRead if is_model(event.new) else CodeRead)(event.fact)
        claim = TraceClaim(event.model, fact, at_use=event.at_use)
        wording = _wording_of(event, Traced(claim, name, desk), name, desk)
        yield self._rule.finding(
            claim,
            replace(wording, cured=f"`{_spelled(event, desk)}` and the traces of `{name}` agree"),
            event.span,
            name,
            key=(id(event.model), "read", where, event.span.execution_count, event.span.line),
        )


def _is_in_reported_attribute(event: CodeReadChanged, desk: Desk) -> bool:
    """Whether code reads a part of an attribute, ``self.scales[0]``, and a card tells of the attribute itself."""
    source = event.fact.source
    step = source.place.steps[0] if source.place.steps else None
    if not isinstance(step, Attribute) or not is_layer(source.owner_now()):
        return False
    attribute = (id(source.owner_now()), step.name)
    claims = (claim for entry in desk.entries_of(event.model) for claim in entry.claims())
    return any(isinstance(claim, TraceClaim) and claim.fact.identity == attribute for claim in claims)


def _wording_of(event: CodeReadChanged, traced: Traced, name: str, desk: Desk) -> Wording:
    where, new = _spelled(event, desk), event.new
    if is_model(new):
        return _model_wording(where, traced, trace_again({OWN}, ""))
    if type(new) is types.FunctionType:
        wording = _function_wording(traced.subject, name, where)
        cure = wording.help + keeping_state(event.model, name)
    else:
        wording = _value_wording(
            traced.subject, name, where, in_words(event.fact.mark), in_words(mark_of(new))
        )
        cure = wording.help + keeping_state(event.model, name) + while_training(desk, event.model, name)
    return replace(wording, help=trace_again(traced.kinds, cure), argument="loss")


def _spelled(event: CodeReadChanged, desk: Desk) -> str:
    """Spell what code reads; of an object by the name that the notebook has for it, and not by ``self``."""
    where, owner = str(event.where), event.fact.source.owner_now()
    if owner is None or isinstance(owner, (types.FunctionType, functools.partial)):
        return where
    step = event.where.steps[0]
    cls = class_that_gives(owner, step.name) if isinstance(step, Attribute) else None
    return f"{desk.name_of(owner) if cls is None else cls.__name__}{where[len(event.where.root) :]}"


def _function_wording(subject: str, name: str, where: str) -> Wording:
    return Wording(
        message=f"{subject} was traced with the function that `{where}` named before, and goes on with that",
        label=f"defines another `{where}`",
        notes=("a traced function holds what the functions it calls did when it was traced",),
        help=f"compile `{name}` again to have it traced with the new `{where}`",
        ran=f"with the old `{where}`",
        declared=where,
    )


def _model_wording(where: str, traced: Traced, cure: str) -> Wording:
    return Wording(
        message=f"{traced} {traced.does('goes', 'go')} on with the model that `{where}` named before",
        label=f"binds `{where}` to another model, which the trace does not hold",
        notes=("a traced function holds the objects that its code read while it was traced",),
        help=cure,
        ran=f"with the old `{where}`",
    )


def _value_wording(subject: str, name: str, where: str, held: str, now: str) -> Wording:
    cure = f"keep `{where}` in a `keras.Variable` and assign to that, or compile `{name}` again"
    if held == now:  # two arrays are described alike
        message = f"{subject} was traced with other values of `{where}`, and goes on with them"
        label, ran = f"`{where}` holds other values than the trace read", f"with `{where}` as it was"
    else:
        message = f"{subject} was traced while `{where}` was {held}, and goes on with that"
        label = f"`{where}` is now {now}; the trace holds {held}"
        ran = f"with `{where}` {held} where the code said {now}"
    return Wording(
        message=message,
        label=label,
        notes=("what a function reads while it is traced becomes a constant of the trace",),
        help=cure,
        ran=ran,
        declared=f"{where}={now}",
    )
