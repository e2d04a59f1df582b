"""KG104 ``unwired-attribute``: a layer assigned as an attribute of a model that does not call it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._adapter.adapted_state import has_words
from .._adapter.attribute_reads import is_read_by_user_code
from .._adapter.keras_types import is_graph_model, is_layer, is_model
from .._adapter.membership import (
    holds,
    is_built,
    is_built_around,
    list_that_holds,
    own_layers,
    tracks_only,
    was_called,
)
from .._adapter.own_functions import is_read_by_functions
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._data.diagnostic import DiffRow, LayerFacts, Span
from .._data.events import AttributeSet, Event, StructureChanged
from .._data.missing import MISSING
from .._data.types import Layer, Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .untracked_slots import untracked_slots
from .wording import built_note, facts


class UnwiredAttribute(Rule):
    """``model.head = Dense(...)`` on a model whose graph was made of other layers."""

    code = "KG104"
    name = "unwired-attribute"
    page = Page(
        what="""
A layer is assigned to an attribute of a Functional or Sequential model, and the model's graph does not
call it; or a sub-layer of a subclassed model is replaced while the old one, already built, stays tracked, or
while the model runs a list that holds the old one; or a layer is put into a slot of a list of a layer's own
(`self.blocks[0] = Dense(8)`), which Keras does not hear of.""",
        why="""
A Functional or Sequential model runs the graph it was made from. An attribute is not a place in it: the
layer is not called, not trained, and not in `model.layers` and `summary()`. Its weights, if it is built, are
in the saved file. `load_weights` gives them to a model with the same attribute, but `load_model` makes a
model without the attribute. (In Keras 3.15 a Functional also lists them in `weights` and
`trainable_weights`, and `fit` does not change them.) A layer in a slot of a list is run when the model is
called, and is not trained.""",
        example="""
import keras
inputs = keras.Input((4,))
model = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Dense(6, name="hidden")(inputs)))
# ---
model.head = keras.layers.Dense(3)
# ---
model.summary()""",
        instead="""
import keras
inputs = keras.Input((4,))
model = keras.Model(inputs, keras.layers.Dense(10)(keras.layers.Dense(6, name="hidden")(inputs)))
# ---
model = keras.Model(inputs, keras.layers.Dense(3)(model.get_layer("hidden").output))
# ---
model.summary()""",
        limits="""
A layer that is built, adapted or called somewhere else (attached to be saved, or a handle on another step),
or that the model's own class or a function of the notebook reads, is not reported, unless it replaces one
of the graph.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, StructureChanged) and not desk.traced_models(event.model):
            yield from untracked_slots(self, event, desk)
        if not isinstance(event, AttributeSet) or not is_model(event.target) or not is_layer(event.new):
            return
        if not desk.is_reachable(event.target):
            return
        if is_graph_model(event.target):
            if not _is_wired(event.target, event.new) and _meant_for_graph(event, desk):
                yield self._unwired(event, desk)
        elif is_layer(event.old) and is_built_around(event.new, event.old):
            return  # the new layer runs the old one
        elif tracks_only(event.target, event.old):
            yield self._left_behind(event, desk)
        elif is_layer(event.old):
            holder = list_that_holds(event.target, event.old)
            if holder is not None and _reads_list_only(type(event.target), event.name, holder):
                yield self._kept_in_list(event, holder, desk)

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not is_graph_model(model):
            return
        for name, value in list(vars(model).items()):
            if not name.startswith("_") and is_layer(value) and not _is_wired(model, value):
                event = AttributeSet(model, name, MISSING, value, Span())
                if _meant_for_graph(event, desk):
                    yield self._unwired(event, desk)

    def _unwired(self, event: AttributeSet, desk: Desk) -> Finding:
        model, name = event.target, desk.name_of(event.target)
        replaces = _replaces(event)
        old, new = (facts(event.old) if replaces else None), facts(event.new)
        wording = Wording(
            message=f"`{name}.{event.name}` is not part of what `{name}` computes",
            label=_bound_to_attribute(name, old, new),
            notes=(
                f"`{name}` runs the graph it was made from; an attribute is a name on it, not a place in it",
                *built_note(desk.built_in(model), name),
            ),
            help=f"call the layer and make a new model of the result; `%keras_guard rebuild {name}` writes the code",
            cured=f"`{name}` runs the layer, or the layer is used by itself",
            ran=f"without `{name}.{event.name}`",
            graph_layer=old,
            new_layer=new,
            diff=_rows(old, new),
            rebuild=replaces,
        )
        claim = StateClaim(
            model,
            _is_still_unwired,
            (event.new, *((event.old,) if replaces else ())),
            (event.name,),
            Terms(certain=replaces, read_ahead=True, replaces=(1, 0) if replaces else None),
        )
        return self.finding(claim, wording, event.span, name, key=(id(model), event.name))

    def _left_behind(self, event: AttributeSet, desk: Desk) -> Finding:
        model, name = event.target, desk.name_of(event.target)
        old, new = (facts(event.old) if _replaces(event) else None), facts(event.new)
        wording = Wording(
            message=f"`{name}` keeps the layer `{name}.{event.name}` was",
            label=_bound_to_attribute(name, old, new),
            notes=(
                f"`{name}` goes on tracking every layer it was ever given: the old one is counted, trained and saved",
                *built_note(desk.built_in(model), name),
            ),
            help=f"make a new `{name}` with the new layer in its constructor",
            cured=f"`{name}` runs the layer, or the layer is used by itself",
            ran="with the old layer tracked",
            graph_layer=old,
            new_layer=new,
            diff=_rows(old, new),
        )
        claim = StateClaim(model, _still_tracks, (event.old,), terms=Terms(certain=True, read_ahead=True))
        return self.finding(claim, wording, event.span, name, key=(id(model), event.name))

    def _kept_in_list(self, event: AttributeSet, holder: str, desk: Desk) -> Finding:
        model, name = event.target, desk.name_of(event.target)
        old, new = facts(event.old), facts(event.new)
        wording = Wording(
            message=f"`{name}` does not run the new `{name}.{event.name}`",
            label=f"binds {new.title()} to an attribute; `{name}.{holder}` holds {old.title()}",
            notes=(
                f"the methods of `{type(model).__name__}` read `{holder}` and not `{event.name}`",
                *built_note(desk.built_in(model), name),
            ),
            help=f"put the new layer into a new `{name}`, so that its `{holder}` is made of it",
            cured=f"`{name}.{holder}` does not hold the old layer any more, or the attribute is what it was",
            ran=f"without the new `{name}.{event.name}`",
            graph_layer=old,
            new_layer=new,
            diff=_rows(old, new),
        )
        terms = Terms(certain=True, read_ahead=True)
        claim = StateClaim(model, _is_kept_in_list, (event.old, event.new), (event.name,), terms)
        return self.finding(claim, wording, event.span, name, key=(id(model), event.name))


