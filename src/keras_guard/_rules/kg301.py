"""KG301 ``edited-copy``: an edit of a container that Keras returns as a copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .._adapter.copies import hands_out_copy, layer_with
from .._adapter.keras_types import is_model, is_optimizer, is_variable
from .._adapter.model_use import Use
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._data.events import CopyEdited, Event, HeldCopy
from .._data.types import Layer, Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .copy_edits import is_value_used
from .wording import cause, facts, layer_title

_CURES = {
    "get_config()": "make a new layer or model of the edited config: `type(x).from_config(config)`",
    "get_weights()": "hand the edited list back: `x.set_weights(weights)`",
    "numpy()": "give the edited array back: `x.assign(array)`",
    "trainable_weights": "set `x.trainable = False` before you compile",
    "trainable_variables": "set `x.trainable = False` before you compile",
    "metrics_names": "give the metrics to `compile(metrics=[...])`",
    "losses": "add losses with `self.add_loss(...)` in `call`",
}


class EditedCopy(Rule):
    """``model.get_config()[...] = ...`` and ``layer.trainable_weights.clear()``."""

    code = "KG301"
    name = "edited-copy"
    page = Page(
        what="""
The result of `get_config()`, `get_weights()`, `numpy()` of a variable, `weights`, `trainable_weights`, `losses`, `metrics` or the
like is edited in the very expression that reads it.""",
        why="""Keras makes a new container at each read. The edit changes a copy that nothing holds.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
# ---
model.layers[0].get_config()["activation"] = "relu\"""",
        instead="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
# ---
config = model.layers[0].get_config()
config["activation"] = "relu"
layer = keras.layers.Dense.from_config(config)""",
        limits="""
Of copies that a name holds, those of `get_weights()` and of `numpy()` of a variable are followed. At the top level of cells the card is pending
until the model runs, and ends when any code reads the name other than to edit or print it. In a function it is open at
the edit, where the rest of the function does not read the name. To compute numbers from a copy before the edit is not
to read it: `limit = np.median(np.abs(w[0]))`. Not reported: other copies that are bound to a name first, the
`get_config` of a class of the user's own, and a `pop()` whose value is used: `bias = layer.get_weights().pop()`.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, CopyEdited) or not hands_out_copy(event.owner, event.source):
            return
        if event.held is not None:
            yield from self._held(event, event.held, desk)
            return
        if event.source == "metrics" and is_model(event.owner):
            return  # an argument of `compile`: KG204
        if not event.local and is_value_used(event):
            return
        for layer, model in _where(event.owner, desk):
            yield self._finding(event, layer, model, desk)

    def _held(self, event: CopyEdited, held: HeldCopy, desk: Desk) -> Iterator[Finding]:
        """Yield that a copy was edited that a name holds, and that nothing has read since."""
        owner = event.owner
        for layer, model in _where(owner, desk):
            name, about = desk.name_of(model), facts(layer)
            is_whole = layer is model or not held.spelled
            whose = f"`{name}`" if is_whole else f"{layer_title(about)} in `{name}`"
            label, cure = _giving_back(held, owner)
            wording = Wording(
                message=f"editing `{held.name}` does not change the weights of {whose}",
                label=label,
                notes=(f"`{event.source}` returns a new copy at each call",),
                help=cure,
                cured=f"the code read `{held.name}` again, or it holds something else",
                ran="without the edit",
                graph_layer=None if is_whole else about,
            )
            yield self.finding(
                StateClaim(model, _is_lost, (owner,), (held,), _when_run(held)),
                wording,
                event.span,
                name,
                # The turns of a loop are one edit of the model.
                key=(id(owner if held.spelled else model), event.source, held.number),
            )

    def _finding(self, event: CopyEdited, layer: Layer, model: Model, desk: Desk) -> Finding:
        name, about = desk.name_of(model), facts(layer)
        whose = f"`{name}`" if layer is model else f"{about.title()} in `{name}`"
        whose = f"the optimizer of {whose}" if is_optimizer(event.owner) else whose
        wording = Wording(
            message=f"editing `{event.local or event.source}` does not change {whose}",
            label="changes a copy that nothing holds",
            notes=(f"Keras makes a new `{event.source}` at each read",),
            help=_CURES.get(event.source, "bind the copy to a name and give it back to Keras after the edit"),
            cured="the layer is gone",
            ran="without the edit",
            graph_layer=None if layer is model else about,
        )
        key: tuple[object, ...] = (
            id(event.owner), event.source, event.span.execution_count, event.span.line
        )  # fmt: skip
        part = None
        if event.local:
            wording = replace(
                wording,
                label="changes a copy, which nothing reads before the function ends",
                help=f"give the copy back with `{'assign' if is_variable(event.owner) else 'set_weights'}` before the function ends",
            )
            key, part = cause(event.span, event.source, event.owner), (id(event.owner), id(model))
        claim = StateClaim(model, _lives, (event.owner,))
        return self.finding(claim, wording, event.span, name, key=key, part=part)


def _giving_back(held: HeldCopy, owner: object) -> tuple[str, str]:
    """Return what an edit of a copy does, and what gives the copy back."""
    method, given = "set_weights", held.name if held.is_whole else f"[..., {held.name}, ...]"
    if is_variable(owner):
        method, given = "assign", held.name
    if not held.spelled:
        label = "changes a copy, which nothing in the loop reads afterwards"
        return label, f"give each copy back with `{method}` in the turn that edits it"
    call = f"{held.spelled}.{method}"
    return f"changes a copy; `{call}` was not called with it", f"give the copy back: `{call}({given})`"


def _where(owner: Any, desk: Desk) -> list[tuple[Layer, Model]]:
    """Return the layer that a copy comes from, with the model it is in; empty where no model in reach has it."""
    if is_optimizer(owner):
        return [(m, m) for m in desk.models() if getattr(m, "optimizer", None) is owner][:1]
    layer = layer_with(owner, desk.models()) if is_variable(owner) else owner
    if is_model(layer) and desk.is_reachable(layer):
        return [(layer, layer)]
    return [(layer, model) for model in desk.holders(layer)[:1]] if layer is not None else []


def _when_run(held: HeldCopy) -> Terms:
    """Return the terms of an edit that may still be given back: it opens when the model runs without it."""
    return Terms(opened_by=_runs, names_ahead=frozenset({held.name}))


def _runs(use: Use, desk: ClaimDesk, model: Model, held: HeldCopy) -> bool:
    return use.runs


def _is_lost(desk: ClaimDesk, model: Model, owner: object, held: HeldCopy) -> bool:
    return desk.is_lost_copy(held)


def _lives(desk: ClaimDesk, model: Model, owner: object) -> bool:
    return True  # asked only while both live, and the copy is never read again
