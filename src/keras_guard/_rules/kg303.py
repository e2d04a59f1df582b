"""KG303 ``redefined-class``: a layer or model class of the notebook defined again while instances run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any

from .._adapter.attribute_reads import read_when_called
from .._adapter.keras_types import is_layer
from .._adapter.membership import compile_objects, flat_items, graph_layers
from .._adapter.model_use import Use
from .._adapter.same_code import same_meaning
from .._claims.base import Desk as ClaimDesk
from .._claims.place_claim import Keeping, PlaceClaim
from .._data.events import ClassRedefined, Event, Rebound
from .._data.types import Layer, Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import built_note, cell, facts


class RedefinedClass(Rule):
    """Re-running the cell of a class does not change the objects made of the old one."""

    code = "KG303"
    name = "redefined-class"
    page = Page(
        what="""
The cell that defines a class of layers, models, losses or metrics runs again with other code, while a model
that the notebook can reach still runs an instance of the old class, or was compiled with one, and that model
is used. So does the cell of a function that a layer was given, as an activation or in a `Lambda`.""",
        why="""An object keeps the class it was made from, and a layer the function it was given: the model goes on
with the old code.""",
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
Silent when the class or function is defined again with the same code, and once any model runs an instance of
the new class, or the new function.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, Rebound) and not _are_functions(event.old, event.new):
            return
        if not isinstance(event, (ClassRedefined, Rebound)) or same_meaning(event.old, event.new):
            return
        found = list(_running(event.old, desk))
        if found and next(_running(event.new, desk), None) is None:
            names = tuple(desk.name_of(model) for model, _ in found)
            for model, instance in found:
                yield self._finding(event, model, instance, names, desk)

    def _finding(
        self,
        event: ClassRedefined | Rebound,
        model: Model,
        instance: object,
        names: tuple[str, ...],
        desk: Desk,
    ) -> Finding:
        name, built = desk.name_of(model), desk.built_in(model)
        kind = "class" if isinstance(event, ClassRedefined) else "function"
        of = "an instance of the class" if kind == "class" else "the function"
        compiled = not is_layer(instance)
        what = f"`{name}` {'is' if instance is model else 'was compiled with' if compiled else 'runs'}"
        again = f"compile `{name}`" if compiled else f"run {cell(built)}" if built else f"build `{name}`"
        wording = Wording(
            message=f"{what} {of} `{event.where}` was before",
            label="defines another class; objects keep the class they were made from"
            if kind == "class"
            else "defines another function; the layer keeps the one it was given",
            notes=built_note(built, name),
            help=f"{again} again to use the new {kind}",
            cured=f"no model runs {of} it was before, or one runs the new one",
            ran=f"the old `{event.where}`",
            graph_layer=None if instance is model or compiled else facts(instance),
        )
        keeping = _WHEN_SCORED if compiled else _WHEN_USED
        return self.finding(
            PlaceClaim(event, model, [model], keeping, desk.namespace),
            wording,
            event.span,
            name,
            key=(event.where,),
            models=names,
            part=id(model),
        )


def _uses(use: Use) -> bool:
    return use.method != "compile"


def _scores(use: Use) -> bool:
    return use.scores


def _are_functions(old: object, new: object) -> bool:
    return isinstance(old, FunctionType) and isinstance(new, FunctionType)


def _running(definition: object, desk: ClaimDesk) -> Iterator[tuple[Any, Any]]:
    """Yield the reachable models with something that was made by a definition: see :func:`_made_by`."""
    for model in desk.models():
        part = _part_made_by(definition, model)
        if part is not None:
            yield model, part


def _part_made_by(definition: object, model: Model) -> Layer:
    parts = (model, *graph_layers(model), *flat_items(list(compile_objects(model).values())))
    return next((part for part in parts if _made_by(definition, part)), None)


def _made_by(definition: Any, part: Any) -> bool:
    """Whether something is an instance of exactly this class, or a layer that calls this very function."""
    if isinstance(definition, type) or not is_layer(part):
        return part.__class__ is definition
    held = [name for name, value in vars(part).items() if value is definition]
    return any(name in read_when_called(part.__class__) for name in held)


def _keeps(model: Model, definition: object) -> bool:
    return _part_made_by(definition, model) is not None


def _is_in_use(definition: object, desk: ClaimDesk, models: Sequence[Model]) -> bool:
    return next(_running(definition, desk), None) is not None


_WHEN_USED = Keeping(_keeps, _is_in_use, _uses, used_by_name=True)
_WHEN_SCORED = Keeping(_keeps, _is_in_use, _scores, used_by_name=True)
