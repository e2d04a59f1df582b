"""KG104 ``unwired-attribute``: a layer assigned as an attribute of a model that does not call it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.adapted_state import has_words
from .._adapter.face import is_graph_model, is_layer, is_model
from .._adapter.membership import holds, is_built, own_layers, was_called
from .._adapter.reads import is_read_by_user_code
from .._data.diagnostic import DiffRow, Span
from .._data.edits import Replace
from .._data.events import AttributeSet, Event
from .._data.missing import MISSING
from .._instrument.names import Ahead
from .._ledger import Finding
from .base import Desk, Page, Rule
from .words import cell, facts


class UnwiredAttribute(Rule):
    """``model.head = Dense(...)`` on a model whose graph was made of other layers."""

    code = "KG104"
    name = "unwired-attribute"
    page = Page(
        what="""
A layer is assigned to an attribute of a Functional or Sequential model, and the model's graph does not
call it; or a sub-layer of a subclassed model is replaced while the old one, already built, stays tracked.""",
        why="""
A Functional or Sequential model runs the graph it was made from. An attribute is only a name on the
object: the layer is not called, not trained and not saved.""",
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
A layer that is built, adapted or called somewhere else (a handle on another step), or that the model's own
class reads, is let be, unless it replaces one of the graph.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, AttributeSet) or not is_model(event.target) or not is_layer(event.new):
            return
        if not desk.is_reachable(event.target):
            return
        if is_graph_model(event.target):
            if not _is_wired(event.target, event.new) and _meant_for_graph(event):
                yield self._finding(event, desk, _unwired_proof(event))
        elif _left_behind(event):
            yield self._finding(event, desk, _tracked_proof(event))

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not is_graph_model(model):
            return
        for name, value in list(vars(model).items()):
            if not name.startswith("_") and is_layer(value) and not _is_wired(model, value):
                event = AttributeSet(model, name, MISSING, value, Span())
                if _meant_for_graph(event):
                    yield self._finding(event, desk, _unwired_proof(event))

    def _finding(self, event: AttributeSet, desk: Desk, proof: Callable[[], bool]) -> Finding:
        model, name = event.target, desk.name_of(event.target)
        replaces = _replaces(event)
        old, new = (facts(event.old) if replaces else None), facts(event.new)
        place = f"{name}.{event.name}"
        graph = is_graph_model(model)
        reference = weakref.ref(model)
        built = desk.built_in(model)

        def waits(ahead: Ahead) -> bool:
            living = reference()
            return living is not None and (
                desk.rebinds_ahead(ahead, [living]) or bool(set(desk.names_of(living)) & ahead.read)
            )

        why = (
            f"`{name}` runs the graph it was made from; an attribute is a name on it, not a place in it"
            if graph
            else f"`{name}` goes on tracking every layer it was ever given: the old one is counted, trained and saved"
        )
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), event.name),
            span=event.span,
            message=f"`{place}` is not part of what `{name}` computes"
            if graph
            else f"`{name}` keeps the layer `{place}` was",
            label=f"binds {new.title()} to an attribute" + (f"; `{name}` keeps {old.title()}" if old else ""),
            notes=(why, *([f"{cell(built)} built `{name}`"] if built else [])),
            help=(
                f"call the layer and make a new model of the result; `%keras_guard rebuild {name}` writes the code"
                if graph
                else f"make a new `{name}` with the new layer in its constructor"
            ),
            model=reference,
            model_name=name,
            certain=replaces or not graph,
            holds=proof,
            waits=waits,
            cured=f"`{name}` runs the layer, or the layer is used by itself",
            graph_layer=old,
            new_layer=new,
            diff=(DiffRow("-", old), DiffRow("+", new)) if old else (DiffRow("+", new),),
            rebuild=graph and replaces,
            edits=_edits(event) if replaces else (lambda: ()),
        )


def _is_wired(model: Any, value: Any) -> bool:
    if holds(model, value):
        return True
    # A model around layers of this one, or one that runs elsewhere, is a handle and no new part.
    return is_model(value) and (was_called(value) or any(holds(model, layer) for layer in own_layers(value)))


def _meant_for_graph(event: AttributeSet) -> bool:
    """Whether the layer replaces one of the graph, or was made and never called by anybody."""
    return _replaces(event) or (
        not _is_in_use(event.new) and not is_read_by_user_code(type(event.target), event.name)
    )


def _replaces(event: AttributeSet) -> bool:
    return is_layer(event.old) and holds(event.target, event.old)


def _is_in_use(layer: Any) -> bool:
    """Whether a layer has a life of its own: adapted, run on data or called, it is a handle on another step."""
    return was_called(layer) or is_built(layer) or has_words(layer)


def _left_behind(event: AttributeSet) -> bool:
    """Whether a subclassed model goes on tracking a built layer that no attribute names any more."""
    old = event.old
    if not is_layer(old) or not getattr(old, "built", False) or not getattr(old, "weights", ()):
        return False
    named = [v for k, v in vars(event.target).items() if k != "_layers"]
    return holds(event.target, old) and not any(value is old for value in named)


def _unwired_proof(event: AttributeSet) -> Callable[[], bool]:
    model, new, name = weakref.ref(event.target), weakref.ref(event.new), event.name
    lives_apart = was_called if _replaces(event) else _is_in_use

    def proof() -> bool:
        living, layer = model(), new()
        return (
            living is not None
            and layer is not None
            and getattr(living, name, None) is layer
            and not _is_wired(living, layer)
            and not lives_apart(layer)
        )

    return proof


def _tracked_proof(event: AttributeSet) -> Callable[[], bool]:
    model, old = weakref.ref(event.target), weakref.ref(event.old)

    def proof() -> bool:
        living, layer = model(), old()
        return living is not None and layer is not None and holds(living, layer)

    return proof


def _edits(event: AttributeSet) -> Callable[[], tuple[Any, ...]]:
    old, new = weakref.ref(event.old), weakref.ref(event.new)

    def edits() -> tuple[Any, ...]:
        before, after = old(), new()
        return () if before is None or after is None else (Replace(before, after),)

    return edits
