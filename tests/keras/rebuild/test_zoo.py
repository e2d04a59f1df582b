"""Hard graphs through every style and kind of edit: a model that is right, or a worded refusal."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from keras_guard import InsertAfter, RebuildRefused, Remove, Replace, rebuild

from .checks import assert_same, copy_weights, outputs, sample, wider
from .zoo import GRAPHS

pytestmark = pytest.mark.keras

STYLES = ["replay", "copy", "source"]
#: How many layers of each graph are edited; the long sweep edits them all.
FEW = 2


def _namespace(model: Any) -> dict[str, Any]:
    return {"model": model, "keras": keras, "layers": layers}


def _layers(model: Any, limit: int | None) -> list[int]:
    real = [n for n, layer in enumerate(model.layers) if not isinstance(layer, layers.InputLayer)]
    if limit is None or len(real) <= limit:
        return real
    return [real[0], real[-1]]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", GRAPHS)
def test_without_edits_the_model_is_equal(name: str, style: str) -> None:
    """Code for an unedited model makes one that gives out the same; a copy shares nothing with it."""
    model = GRAPHS[name]()
    data = sample(model)
    wanted = outputs(model, data)
    found = rebuild(model, namespace=_namespace(model), style=style)
    made = found.run(_namespace(model))
    if style == "source":
        copy_weights(model, made)
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


def _insert_identity(name: str, position: int, style: str) -> None:
    model = GRAPHS[name]()
    data = sample(model)
    wanted = outputs(model, data)
    edit = InsertAfter(model.layers[position], layers.Identity(name="inserted"))
    found = _rebuilt(model, edit, style)
    if found is None:
        return
    made = found.run(_namespace(model))
    if style == "source":
        copy_weights(model, made)
    assert "inserted" in [layer.name for layer in made.layers]
    assert_same(outputs(made, data), wanted)


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
    held = {layer.name for layer in made.layers}
    assert layer.name not in held or kind == "widen"
    if style == "replay":
        kept = {layer.name for layer in made.layers if any(layer is old for old in model.layers)}
        assert kept >= {kept_name for kept_name in found.kept if kept_name in held}


@pytest.mark.parametrize("name", GRAPHS)
def test_an_inserted_identity_changes_nothing(name: str) -> None:
    """A layer that does nothing, put behind others, leaves the outputs as they were."""
    for position in _layers(GRAPHS[name](), FEW):
        _insert_identity(name, position, "replay")


@pytest.mark.parametrize("kind", ["widen", "remove"])
@pytest.mark.parametrize("name", GRAPHS)
def test_an_edit_that_is_not_refused_runs(name: str, kind: str) -> None:
    """After a clean dry run the model runs."""
    for position in _layers(GRAPHS[name](), FEW):
        _run_edit(name, position, "replay", kind)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", GRAPHS)
def test_every_layer_in_every_style(name: str, style: str) -> None:
    """The same for each layer of each graph, in each style."""
    for position in _layers(GRAPHS[name](), None):
        _insert_identity(name, position, style)
        _run_edit(name, position, style, "widen")
        _run_edit(name, position, style, "remove")
