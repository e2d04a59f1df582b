"""KG302 ``adapted-after-trace``: new statistics of a preprocessing layer that a traced function does not use."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

from .._adapter.adapted_state import ADAPTED, bakes_adapted_state
from .._data.events import Event, StateAdapted
from .._ledger import Finding
from .base import Desk, Page, Rule
from .stale import (
    cause,
    functions,
    holds_stale,
    layer_title,
    opened_by_stale,
    stale_kinds,
    until_the_cell_ends,
)
from .words import facts


class AdaptedAfterTrace(Rule):
    """``adapt`` on a layer of a model that was traced before."""

    code = "KG302"
    name = "adapted-after-trace"
    page = Page(
        what="""
`adapt()` or `set_vocabulary()` gives a preprocessing layer new statistics or words after `fit`, `evaluate` or `predict` traced a
function of a model that runs the layer.""",
        why="""
Mean, variance and bin boundaries become constants of the trace, and words are looked up in the table of its
time; the traced function goes on with the old ones, while `model(x)` uses the new.""",
        example="""
import keras, numpy
x = numpy.arange(8.0).reshape(4, 2).astype("float32")
norm = keras.layers.Normalization()
norm.adapt(x)
model = keras.Sequential([keras.Input((2,)), norm])
before = model.predict(x, verbose=0)
# ---
norm.adapt(x * 50)
# ---
after = model.predict(x, verbose=0)""",
        instead="""
import keras, numpy
x = numpy.arange(8.0).reshape(4, 2).astype("float32")
norm = keras.layers.Normalization()
norm.adapt(x)
model = keras.Sequential([keras.Input((2,)), norm])
before = model.predict(x, verbose=0)
# ---
norm.adapt(x * 50)
model.compile()
# ---
after = model.predict(x, verbose=0)""",
        limits="""`adapt()` on the same data again changes nothing and says nothing. On JAX and torch the lookup layers run
outside the traces and are let be.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, StateAdapted) or not bakes_adapted_state(event.layer):
            return
        about = facts(event.layer)
        for model in desk.traced_models(event.layer):
            kinds = stale_kinds(desk, model, event.layer, ADAPTED)
            if not kinds:
                continue
            name = desk.name_of(model)
            yield Finding(
                code=self.code,
                rule=self.name,
                key=cause(self.code, event.span, ADAPTED, event.layer),
                span=event.span,
                message=f"{functions(kinds)} of `{name}` {'goes' if len(kinds) == 1 else 'go'} on with what "
                f"{layer_title(about)} learned before",
                label="teaches the layer anew; the trace holds what it knew before",
                notes=(f"calling `{name}(x)` uses what it knows now",),
                help=f"compile `{name}` again (`{name}.compile(...)`) so that its functions are traced anew",
                model=weakref.ref(model),
                model_name=name,
                holds=holds_stale(desk, model, event.layer, ADAPTED),
                opened_by=opened_by_stale(desk, model, event.layer, ADAPTED),
                waits=until_the_cell_ends,
                quiet_after_use=True,
                cured=f"no traced function of `{name}` holds what it learned before",
                graph_layer=about,
                part=(id(event.layer), id(model)),
            )