def _rows(old: LayerFacts | None, new: LayerFacts) -> tuple[DiffRow, ...]:
    return ((DiffRow("-", old),) if old else ()) + (DiffRow("+", new),)


def _bound_to_attribute(name: str, old: LayerFacts | None, new: LayerFacts) -> str:
    return f"binds {new.title()} to an attribute" + (f"; `{name}` keeps {old.title()}" if old else "")


def _reads_list_only(cls: type, name: str, holder: str) -> bool:
    """Whether a class of the user's runs the layers of a list, and never asks for an attribute by its name."""
    return is_read_by_user_code(cls, holder) and not is_read_by_user_code(cls, name)


def _is_kept_in_list(desk: ClaimDesk, model: Model, old: Layer, new: Layer, name: str) -> bool:
    is_new = getattr(model, name, None) is new and list_that_holds(model, new) is None
    return is_new and list_that_holds(model, old) is not None


def _is_wired(model: Model, value: object) -> bool:
    if holds(model, value):
        return True
    # A model around layers of this one, or one that runs elsewhere, is a handle and no new part.
    return is_model(value) and (was_called(value) or any(holds(model, layer) for layer in own_layers(value)))


def _meant_for_graph(event: AttributeSet, desk: Desk) -> bool:
    """Whether the layer replaces one of the graph, or was made and is neither called nor read by any code."""
    return _replaces(event) or (
        not _is_in_use(event.new)
        and not is_read_by_user_code(type(event.target), event.name)
        and not is_read_by_functions(event.name, desk.namespace)
    )


def _replaces(event: AttributeSet) -> bool:
    return is_layer(event.old) and holds(event.target, event.old)


def _is_in_use(layer: Layer) -> bool:
    """Whether a layer has a life of its own: adapted, run on data or called, it is a handle on another step."""
    return was_called(layer) or is_built(layer) or has_words(layer)


def _is_still_unwired(desk: ClaimDesk, model: Model, new: Any, *rest: Any) -> bool:
    """Whether the attribute holds the layer still, and nothing runs it."""
    replaced, name = rest[:-1], rest[-1]
    if getattr(model, name, None) is not new or _is_wired(model, new):
        return False
    if replaced:
        return not was_called(new)
    return not _is_in_use(new) and not is_read_by_functions(name, desk.namespace)


def _still_tracks(desk: ClaimDesk, model: Model, old: object) -> bool:
    return holds(model, old)
