"""``rebuild``: from a model and the edits made to it to code that runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, MutableMapping
from typing import Any

from .._adapter.keras_types import TYPES, is_graph_model, is_layer, is_model, keras_of
from .._adapter.layer_config import user_objects
from .._adapter.no_side_effects import global_state_kept
from .._data.types import Model, Namespace
from .dependents import Followers
from .rebuilding import Rebuilding
from .refused import RebuildRefused, refuse_subclassed
from .result import Order, Rebuild
from .target import target

STYLES = ("replay", "copy", "source")


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
    for one in found.dependents:
        if one.kind == "holds":
            target(one.place).assign(namespace, made)
    followers = Followers(found._plan, found._intent, made)
    ran: list[Rebuild] = []
    for one in found.dependents:
        if one.kind != "holds":
            edits = followers.edits_for(one)
            again = rebuild(
                one.model,
                edits,
                namespace=namespace,
                style=found.style,
                name=one.place,
                dry_run_limit=found._order.limit,
                fresh_optimizer=found._order.fresh_optimizer,
            )
            followers.note(one, again.run(namespace))
            ran.append(again)
    return ran


def rebuild(
    model: Model,
    edits: Iterable[object] = (),
    *,
    namespace: Namespace | None = None,
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
        edits: ``Replace``, ``InsertAfter``, ``InsertBefore``, ``Remove``, ``InputShape``, oldest first. None: an equal model.
        namespace: The user's globals; the code uses the names that hold the very objects.
        style: ``"replay"`` reuses the layers, ``"copy"`` makes an independent model with the same
            weights, ``"source"`` a file that stands alone.
        name: The name to bind, or a place such as ``nets["a"].model``; else the model's own place.
        dry_run_limit: Above this many parameters the model is built but not called.
        fresh_optimizer: Whether the optimizer starts anew, instead of where it was.

    Raises:
        RebuildRefused: When the edits have several readings, a layer cannot be made to fit, or
            the code did not pass the trial.
    """
    wake()
    _check_model(model)
    if style not in STYLES:
        raise RebuildRefused(f"no style {style!r}", tuple(STYLES))
    place = target(name) if name is not None else None
    names = dict(namespace) if namespace is not None else {}
    objects = user_objects(names)
    with keras_of(model), global_state_kept():
        return Rebuilding(model, names, objects, Order(style, place, dry_run_limit, fresh_optimizer)).rebuild(
            tuple(edits)
        )


def wake() -> None:
    """Look for Keras, in a program where nothing did so before."""
    if not TYPES.awake:
        with contextlib.suppress(Exception):
            TYPES.refresh()


def _check_model(model: Model) -> None:
    if model is None:
        raise RebuildRefused("the model is gone; there is nothing to rebuild")
    if not is_model(model):
        kind = type(model).__name__
        what = f"the layer {model.name!r}" if is_layer(model) else f"a {kind}"
        raise RebuildRefused(f"only a Keras model can be rebuilt, not {what}")
    if not is_graph_model(model):
        raise refuse_subclassed(model)
