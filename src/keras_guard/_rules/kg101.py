"""KG101 ``layer-list``: an edit of a list of layers that is not the model's own."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.face import is_layer, is_model
from .._adapter.membership import holds, is_input, same_items, visible_layers
from .._data.edits import ListEdit
from .._data.events import Event, ListEdited
from .._instrument.names import Ahead
from .._instrument.vocabulary import LAYER_LISTS
from .._ledger import Finding
from .base import Desk, Page, Rule
from .words import cell, diff_rows, facts, keep_weakly, removed_and_added

_EDITS = itertools.count()


class LayerList(Rule):
    """Edits of ``model.layers``, of an alias of it, or of the list a Sequential was made from."""

    code = "KG101"
    name = "layer-list"
    keras_2 = True
    page = Page(
        what="""
An item of `model.layers` is assigned, deleted, swapped, or the list is changed by `append`, `insert`,
`pop`, `remove`, `extend`, `clear`, `reverse` or `sort`. The same is noticed on a name that holds the
list, and on the list of layers that was handed to `Sequential`.""",
        why="""
`model.layers` is a new list at every read, and `Sequential` copies the list it is given. The edit
changes a list nobody looks at again: the model computes, trains and saves what it did before, and
even `model.summary()` shows no difference.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64), keras.layers.Dense(10)])
# ---
model.layers[0] = keras.layers.Dense(128)""",
        instead="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(64), keras.layers.Dense(10)])
# ---
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(128), keras.layers.Dense(10)])""",
        limits="""
A copy the user made (`list(model.layers)`, a slice) is a selection and no edit. A list that layers are taken
out of to be walked over behind that is none either. Any other edited alias is reported as pending, and opened only when the model is used while the list went nowhere.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, ListEdited) or not is_model(event.owner):
            return
        if event.attribute not in LAYER_LISTS and event.name is None:
            return
        if same_items(event.before, event.after) or _is_walk(event, desk):
            return
        yield self._finding(event, desk)

    def _finding(self, event: ListEdited, desk: Desk) -> Finding:
        model = event.owner
        removed, added = removed_and_added(event.before, event.after)
        name = desk.name_of(model)
        spelled = event.name or f"{name}.layers"
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), event.span.execution_count, event.span.line, event.name),
            span=event.span,
            message=f"{_what(event, removed, added, spelled)} does not change `{name}`",
            open_message=f"{_what(event, removed, added, spelled)} did not change `{name}`"
            if event.name
            else "",
            label=_label(event, removed, name),
            notes=_notes(event, desk, name),
            help=(
                f"run `%keras_guard rebuild {name}`: it writes the code of the model you meant, "
                "with the weights of the kept layers"
            ),
            model=weakref.ref(model),
            model_name=name,
            certain=event.temporary,
            holds=_proof(model, event, removed, desk),
            waits=_waits(event, desk),
            cured=f"`{name}` no longer holds what the edit took out",
            graph_layer=facts(removed[0]) if removed else None,
            new_layer=facts(added[0]) if added else None,
            diff=diff_rows(event.before, event.after),
            rebuild=True,
            edits=_edits(event),
            part=next(_EDITS),  # each edit of one line counts
        )


def _is_walk(event: ListEdited, desk: Desk) -> bool:
    """Whether layers are only taken out of a list, or put in order, to walk over what it holds then."""
    if event.temporary or event.name is None or removed_and_added(event.before, event.after)[1]:
        return False
    return desk.walks_over(event.name, event.span)


def _what(event: ListEdited, removed: list[Any], added: list[Any], spelled: str) -> str:
    if removed and added:
        return f"assigning to `{spelled}`"
    if added:
        return f"adding to `{spelled}`"
    if removed:
        return f"removing from `{spelled}`"
    return f"reordering `{spelled}`"


def _label(event: ListEdited, removed: list[Any], name: str) -> str:
    holder = "a list that nothing else holds" if event.temporary else "a list that `model` does not read"
    holder = holder.replace("`model`", f"`{name}`")
    if removed:
        return f"changes {holder}; `{name}` still runs {facts(removed[0]).title()}"
    return f"changes {holder}"


def _notes(event: ListEdited, desk: Desk, name: str) -> tuple[str, ...]:
    if event.temporary:
        why = f"`{name}.layers` is a new list each time it is read; editing it leaves the graph as it was"
    elif event.attribute in LAYER_LISTS:
        why = f"`{event.name}` is a list that was read from `{name}.layers`; the model does not hold it"
    else:
        why = f"`{name}` was made from the list `{event.name}` and copied it; later edits stay in the list"
    built = desk.built_in(desk_model := event.owner)
    notes = [why, f"{cell(built)} built `{desk.name_of(desk_model)}`"] if built else [why]
    if event.span.function:
        notes.append(f"the edit stands in `{event.span.function}`")
    return tuple(notes)


def _proof(model: Any, event: ListEdited, removed: list[Any], desk: Desk) -> Callable[[], bool]:
    """The edit is still lost while some reachable model runs what it took out, or lacks what it added."""
    reference = weakref.ref(model)
    handed_on = _handed_on(event, desk) if not event.temporary else lambda: False
    gone = [weakref.ref(layer) for layer in removed if _weakrefable(layer) and holds(model, layer)]
    if removed and not gone:  # what an earlier edit put in, without effect, is replaced
        return _lacks(event, handed_on)
    order = [id(layer) for layer in event.before]
    count = len(event.before)

    def proof() -> bool:
        living = reference()
        if handed_on():
            return False
        if gone:
            candidates = desk.models()
            layers = [layer for layer in (r() for r in gone) if layer is not None]
            return any(holds(m, layer) for m in [*candidates, living] if m is not None for layer in layers)
        if living is None:
            return False
        shown = visible_layers(living)
        return len(shown) == count and [id(layer) for layer in shown[:count]] == order

    if not gone and not event.temporary and event.attribute not in LAYER_LISTS:
        # The user's own list: compare with the model as it stood, inputs apart.
        order = [id(layer) for layer in visible_layers(model)]
        count = len(order)
    return proof


def _lacks(event: ListEdited, handed_on: Callable[[], bool]) -> Callable[[], bool]:
    reference = weakref.ref(event.owner)
    added = keep_weakly(tuple(removed_and_added(event.before, event.after)[1]))

    def proof() -> bool:
        model = reference()
        wanted = [layer for layer in (r() for r in added) if is_layer(layer)]
        return model is not None and not handed_on() and any(not holds(model, layer) for layer in wanted)

    return proof


def _handed_on(event: ListEdited, desk: Desk) -> Callable[[], bool]:
    """Whether another model was made of the edited list, so that the edit is no loss.

    A model made since runs something of the list; one that was there runs all that is in it, in its
    order, and nothing that was taken out.
    """
    owner, before, after = weakref.ref(event.owner), keep_weakly(event.before), keep_weakly(event.after)
    there = {id(model): weakref.ref(model) for model in desk.models()}
    event_name, identity = event.name, event.identity

    def handed_on() -> bool:
        wanted = _items_now(event_name, identity, desk) or [r() for r in after]
        wanted = [layer for layer in wanted if _is_called(layer)]
        old = [layer for layer in (r() for r in before) if _is_called(layer)]
        taken_out = [layer for layer in old if not _among(layer, wanted)]
        put_in = [layer for layer in wanted if not _among(layer, old)]
        for model in desk.models():
            if model is owner() or not wanted:
                continue
            if id(model) not in there or there[id(model)]() is not model:
                if any(holds(model, layer) for layer in put_in or wanted):
                    return True
            elif not any(holds(model, layer) for layer in taken_out) and _runs_all(
                model, wanted, in_order=not taken_out and not put_in
            ):
                return True
        return False

    return handed_on


def _is_called(item: Any) -> bool:
    return is_layer(item) and not is_input(item)


def _items_now(name: str | None, identity: int, desk: Desk) -> list[Any]:
    """Return what the edited list holds by now, as long as its name holds it."""
    value = desk.value_at(name) if name else None
    return list(value) if type(value) is list and id(value) == identity else []


def _runs_all(model: Any, wanted: list[Any], *, in_order: bool) -> bool:
    order = tuple(layer for layer in visible_layers(model) if _among(layer, wanted))
    return all(holds(model, layer) for layer in wanted) and (not in_order or same_items(order, tuple(wanted)))


def _among(item: Any, items: list[Any]) -> bool:
    return any(item is other for other in items)


def _weakrefable(value: Any) -> bool:
    try:
        weakref.ref(value)
    except TypeError:
        return False
    return True


def _waits(event: ListEdited, desk: Desk) -> Callable[[Ahead], bool]:
    model = weakref.ref(event.owner)

    def waits(ahead: Ahead) -> bool:
        if event_name is None:
            return False
        living = model()
        return event_name in ahead.read or (living is not None and desk.rebinds_ahead(ahead, [living]))

    event_name = event.name
    return waits


def _edits(event: ListEdited) -> Callable[[], tuple[Any, ...]]:
    before, after = keep_weakly(event.before), keep_weakly(event.after)

    def edits() -> tuple[Any, ...]:
        return (ListEdit(tuple(r() for r in before), tuple(r() for r in after)),)

    return edits
