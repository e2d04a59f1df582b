"""KG301 ``edited-copy``: an edit of a container that Keras hands out as a copy."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from .._adapter.attributes import hands_out_copy
from .._adapter.face import is_model
from .._data.events import CopyEdited, Event
from .._ledger import Finding
from .base import Desk, Page, Rule
from .words import facts

_CURES = {
    "get_config()": "make a new layer or model of the edited config: `type(x).from_config(config)`",
    "get_weights()": "hand the edited list back: `x.set_weights(weights)`",
    "trainable_weights": "set `x.trainable = False` before you compile",
    "trainable_variables": "set `x.trainable = False` before you compile",
    "metrics": "hand the metrics to `compile(metrics=[...])`",
    "losses": "add losses with `self.add_loss(...)` in `call`",
}


class EditedCopy(Rule):
    """``model.get_config()[...] = ...`` and ``layer.trainable_weights.clear()``."""

    code = "KG301"
    name = "edited-copy"
    page = Page(
        what="""
The result of `get_config()`, `get_weights()`, `weights`, `trainable_weights`, `losses`, `metrics` or the
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
A copy that is bound to a name first may be handed on, and is let be. So is the `get_config` of a class of
the user's own.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, CopyEdited) or not hands_out_copy(event.owner, event.source):
            return
        owner = event.owner
        models = ([owner] if is_model(owner) and desk.is_reachable(owner) else []) or desk.holders(owner)
        if not models:
            return
        yield self._finding(event, models[0], desk)

    def _finding(self, event: CopyEdited, model: Any, desk: Desk) -> Finding:
        name, about = desk.name_of(model), facts(event.owner)
        reference = weakref.ref(event.owner)
        whose = f"`{name}`" if event.owner is model else f"{about.title()} in `{name}`"
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(event.owner), event.source, event.span.execution_count, event.span.line),
            span=event.span,
            message=f"editing `{event.source}` does not change {whose}",
            label="changes a copy that nothing holds",
            notes=(f"Keras makes `{event.source}` anew at each read",),
            help=_CURES.get(event.source, "bind the copy to a name and hand it back to Keras after the edit"),
            model=weakref.ref(model),
            model_name=name,
            certain=True,
            holds=lambda: reference() is not None,
            cured="the layer is gone",
            graph_layer=None if event.owner is model else about,
        )
