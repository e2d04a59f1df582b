"""KG304 ``replaced-step``: a method assigned on a model whose traced function keeps the old one."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.attribute_reads import STEP_KINDS
from .._adapter.keras_types import is_layer
from .._claims.trace_claim import AttributeFact, TraceClaim
from .._data.events import AttributeSet, Event
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import Traced, cause


class ReplacedStep(Rule):
    """``model.train_step = mine`` after the first ``fit``."""

    code = "KG304"
    name = "replaced-step"
    page = Page(
        what="""
`train_step`, `test_step`, `predict_step`, `compute_loss` or `call` is assigned on a model or layer after a
function that runs it was traced.""",
        why="""The traced function was made from the old method and goes on with it; the new one never runs.""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
plain = model.train_step
def step(data):
    return plain(data)
# ---
model.train_step = step
# ---
history = model.fit(x, y, verbose=0)""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
plain = model.train_step
def step(data):
    return plain(data)
# ---
model.train_step = step
model.make_train_function(force=True)
# ---
history = model.fit(x, y, verbose=0)""",
        limits="""Silent before the first trace.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, AttributeSet) or event.name not in STEP_KINDS or not is_layer(event.target):
            return
        for model in desk.traced_models(event.target):
            claim = TraceClaim(model, AttributeFact(event.target, event.name), STEP_KINDS[event.name])
            name = desk.name_of(model)
            traced = Traced(claim, name, desk)
            if not traced:
                continue
            remake = "".join(f" or `{name}.make_{k}_function(force=True)`" for k in sorted(traced.kinds)[:1])
            wording = Wording(
                message=f"{traced} {traced.does('goes', 'go')} on with the old `{event.name}`",
                label=f"the new `{event.name}` is not in the trace",
                notes=("a traced function keeps the methods it was made from",),
                help=f"call `{name}.compile(...)`{remake} after replacing it",
                cured=f"no traced function of `{name}` holds the old method",
                ran=f"the old `{event.name}`",
            )
            yield self.finding(
                claim,
                wording,
                event.span,
                name,
                key=cause(event.span, event.name, event.target),
                part=(id(event.target), id(model)),
            )
