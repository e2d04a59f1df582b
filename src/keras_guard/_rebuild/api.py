"""``rebuild``: from a model and the edits made to it to code that runs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from .._adapter.compile_facts import output_names
from .._adapter.keras_types import TYPES, is_graph_model, is_keras_2, is_layer, is_model, keras_of
from .._adapter.layer_config import user_objects
from .._adapter.no_side_effects import global_state_kept
from .cell import TRIAL, CellWriter
from .compact import COMPACT_FROM
from .compiling import CompileWords
from .continuing import Continuation
from .dependents import Dependent, Followers, dependents_of, rebind
from .draft import Draft
from .dryrun import StateLostError, dry_run
from .graph_edits import Intent
from .intent import infer
from .plan import ModelPlan
from .planner import Planner
from .postcondition import check_model
from .refused import RebuildRefused, refuse_subclassed
from .spelling import Speller
from .target import Target

STYLES = ("replay", "copy", "source")


@dataclass(frozen=True, eq=False)
class Rebuild:
    """Code that makes the model that was meant.

    Attributes:
        source: The complete text of a cell, ``compile`` included.
        target: The name, or other place, it assigns the model to.
        kept: Names of the layers that live on with their weights.
        fresh: Names of the layers that are new or recreated.
        notes: What the user should know besides the comments in the source.
        style: ``replay``, ``copy`` or ``source``.
        dry_run: What was proved before: ``"forward pass and loss"``, ``"forward pass"`` or
            ``"shapes only (...)"``.
        dependents: What goes on using the old model: models that call it or read its layers, and other
            places that hold it.
    """

    source: str
    target: str
    kept: tuple[str, ...]
    fresh: tuple[str, ...]
    notes: tuple[str, ...]
    style: str
    dry_run: str
    dependents: tuple[Dependent, ...] = ()
    # The source reaches these through handles; they must live as long as the rebuild does.
    _held: tuple[Any, ...] = field(default=(), repr=False)
    _namespace: Mapping[str, Any] | None = field(default=None, repr=False)
    _plan: ModelPlan | None = field(default=None, repr=False)
    _intent: Intent | None = field(default=None, repr=False)
    _order: _Order | None = field(default=None, repr=False)

    def run(self, namespace: MutableMapping[str, Any] | None = None) -> Any:
        """Run the source.

        Args:
            namespace: Where it runs, usually the user's globals; :attr:`target` is bound there.
                Without it, the names known to :func:`rebuild` are read and none is changed.

        Returns:
            The rebuilt model.

        Raises:
            RebuildRefused: When the new model is not the planned one; the name is bound as before then.
        """
        if namespace is None:
            namespace = dict(self._namespace or {})
        target = Target(self.target)
        before = target.read(namespace)
        code = compile(self.source, "<keras_guard rebuild>", "exec")
        if isinstance(namespace, dict):
            exec(code, namespace)
        else:
            exec(code, dict(namespace), namespace)
        made = target.read(namespace)
        try:
            if self._plan is not None:
                check_model(made, self._plan)
        except RebuildRefused:
            target.assign(namespace, before)
            raise
        return made


def run_with_dependents(found: Rebuild, namespace: MutableMapping[str, Any]) -> list[Rebuild]:
    """Run a rebuild, then rebuild and run what depends on the model.

    Args:
        found: The rebuild.
        namespace: The user's globals.

    Returns:
        The rebuilds of the models that called the old one or read its layers, in the order they ran.

    Raises:
        RebuildRefused: For the first that has several readings; those before it have run.
    """
    made = found.run(namespace)
    if found._plan is None or found._intent is None or found._order is None:
        return []
    rebind(found.dependents, made, namespace)
    followers = Followers(found._plan, found._intent, made)
    ran: list[Rebuild] = []
    for one in found.dependents:
        if one.kind != "holds":
            edits = followers.edits_for(one)
            order = found._order
            again = rebuild(
                one.model,
                edits,
                namespace=namespace,
                style=order.style,
                name=one.place,
                dry_run_limit=order.limit,
                fresh_optimizer=order.fresh_optimizer,
            )
            followers.note(one, again.run(namespace))
            ran.append(again)
    return ran


def rebuild(
    model: Any,
    edits: Iterable[Any] = (),
    *,
    namespace: Mapping[str, Any] | None = None,
    style: str = "replay",
    name: str | None = None,
    dry_run_limit: int | None = None,
    fresh_optimizer: bool = False,
) -> Rebuild:
    """Write code that creates the model that edits were meant to give.

    The code is tried before it is returned: it runs on the live layers, the new model is called on
    data, and all effects of that are undone.

    Args:
        model: A Functional or Sequential model.
        edits: :class:`~keras_guard.Replace`, :class:`~keras_guard.InsertAfter`,
            :class:`~keras_guard.Remove`, oldest first. Without any, the code makes an equal model.
        namespace: The user's globals. Layers, losses and models are spelled by the names there that
            still hold the very object.
        style: ``"replay"`` reuses the layer objects, so weights live on; ``"copy"`` makes an
            independent model with the same weights; ``"source"`` is complete, stand-alone code.
        name: The name to bind, or a place such as ``nets["a"].model``; else the user's name or place of
            the model, else ``rebuilt``.
        dry_run_limit: Above this many parameters the model is built but not fed.
        fresh_optimizer: Whether the optimizer starts anew. Else it goes on where it was, for every
            weight that is kept (in the styles that know the old model).

    Returns:
        The code, and the names of the layers it keeps and creates.

    Raises:
        RebuildRefused: When the edits have several readings, a layer cannot be made to fit, or
            the code did not pass the trial.
    """
    _wake()
    _check_model(model)
    if style not in STYLES:
        raise RebuildRefused(f"no style {style!r}", tuple(STYLES))
    target = Target(name) if name is not None else None
    names = dict(namespace) if namespace is not None else {}
    objects = user_objects(names)
    with keras_of(model), global_state_kept():
        return _Rebuilding(
            model, names, objects, _Order(style, target, dry_run_limit, fresh_optimizer)
        ).rebuild(tuple(edits))


@dataclass(frozen=True)
class _Order:
    """What was asked for."""

    style: str
    target: Target | None
    limit: int | None
    fresh_optimizer: bool


class _Rebuilding:
    """One rebuild."""

    def __init__(self, model: Any, names: dict[str, Any], objects: dict[str, Any], order: _Order) -> None:
        self._model = model
        self._names = names
        self._objects = objects
        self._order = order
        self._intent = Intent()

    def rebuild(self, edits: tuple[Any, ...]) -> Rebuild:
        style = self._order.style
        self._intent = infer(self._model, edits)
        planner = Planner(self._intent, self._objects, recreate=style != "replay", carry=style != "source")
        plan = planner.plan(self._model)
        long = sum(step.replay for step in plan.steps) > COMPACT_FROM
        # The ``clone_model`` of Keras 2 takes no layer for another.
        if long and style == "replay" and not is_keras_2(self._model):
            with contextlib.suppress(RebuildRefused):
                return self._tried(planner, plan, compact=True)
        return self._tried(planner, plan)

    def _tried(self, planner: Planner, plan: ModelPlan, *, compact: bool = False) -> Rebuild:
        """Write the cell; copy the optimizer's state by the names of its variables, where these suffice."""
        for by_name in (True, False):
            with contextlib.suppress(StateLostError):
                return self._written(planner, plan, compact=compact, by_name=by_name)
        planner.notes.append("the optimizer starts fresh: its state cannot be told apart by weight")
        return self._written(planner, plan, compact=compact, by_name=None)

    def _written(self, planner: Planner, plan: ModelPlan, *, compact: bool, by_name: bool | None) -> Rebuild:
        style = self._order.style
        # Stand-alone code brings its own imports; only the user's classes and functions have no other name.
        speller = Speller(self._names if style != "source" else self._objects)
        target = self._order.target or self._own_place() or Target("rebuilt")
        renamed = renamed_outputs(plan)
        named = frozenset(renamed.values()) if len(plan.outputs) > 1 else frozenset()
        draft = Draft(speller, self._objects, style, named, self._old_text(speller, target))
        continued = by_name is not None and not self._order.fresh_optimizer
        continuation = Continuation(plan, draft, optimizer=continued, by_name=bool(by_name))
        compiling = CompileWords(speller, self._objects)
        writer = CellWriter(plan, draft, target, continuation, compact=compact)
        cell = writer.write(compiling.words(self._model, renamed))
        proof = dry_run(
            cell.trial, TRIAL, plan, self._names, self._order.limit, continued=continuation.copies_state
        )
        depend = dependents_of(plan, target.text, Speller(self._names))
        return Rebuild(
            source=cell.text,
            target=target.text,
            kept=_names_of(plan, ("kept",)),
            fresh=_names_of(plan, ("new", "fresh")),
            dependents=depend,
            notes=tuple(dict.fromkeys([*planner.notes, *draft.notes, *compiling.notes, *shape_notes(plan)])),
            style=style,
            dry_run=proof,
            _held=tuple(speller.held),
            _namespace=self._names,
            _plan=plan,
            _intent=self._intent,
            _order=self._order,
        )

    def _own_place(self) -> Target | None:
        place = Speller(self._names).name_of(self._model)
        return Target(place) if place is not None else None

    def _old_text(self, speller: Speller, target: Target) -> str:
        """Return how the old model is spelled: as the place it is rebuilt at, where it is there."""
        if self._order.style != "source" and target.read(self._names) is self._model:
            speller.used.add(target.root)
            return target.text
        return speller.name_of(self._model) or ""


