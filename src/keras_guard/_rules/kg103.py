"""KG103 ``private-structure``: an edit of the lists in which Keras keeps a model's structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .._adapter.keras_types import TYPES, is_graph_model, is_layer, is_model
from .._adapter.membership import graph_operations, holds, listed_layers, own_layers, runs_a_graph
from .._claims.base import Desk as ClaimDesk
from .._claims.base import living, weak_all
from .._claims.list_claim import removed_and_added
from .._claims.state_claim import StateClaim
from .._data.diagnostic import Span
from .._data.events import AttributeSet, Event, ListEdited
from .._data.types import Layer, Model
from .._instrument.vocabulary import PRIVATE_STRUCTURE
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule, was_said
from .wording import built_note, diff_rows, facts

#: Lists of nodes: what was called where, for Keras to look up, not to run.
_RECORDS = frozenset({"_nodes", "_inbound_nodes", "_outbound_nodes", "inbound_nodes", "outbound_nodes"})

#: The attribute that holds a list, and what the list held.
_Record = tuple[str, Sequence[Callable[[], Any]]]


class PrivateStructure(Rule):
    """Edits of ``_layers``, ``_operations``, ``outbound_nodes`` and the like."""

    code = "KG103"
    name = "private-structure"
    page = Page(
        what="""
A private list of a model or layer (`_layers`, `_operations`, `_inbound_nodes`, `outbound_nodes` ...) is
edited or replaced.""",
        why="""
These lists record the graph; they do not run it. After such an edit `summary()` and `layers` can show
the new list while the model computes, trains and saves what it did before.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6), keras.layers.Dense(10)])
# ---
model._layers.pop()""",
        instead="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6), keras.layers.Dense(10)])
# ---
model.pop()""",
        limits="""
Silent when the graph really changed, as after `model._maybe_rebuild()`, and on a model that has not been
built.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, ListEdited) and event.attribute in PRIVATE_STRUCTURE:
            owner, attribute, before, after = event.owner, event.attribute, event.before, event.after
        elif isinstance(event, AttributeSet) and event.name in PRIVATE_STRUCTURE and is_layer(event.target):
            owner, attribute = event.target, event.name
            before, after = _items(event.old), _items(event.new)
        else:
            return
        models = [owner] if is_graph_model(owner) else desk.holders(owner)
        model = next((m for m in models if is_graph_model(m)), None)
        if model is None or not runs_a_graph(model):
            return
        yield self._finding(model, owner, attribute, before, after, event.span, desk)

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if was_said(model, desk, self.code):
            return
        if is_graph_model(model) and runs_a_graph(model) and _disagree(model):
            record = "_layers" if issubclass(type(model), TYPES.sequential) else "_operations"
            yield self._finding(model, model, record, own_layers(model), listed_layers(model), Span(), desk)

    def _finding(
        self,
        model: Model,
        owner: Layer,
        attribute: str,
        before: tuple[object, ...],
        after: tuple[object, ...],
        span: Span,
        desk: Desk,
    ) -> Finding:
        name = desk.name_of(model)
        removed, added = removed_and_added(before, after)
        layers = [item for item in removed if is_layer(item)], [item for item in added if is_layer(item)]
        wording = Wording(
            message=f"editing `{attribute}` leaves what `{name}` computes as it was",
            label=f"`summary()` and `layers` may now show something else than `{name}` runs",
            notes=(
                f"`{attribute}` is a record of the graph; calling `{name}` follows the nodes made when it was built",
                *built_note(desk.built_in(model), name),
            ),
            help=(
                f"build `{name}` again with the layers you want (`%keras_guard rebuild {name}` writes the code); "
                "a Sequential has `add()` and `pop()` for its end"
            ),
            cured=f"`{name}` runs what its lists show",
            ran="the graph as it was",
            graph_layer=facts(layers[0][0]) if layers[0] else None,
            new_layer=facts(layers[1][0]) if layers[1] else None,
            diff=diff_rows(before, after) if any(layers) else (),
            rebuild=is_model(model),
        )
        graph = tuple(id(operation) for operation in graph_operations(model))
        values = (_record(attribute, before), weak_all(layers[0]), weak_all(layers[1]), graph)
        return self.finding(
            StateClaim(model, _runs_other_layers, (owner,), values),
            wording,
            span,
            name,
            key=(id(model), attribute, span.execution_count, span.line),
        )


def _items(value: object) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else ()


def _record(attribute: str, before: Sequence[object]) -> _Record:
    """Return a list of layers as it was, by weak references; empty where it held something else."""
    return attribute, weak_all(before) if all(map(is_layer, before)) else ()


def _is_taken_back(record: object, before: Sequence[Callable[[], Any]]) -> bool:
    """Whether a list of layers holds the same layers again, in the same order."""
    if not before or not issubclass(type(record), list):
        return False
    items = list[object](record)  # type: ignore[call-overload]
    return len(items) == len(before) and all(a is b() for a, b in zip(items, before, strict=True))


def _disagree(model: Model) -> bool:
    run = {id(layer) for layer in own_layers(model)}
    listed = {id(layer) for layer in listed_layers(model)}
    return run != listed


def _runs_other_layers(
    desk: ClaimDesk, model: Model, owner: Layer, record: _Record, gone: Any, new: Any, graph: tuple[int, ...]
) -> bool:
    """Whether the graph still runs what was taken out of a list, or does not run what was put in."""
    attribute, before = record
    if gone or new:
        put_in = living(new)
        if _is_taken_back(getattr(owner, attribute, None), before):
            return False
        return (
            any(holds(model, layer) for layer in living(gone))
            or len(put_in) < len(new)
            or any(not holds(model, layer) for layer in put_in)
        )
    return attribute in _RECORDS and tuple(id(op) for op in graph_operations(model)) == graph
