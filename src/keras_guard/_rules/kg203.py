"""KG203 ``structure-after-compile``: layers added or taken out after a function was traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .._adapter.tracked_lists import SLOT_METHODS
from .._claims.trace_claim import Layers, TraceClaim
from .._data.diagnostic import DiffRow, Span
from .._data.events import Event, StructureChanged
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule, was_said
from .untracked_slots import untracked_slots
from .wording import Traced, facts, keeping_state


class StructureAfterCompile(Rule):
    """``add``, ``pop`` and edits of tracked lists, after tracing."""

    code = "KG203"
    name = "structure-after-compile"
    page = Page(
        what="""
A layer is added to or taken out of a model, by `Sequential.add` or `pop`, inside a nested model or in a
subclassed model's list of blocks, or such a list gets another order, after `fit`, `evaluate` or `predict`
traced a function of it.""",
        why="""
Calling the model and `summary()` show the new structure; the traced functions run the old one: `fit`
trains a layer that is gone, `predict` skips the new one.""",
        example="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 2))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
# ---
model.add(keras.layers.Dense(2))
# ---
model.summary()""",
        instead="""
import keras, numpy
x, y = numpy.ones((8, 4)), numpy.ones((8, 2))
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)
# ---
model.add(keras.layers.Dense(2))
model.compile("sgd", "mse")
history = model.fit(x, y, verbose=0)""",
        limits="""
Pending until a function runs that was traced before, or `summary()` shows the new layers. Silent before the
first trace, when the same code compiles the model again, and where only calls of the model, its file or
another model made of the layers follow.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, StructureChanged):
            for model in desk.traced_models(event.model):
                claim = TraceClaim(model, Layers())
                found = list(untracked_slots(self, replace(event, model=model), desk))
                if not found and claim.stale_kinds(desk):
                    found = [self._finding(claim, replace(event, model=model), desk)]
                yield from found

    def audit(self, model: Model, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        claim = TraceClaim(model, Layers())
        if claim.holds(desk) and not was_said(model, desk, self.code, "KG103"):
            yield self._finding(claim, StructureChanged(model, "edit", None, False, Span()), desk)

    def _finding(self, claim: TraceClaim, event: StructureChanged, desk: Desk) -> Finding:
        model, layer, added, span = event.model, event.layer, event.is_added, event.span
        name = desk.name_of(model)
        traced = Traced(claim, name, desk, frozenset({"train"}))
        about = facts(layer) if layer is not None else None
        other = "another order of layers" if span.known else "a change of layers"
        what = f"{'adding' if added else 'taking out'} {about.title()}" if about else other
        # Keras' own list has no order of slots, and does not lose what a slot loses.
        changed = f"`{name}(x)`" if event.action in SLOT_METHODS else f"`{name}(x)` and `summary()`"
        wording = Wording(
            message=f"{what} does not reach {traced}",
            label=f"changes {changed}, not {traced}",
            notes=("a traced function runs the layers that were there when it was traced",),
            help=f"compile `{name}` again, with a new optimizer, before you use it"
            + keeping_state(model, name),
            cured=f"`{name}` was compiled again, or its layers are the ones that were traced",
            ran="with the layers as they were",
            graph_layer=None if added else about,
            new_layer=about if added else None,
            diff=(DiffRow("+" if added else "-", about),) if about else (),
        )
        # The edits of one line are one cause: `pop(); add(); add()` gives the model another end.
        key = (id(model), span.execution_count, span.file, span.line)
        return self.finding(claim, wording, span, name, key=key, part=(event.action, id(layer)))