def _wake() -> None:
    if not TYPES.awake:
        with contextlib.suppress(Exception):
            TYPES.refresh()


def _check_model(model: Any) -> None:
    if model is None:
        raise RebuildRefused("the model is gone; there is nothing to rebuild")
    if not is_model(model):
        kind = type(model).__name__
        what = f"the layer {model.name!r}" if is_layer(model) else f"a {kind}"
        raise RebuildRefused(f"only a Keras model can be rebuilt, not {what}")
    if not is_graph_model(model):
        raise refuse_subclassed(model)


def renamed_outputs(plan: ModelPlan) -> dict[str, str]:
    """Return the outputs that are made by a layer of another name now; those in a dict keep their keys."""
    if plan.graph is None or isinstance(plan.graph.outputs, dict):
        return {}
    before = output_names(plan.model)
    after = []
    for value in plan.graph.flat_outputs():
        step = next((s for s in plan.steps if s.call is value.call), None)
        after.append(step.part.name if step is not None else value.name)
    if len(before) != len(after):
        return {}
    return {old: new for old, new in zip(before, after, strict=True) if old != new}


def shape_notes(plan: ModelPlan) -> list[str]:
    """Say where the rebuilt model takes or gives another shape than the old one."""
    try:
        before = [tuple(t.shape) for t in plan.model.outputs]
    except AttributeError:
        return []
    after = [spec.shape for _, spec in plan.outputs]
    if before == after:
        return []
    return [f"the output shape changes from {_joined(before)} to {_joined(after)}"]


def _joined(shapes: list[Any]) -> str:
    return ", ".join(re.sub(r"^\(None, ", "(None, ", str(shape)) for shape in shapes)


def _names_of(plan: ModelPlan, origins: tuple[str, ...]) -> tuple[str, ...]:
    names = [part.name for part in plan.parts() if part.origin in origins and _is_layer_like(part.item)]
    return tuple(dict.fromkeys(names))


def _is_layer_like(item: Any) -> bool:
    return is_layer(item) or hasattr(item, "cls")
