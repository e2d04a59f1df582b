"""Layers that were put into a slot of a layer's own list, so that the layer has no record of them."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.keras_types import is_model
from .._adapter.membership import is_compiled
from .._adapter.model_use import Use
from .._adapter.trace_facts import layers_identity
from .._adapter.tracked_lists import untracked_items
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._data.diagnostic import DiffRow
from .._data.events import StructureChanged
from .._data.types import Layer, Model
from .._ledger import Finding, Wording
from .base import Desk, Rule, was_said
from .wording import built_note, facts

_CODES = ("KG104", "KG203")


def untracked_slots(rule: Rule, event: StructureChanged, desk: Desk) -> Iterator[Finding]:
    """Yield that the layer of an event is in a list of a model that does not track it.

    Args:
        rule: The rule that says so.
        event: The edit of the list.
        desk: What rules ask.
    """
    model = event.model
    if event.at_use and was_said(model, desk, *_CODES):
        return
    for owner, attribute, layer in untracked_items(model):
        if layer is event.layer and not (is_model(layer) and is_compiled(layer)):
            yield _finding(rule, event, owner, attribute, desk)
            return


def _finding(rule: Rule, event: StructureChanged, owner: Layer, attribute: str, desk: Desk) -> Finding:
    model, span, about = event.model, event.span, facts(event.layer)
    place = f"{desk.name_of(owner)}.{attribute}"
    name = type(model).__name__ if desk.name_of(model) == "self" else desk.name_of(model)
    wording = Wording(
        message=f"`{name}` does not train the layer that was put into `{place}`",
        label=f"puts {about.title()} into a slot of a list",
        notes=(
            "Keras hears of `append` and of a list that is assigned whole, not of a slot: a call runs the layer, "
            f"but its weights are not among those of `{name}`",
            *built_note(desk.built_in(model), name),
        ),
        help=f"make a new `{name}`, and fill `{attribute}` in its constructor by `append` or as a whole list",
        cured=f"`{name}` tracks the layer, or `{place}` does not hold it any more",
        ran="without training the layer",
        new_layer=about,
        diff=(DiffRow("+", about),),
    )
    claim = StateClaim(model, _is_untracked, (event.layer,), terms=_TERMS)
    key = (id(model), span.execution_count, span.file, span.line)
    return rule.finding(claim, wording, span, name, key=key, part=id(event.layer))


def _is_untracked(desk: ClaimDesk, model: Model, layer: Layer) -> bool:
    return any(found is layer for _, _, found in untracked_items(model))


def _opened_by(use: Use, desk: ClaimDesk, model: Model) -> bool:
    """Whether a use trains the model, or runs a function that was traced before the edit."""
    return use.trains or any(facts.layers != layers_identity(model) for facts in use.serving)


def _seen_by(use: Use, desk: ClaimDesk, model: Model) -> bool:
    """Whether a use runs the model as it is, and trains nothing: a call, or a trace that has its layers of now."""
    if use.model is not model or use.trains:
        return False
    return use.method == "call" if use.made is None else use.made.layers == layers_identity(model)


_TERMS = Terms(opened_by=_opened_by, seen_by=_seen_by, read_ahead=True)
