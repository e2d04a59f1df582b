"""KG102 ``rebound-layer``: a name that held a layer of a live graph now holds another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._adapter.keras_types import is_layer, is_model
from .._adapter.membership import (
    holds,
    is_built_around,
    is_called_apart,
    is_compiled,
    is_run_alone,
    own_layers,
    visible_layers,
)
from .._adapter.model_use import Use
from .._claims.base import Desk as ClaimDesk
from .._claims.in_turn import serves_in_turn
from .._claims.list_claim import ListClaim
from .._claims.place_claim import Keeping, PlaceClaim
from .._data.diagnostic import DiffRow
from .._data.events import BoundInLoop, Event, ListEdited, Rebound
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import built_note, cell, diff_rows, facts


class ReboundLayer(Rule):
    """A name, slot or attribute rebound to another layer, while a model goes on with the old one."""

    code = "KG102"
    name = "rebound-layer"
    keras_2 = True
    page = Page(
        what="""
A name, a tuple target, a global set in a function, a slot of a list or dict, or an attribute of a plain
object held a layer (or a nested model) that a live model runs, and now holds another layer that no
model runs.""",
        why="""
A model holds layer objects, not names. Binding the name again makes a new layer beside the model; the
model goes on with the old one until the code that built the model runs again.""",
        example="""
import keras
shared = keras.layers.Dense(16)
a, b = keras.Input((8,)), keras.Input((8,))
model = keras.Model([a, b], keras.layers.Concatenate()([shared(a), shared(b)]))
# ---
shared = keras.layers.Dense(64)
# ---
model.summary()""",
        instead="""
import keras
def build(shared):
    a, b = keras.Input((8,)), keras.Input((8,))
    return keras.Model([a, b], keras.layers.Concatenate()([shared(a), shared(b)]))
shared = keras.layers.Dense(16)
model = build(shared)
# ---
shared = keras.layers.Dense(64)
model = build(shared)
# ---
model.summary()""",
        limits="""
Silent when the new layer is used in another model, called on another model's inputs or run on data by
itself, when the name walks over a model's layers (unless the loop binds it to a new layer and does nothing with it), when the old layer is in no model the user can reach, and
on local names of functions. A new layer that was only built, or given weights, still counts as lost.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, BoundInLoop):
            for model in desk.holders(event.old)[:1]:
                yield self._in_loop(event, model, desk)
            return
        if not isinstance(event, Rebound) or event.old is event.new:
            return
        old, new = event.old, event.new
        if not (is_layer(old) and is_layer(new)):
            return
        stale = [model for model in desk.holders(old) if not holds(model, new) and model is not new]
        if not stale or is_built_around(new, old) or _cut_from(stale[0], new):
            return
        for model in stale:
            yield self._finding(event, model, stale, desk)

    def _in_loop(self, event: BoundInLoop, model: Model, desk: Desk) -> Finding:
        name, old, new = desk.name_of(model), facts(event.old), facts(event.new)
        before = visible_layers(model)
        after = tuple(event.new if layer is event.old else layer for layer in before)
        wording = Wording(
            message=f"binding `{event.name}` in a loop over its layers does not change `{name}`",
            label=f"binds the name `{event.name}` to {new.title()}; `{name}` keeps {old.title()}",
            notes=(
                "the name of a loop is a name for the layer of this turn, not a place in the model",
                *built_note(desk.built_in(model), name),
            ),
            help=f"run `%keras_guard rebuild {name}` to put the new layers in and keep the other weights",
            cured=f"`{name}` does not run the old layers any more",
            ran="without the new layers",
            graph_layer=old,
            new_layer=new,
            diff=diff_rows(before, after),
            rebuild=True,
        )
        edited = ListEdited(model, "layers", before, after, temporary=True, span=event.span)
        key = (id(model), "loop", event.span.execution_count, event.span.file, event.span.line)
        claim = ListClaim(edited, desk, (entry.finding.claim for entry in desk.entries_of(model)))
        return self.finding(claim, wording, event.span, name, key=key, part=id(event.old))

    def _finding(self, event: Rebound, model: Model, stale: list[Model], desk: Desk) -> Finding:
        name = desk.name_of(model)
        names = tuple(desk.name_of(m) for m in stale)
        old, new = facts(event.old), facts(event.new)
        built = desk.built_in(model)
        wording = Wording(
            message=f"`{name}` still uses the layer that `{event.where}` named before",
            label=f"binds `{event.where}` to {new.title()}; `{name}` keeps {old.title()}",
            notes=_notes(event, names, name, built),
            help=f"{_by_hand(event, name, built, desk)}run `%keras_guard rebuild {name}` to put the new layer in and keep the other weights",
            cured=f"a model runs the new `{event.where}`, or none in reach runs the old one",
            ran=f"with the old `{event.where}`",
            graph_layer=old,
            new_layer=new,
            diff=(DiffRow("-", old), DiffRow("+", new)),
            rebuild=True,
        )
        return self.finding(
            PlaceClaim(event, model, stale, _KEEPING, desk.namespace),
            wording,
            event.span,
            name,
            key=(id(stale[0]), event.where),
            models=names,
            part=id(model),
        )


def _is_in_use(new: object, desk: ClaimDesk, models: Sequence[Model]) -> bool:
    """Whether a model runs the new layer, or it is run by itself or on the inputs of another model."""
    if desk.holders(new):
        return True
    if is_model(new):
        return is_compiled(new) or desk.was_run(new)
    return is_called_apart(new, models) or is_run_alone(new)


def _serves(new: object, desk: ClaimDesk, models: Sequence[Model]) -> bool:
    """Whether a new model was never trained, and a loop trains one of the models beside the use of it."""
    if not is_model(new) or desk.holders(new) or desk.traces.of(new).all_facts("train"):
        return False
    return any(serves_in_turn(new, model, desk) for model in models)


def _uses(use: Use) -> bool:
    return use.method != "compile"


_KEEPING = Keeping(holds, _is_in_use, _uses, serves=_serves, used_in_functions=True)


def _by_hand(event: Rebound, name: str, built: int | None, desk: Desk) -> str:
    """Say how to build the model again; a cell that makes the layer too would only bring the old one back."""
    if not built:
        return ""
    root = event.where.root
    how = (
        f"change `{root}` in {cell(built)} and run it"
        if desk.cell_binds(built, root)
        else f"run {cell(built)}"
    )
    return f"{how} again to build `{name}` with the new layer (its weights start afresh), or "


def _cut_from(model: Model, new: object) -> bool:
    """Whether a new model is only another view on layers the stale one runs (a feature extractor)."""
    layers = own_layers(new) if is_model(new) else ()
    return bool(layers) and all(holds(model, layer) for layer in layers)


def _notes(event: Rebound, names: tuple[str, ...], name: str, built: int | None) -> tuple[str, ...]:
    which = f"`{names[0]}`" if len(names) == 1 else ", ".join(f"`{n}`" for n in names)
    notes = [
        f"a model holds layer objects, not names: {which} {'was' if len(names) == 1 else 'were'} built while `{event.where}` was the old layer"
    ]
    notes += built_note(built, name)
    if event.span.function:
        notes.append(f"the binding is in `{event.span.function}`")
    return tuple(notes)
