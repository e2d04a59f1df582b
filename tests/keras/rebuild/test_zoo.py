"""Hard graphs through every style and kind of edit: a model that is right, or a worded refusal."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from keras_guard import InsertAfter, InsertBefore, RebuildRefused, Remove, Replace, rebuild
from keras_guard._adapter.trial import score
from tests.support.sampling import one_of_each

from .checks import assert_same, copy_weights, outputs, sample, wider
from .zoo import GRAPHS

pytestmark = pytest.mark.keras

STYLES = ["replay", "copy", "source"]
#: How many layers of each graph are edited; the long sweep edits them all.
FEW = 2
#: Edits that leave the outputs as they are.
NOTHING = ["behind", "before", "behind-input", "equal"]
#: No code creates a layer again that has no config.
NEVER_ALONE = {"layer_without_config"}


def _namespace(model: Any) -> dict[str, Any]:
    return {"model": model, "keras": keras, "layers": layers}


def _layers(model: Any, limit: int | None) -> list[int]:
    real = [n for n, layer in enumerate(model.layers) if not isinstance(layer, layers.InputLayer)]
    if limit is None or len(real) <= limit:
        return real
    return [real[0], real[-1]]


@pytest.mark.parametrize(("name", "style"), one_of_each(GRAPHS, STYLES))
def test_without_edits_the_model_is_equal(name: str, style: str) -> None:
    """Code for an unedited model makes one that gives out the same; a copy shares nothing with it."""
    model = GRAPHS[name]()
    data = sample(model)
    wanted = outputs(model, data)
    if name in NEVER_ALONE and style == "source":
        with pytest.raises(RebuildRefused, match="stands alone"):
            rebuild(model, namespace=_namespace(model), style=style)
        return
    found = rebuild(model, namespace=_namespace(model), style=style)
    made = found.run(_namespace(model))
    if style == "source":
        copy_weights(found, made)
    if style == "copy":
        _assert_independent(model, made, found.notes)
    assert_same(outputs(made, data), wanted)


def _assert_independent(model: Any, made: Any, notes: tuple[str, ...]) -> None:
    """A copy shares no weight with the old model, but for layers its notes name."""
    old = {id(weight) for weight in model.weights}
    shared = [layer.name for layer in made.layers if any(id(weight) in old for weight in layer.weights)]
    assert all(any(repr(name) in note for note in notes) for name in shared)


def _rebuilt(model: Any, edit: Any, style: str) -> Any:
    """Return the rebuild, or ``None`` when it was refused in words."""
    try:
        return rebuild(model, [edit], namespace=_namespace(model), style=style)
    except RebuildRefused as refused:
        if not refused.reason:
            pytest.fail("refused without a reason")
        return None


def _nothing(kind: str, model: Any, layer: Any) -> Any:
    """Return an edit that leaves the outputs as they are."""
    new = layers.Identity(name="inserted")
    if kind == "behind":
        return InsertAfter(layer, new)
    if kind == "before":
        return InsertBefore(layer, new)
    if kind == "behind-input":
        return InsertAfter(
            model.layers[0] if isinstance(model.layers[0], layers.InputLayer) else "entry", new
        )
    try:
        equal = type(layer).from_config({**layer.get_config(), "name": "inserted"})
    except Exception:
        return None
    return Replace(layer, equal)


def _changes_nothing(name: str, position: int, style: str, kind: str) -> None:
    """An edit that changes nothing gives the same outputs, or is refused."""
    model = GRAPHS[name]()
    layer = model.layers[position]
    edit = _nothing(kind, model, layer)
    if edit is None:
        return
    data = sample(model)
    wanted = outputs(model, data)
    found = _rebuilt(model, edit, style)
    if found is None:
        return
    made = found.run(_namespace(model))
    if style == "source":
        copy_weights(found, made)
    inserted = made.get_layer("inserted")
    if kind == "equal" and [w.shape for w in inserted.weights] != [w.shape for w in layer.weights]:
        return  # its weights depend on more than its config (LoRA, quantizing)
    if kind == "equal" and inserted.weights:
        inserted.set_weights(layer.get_weights())
    if kind == "equal" and hasattr(layer, "adapt"):
        return  # an equal layer has learned nothing
    assert_same(outputs(made, data), wanted)


def _trains(made: Any) -> None:
    """A compiled model takes a step."""
    if getattr(made, "compiled", False):
        given = sample(made)
        score(made, given, made(given, training=False))


def _run_edit(name: str, position: int, style: str, kind: str) -> None:
    """A widened or removed layer gives a model that runs, keeps what it says it kept, or is refused."""
    model = GRAPHS[name]()
    layer = model.layers[position]
    resizable = hasattr(layer, "units") or hasattr(layer, "filters")
    new = wider(layer) if kind == "widen" and resizable else None
    if kind == "widen" and new is None:
        return
    edit = Replace(layer, new) if kind == "widen" else Remove(layer)
    found = _rebuilt(model, edit, style)
    if found is None:
        return
    made = found.run(_namespace(model))
    outputs(made, sample(made))
    _trains(made)
    held = {layer.name for layer in made.layers}
    assert layer.name not in held or kind == "widen"
    if style == "replay":
        kept = {layer.name for layer in made.layers if any(layer is old for old in model.layers)}
        assert kept >= {kept_name for kept_name in found.kept if kept_name in held}


@pytest.mark.parametrize(("name", "kind"), one_of_each(GRAPHS, NOTHING))
def test_an_edit_that_does_nothing_changes_nothing(name: str, kind: str) -> None:
    """A layer that does nothing, behind or before others or an input, or an equal one: the same outputs."""
    for position in _layers(GRAPHS[name](), FEW):
        _changes_nothing(name, position, "replay", kind)


@pytest.mark.parametrize(("name", "kind"), one_of_each(GRAPHS, ["widen", "remove"]))
def test_an_edit_that_is_not_refused_runs(name: str, kind: str) -> None:
    """After a clean dry run the model runs, and a compiled one has a loss."""
    for position in _layers(GRAPHS[name](), FEW):
        _run_edit(name, position, "replay", kind)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", GRAPHS)
def test_every_layer_in_every_style(name: str, style: str) -> None:
    """The same for each layer of each graph, in each style; for ten of those in a long chain."""
    positions = list(_layers(GRAPHS[name](), None))
    for position in positions[:: 1 + len(positions) // 10] if len(positions) > 20 else positions:
        for kind in NOTHING:
            _changes_nothing(name, position, style, kind)
        _run_edit(name, position, style, "widen")
        _run_edit(name, position, style, "remove")
