"""KG101 ``layer-list``: an edit of a list of layers that is not the model's own."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.keras_types import is_graph_model, is_model
from .._adapter.membership import same_items
from .._claims.list_claim import ListClaim, is_for_a_walk, removed_and_added
from .._data.events import Event, ListEdited
from .._data.types import Layer
from .._instrument.vocabulary import LAYER_LISTS
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import built_note, diff_rows, facts


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
changes a list that is not read again: the model computes, trains and saves what it did before, and
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
out of to be walked over behind that is none either. A model that is built again of the same layers, but without every edit of the line, does not resolve the card. A list that a model of your own class was made
of counts where an attribute of the model was set to it. Any other edited alias is reported as pending, and opened only when the model is used while the list went nowhere.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, ListEdited) or not is_model(event.owner):
            return
        if event.attribute not in LAYER_LISTS and event.place is None:
            return
        if same_items(event.before, event.after) or _is_walk(event, desk):
            return
        yield self._finding(event, desk)

    def _finding(self, event: ListEdited, desk: Desk) -> Finding:
        model = event.owner
        removed, added = removed_and_added(event.before, event.after)
        name = desk.name_of(model)
        is_own = event.attribute not in LAYER_LISTS and not is_graph_model(model)
        what = _what(removed, added, str(event.place or f"{name}.layers"))
        wording = Wording(
            message=f"{what} does not change `{name}`",
            open_message=f"{what} did not change `{name}`" if event.place else "",
            label=_label(event, removed, name),
            notes=_notes(event, desk, name),
            help=_help(name, is_own=is_own),
            cured=f"`{name}` no longer holds what the edit took out",
            ran="without the edit",
            graph_layer=facts(removed[0]) if removed else None,
            new_layer=facts(added[0]) if added else None,
            diff=diff_rows(event.before, event.after),
            rebuild=not is_own,
        )
        claim = ListClaim(event, desk, (entry.finding.claim for entry in desk.entries_of(model)))
        return self.finding(
            claim,
            wording,
            event.span,
            name,
            key=(id(model), event.span.execution_count, event.span.line, event.place),
            part=id(claim),  # each edit of one line counts
        )


def _is_walk(event: ListEdited, desk: Desk) -> bool:
    """Whether the code below goes through the edited list, which was edited for that."""
    if event.place is None or not is_for_a_walk(event, desk):
        return False
    return event.place.root in desk.code_after(event.span).walked


def _help(name: str, *, is_own: bool) -> str:
    if is_own:  # a model of the user's own class, whose code is not written again
        return f"make a new `{name}` of the edited list"
    return f"run `%keras_guard rebuild {name}`: it writes the code of the model you meant, with the weights of the kept layers"


def _what(removed: list[Layer], added: list[Layer], spelled: str) -> str:
    if removed and added:
        return f"assigning to `{spelled}`"
    if added:
        return f"adding to `{spelled}`"
    if removed:
        return f"removing from `{spelled}`"
    return f"reordering `{spelled}`"


def _label(event: ListEdited, removed: list[Layer], name: str) -> str:
    holder = "a list that nothing else holds" if event.temporary else "a list that `model` does not read"
    holder = holder.replace("`model`", f"`{name}`")
    if removed:
        return f"changes {holder}; `{name}` still runs {facts(removed[0]).title()}"
    return f"changes {holder}"


def _notes(event: ListEdited, desk: Desk, name: str) -> tuple[str, ...]:
    if event.temporary:
        why = f"`{name}.layers` is a new list each time it is read; editing it leaves the graph as it was"
    elif event.attribute in LAYER_LISTS:
        why = f"`{event.place}` is a list that was read from `{name}.layers`; the model does not hold it"
    else:
        why = f"`{name}` was made from the list `{event.place}` and copied it; later edits stay in the list"
    notes = [why, *built_note(desk.built_in(event.owner), name)]
    if event.span.function:
        notes.append(f"the edit is in `{event.span.function}`")
    return tuple(notes)
