"""KG203 ``structure-after-compile``: layers added or taken out after a function was traced."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .._adapter.traces import layers_identity, trains_unknown_variables
from .._data.diagnostic import DiffRow, Span
from .._data.events import Event, StructureChanged
from .._ledger import Finding
from .base import Desk, Page, Rule
from .stale import compiles_ahead, functions, stale_structure, was_said
from .words import facts


class StructureAfterCompile(Rule):
    """``add``, ``pop`` and edits of tracked lists, after tracing."""

    code = "KG203"
    name = "structure-after-compile"
    page = Page(
        what="""
A layer is added to or taken out of a model, by `Sequential.add` or `pop`, inside a nested model or in a
subclassed model's list of blocks, after `fit`, `evaluate` or `predict` traced a function of it.""",
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
model.add(keras.layers.Dense(2))""",
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
        limits="""Silent before the first trace, and when the same code compiles the model again.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if isinstance(event, StructureChanged):
            for model in desk.traced_models(event.model):
                if stale_structure(model, desk):
                    yield self._finding(model, event.layer, event.action, event.span, desk)

    def audit(self, model: Any, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if was_said(model, desk, self.code, "KG103"):
            return
        traces = desk.traces.of(model)
        if stale_structure(model, desk) or (not traces and trains_unknown_variables(model)):
            yield self._finding(model, None, "an edit", Span(), desk)

    def _finding(self, model: Any, layer: Any, action: str, span: Span, desk: Desk) -> Finding:
        name = desk.name_of(model)
        kinds = stale_structure(model, desk) or frozenset({"train"})
        about = facts(layer) if layer is not None else None
        added = layer is not None and id(layer) in layers_identity(model)
        what = f"{'adding' if added else 'taking out'} {about.title()}" if about else "a change of layers"
        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, id(model), span.execution_count, span.file, span.line, action),
            span=span,
            message=f"{what} does not reach {functions(kinds)} of `{name}`",
            label=f"changes `{name}(x)` and `summary()`, not {functions(kinds)}",
            notes=("a traced function runs the layers that were there when it was traced",),
            help=f"compile `{name}` again, with a new optimizer, before you use it: `{name}.compile(...)`",
            model=weakref.ref(model),
            model_name=name,
            certain=True,
            holds=_proof(model, desk),
            waits=compiles_ahead(desk, [model]),
            cured=f"`{name}` was compiled again, or its layers are the ones that were traced",
            graph_layer=None if added else about,
            new_layer=about if added else None,
            diff=(DiffRow("+" if added else "-", about),) if about else (),
        )


def _proof(model: Any, desk: Desk) -> Callable[[], bool]:
    reference = weakref.ref(model)

    def proof() -> bool:
        living = reference()
        if living is None:
            return False
        if not desk.traces.of(living):
            return trains_unknown_variables(living)
        return bool(stale_structure(living, desk))

    return proof
