"""KG303 ``redefined-class``: a layer or model class of the notebook defined again while instances run."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.membership import graph_layers
from .._data.events import ClassRedefined, Event
from .._instrument.names import Ahead
from .._ledger import Finding
from .base import Desk, Page, Rule
from .code import same_meaning
from .words import cell, facts


class RedefinedClass(Rule):
    """Re-running the cell of a class does not change the objects made of the old one."""

    code = "KG303"
    name = "redefined-class"
    page = Page(
        what="""
The cell that defines a layer or model class runs again with other code, while a model that the notebook
can reach still runs an instance of the old class, and that model is used.""",
        why="""An object keeps the class it was made from: the model goes on with the old `call`.""",
        example="""
import keras
class Twice(keras.layers.Layer):
    def call(self, x):
        return x * 2
# ---
model = keras.Sequential([keras.Input((4,)), Twice()])
# ---
class Twice(keras.layers.Layer):
    def call(self, x):
        return x + x + 0.5
# ---
model.summary()""",
        instead="""
import keras
class Twice(keras.layers.Layer):
    def call(self, x):
        return x * 2
model = keras.Sequential([keras.Input((4,)), Twice()])
# ---
class Twice(keras.layers.Layer):
    def call(self, x):
        return x + x + 0.5
model = keras.Sequential([keras.Input((4,)), Twice()])
# ---
model.summary()""",
        limits="""
Silent when the class is defined again with the same code, and once any model runs an instance of the new
class.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, ClassRedefined) or same_meaning(event.old, event.new):
            return
        found = _running(event.old, desk)
        if found is None or _running(event.new, desk) is not None:
            return
        model, instance = found
        name, built = desk.name_of(model), desk.built_in(model)
        what = f"`{name}` is" if instance is model else f"`{name}` runs"
        yield Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, event.where),
            span=event.span,
            message=f"{what} an instance of the class `{event.where}` was before",
            label="defines another class; objects keep the class they were made from",
            notes=(f"{cell(built)} built `{name}`",) if built else (),
            help=(f"run {cell(built)} again" if built else f"build `{name}` again") + " to use the new class",
            model=weakref.ref(model),
            model_name=name,
            holds=_proof(event, desk),
            waits=_waits(event.where, model, desk),
            cured="no model runs an instance of the old class, or one runs the new one",
            graph_layer=None if instance is model else facts(instance),
        )


def _running(cls: type, desk: Desk) -> tuple[Any, Any] | None:
    """Return a reachable model and the instance of exactly this class that it is or runs."""
    for model in desk.models():
        for layer in (model, *graph_layers(model)):
            if layer.__class__ is cls:
                return model, layer
    return None


def _proof(event: ClassRedefined, desk: Desk) -> Callable[[], bool]:
    old, new, where = weakref.ref(event.old), weakref.ref(event.new), event.where

    def proof() -> bool:
        before, after = old(), new()
        if before is None or after is None or desk.value_at(where) not in (after, None):
            return False
        return _running(before, desk) is not None and _running(after, desk) is None

    return proof


def _waits(where: str, model: Any, desk: Desk) -> Callable[[Ahead], bool]:
    reference = weakref.ref(model)

    def waits(ahead: Ahead) -> bool:
        living = reference()
        return where in ahead.read or (living is not None and desk.rebinds_ahead(ahead, [living]))

    return waits
