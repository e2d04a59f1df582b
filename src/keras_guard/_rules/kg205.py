"""KG205 ``trains-nothing``: a model frozen after it was compiled, by the time it is trained."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.compiled_flags import fixes_flags
from .._adapter.model_use import Use
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._data.events import Event, TrainsNothing
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule


class TrainsNothingRule(Rule):
    """Training that will change no weight."""

    code = "KG205"
    name = "trains-nothing"
    page = Page(
        what="""
A model that had something to train when it was compiled is trained for the first time with everything
frozen, as in `D.compile(); D.trainable = False; gan.compile()`.""",
        why="""
In Keras 3 the flags count when the train function is traced, not when `compile()` ran. The edit is not
lost, it reaches further than this old recipe meant: the discriminator does not train in its own step
either.""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
critic.compile("sgd", "mse")
critic.trainable = False
# ---
loss = critic.train_on_batch(x, y)""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 1))
critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
critic.compile("sgd", "mse")
loss = critic.train_on_batch(x, y)
critic.trainable = False
# ---
loss = critic.train_on_batch(x, y)
critic.trainable = True""",
        limits="""
Always a hint, never a warning: freezing everything can be meant. The card is resolved when the training has
ended, and then says what ran. It is not shown in a Keras whose `compile()` fixes the flags, which the guard
measures once in a process.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, TrainsNothing) or fixes_flags(event.model):
            return  # one that was compiled unfrozen goes on training where `compile` fixes the flags
        model = event.model
        name = desk.name_of(model)
        wording = Wording(
            message=f"this trains no weight of `{name}`: all its layers were frozen after it was compiled",
            label=f"`{name}` has nothing to train",
            help=f"set `{name}.trainable = True` while it is trained for the first time, or compile it frozen if that is meant",
            cured=f"`{name}` has something to train again",
            ran="and trained no weight",
        )
        terms = Terms(opened_by=_never, ends_with_use=True)
        claim = StateClaim(model, _has_nothing_to_train, terms=terms)
        yield self.finding(claim, wording, event.span, name, key=(id(model),))


def _has_nothing_to_train(desk: ClaimDesk, model: Model) -> bool:
    return not model.trainable_variables


def _never(use: Use, desk: ClaimDesk, model: Model) -> bool:
    return False
