"""KG302 ``adapted-after-trace``: new statistics of a preprocessing layer that a traced function does not use."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.adapted_state import ADAPTED, bakes_adapted_state
from .._claims.trace_claim import AttributeFact, TraceClaim
from .._data.events import Event, StateAdapted
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import Traced, cause, facts, keeping_state, layer_title, trace_again


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
outside the traces and are not reported.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, StateAdapted) or not bakes_adapted_state(event.layer):
            return
        about = facts(event.layer)
        for model in desk.traced_models(event.layer):
            claim = TraceClaim(model, AttributeFact(event.layer, ADAPTED))
            name = desk.name_of(model)
            traced = Traced(claim, name, desk)
            if not traced:
                continue
            wording = Wording(
                message=f"{traced} {traced.does('goes', 'go')} on with what "
                f"{layer_title(about)} learned before",
                label="teaches the layer new values; the trace holds what it knew before",
                notes=(f"calling `{name}(x)` uses what it knows now",),
                help=trace_again(
                    traced.kinds,
                    f"compile `{name}` again so that its functions are traced again"
                    + keeping_state(model, name),
                ),
                cured=f"no traced function of `{name}` holds what it learned before",
                ran=f"with what {layer_title(about)} knew before",
                graph_layer=about,
            )
            yield self.finding(
                claim,
                wording,
                event.span,
                name,
                key=cause(event.span, ADAPTED, event.layer),
                part=(id(event.layer), id(model)),
            )
