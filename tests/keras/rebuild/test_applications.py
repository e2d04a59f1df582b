"""The models of ``keras.applications``: source of each, and an equal layer put in the place of another."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_guard import Replace, rebuild

from .checks import copy_weights

pytestmark = pytest.mark.keras

ALL = sorted(name for name in dir(keras.applications) if name[0].isupper())
#: A small one of each kind, for every run.
FEW = ["MobileNetV2"]


def _model(name: str) -> Any:
    # Small pictures: what is tested is the graph, and no application's graph depends on their size.
    return getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3))


def _outputs(model: Any) -> Any:
    data = np.random.default_rng(0).uniform(size=(1, *model.input.shape[1:])).astype("float32")
    return keras.ops.convert_to_numpy(model(data, training=False))


def _source_round_trips(model: Any, wanted: Any) -> None:
    found = rebuild(model, namespace={"model": model}, style="source")
    made = found.run({})
    assert [type(layer) for layer in made.layers] == [type(layer) for layer in model.layers]
    assert max(map(len, found.source.splitlines())) <= 100
    copy_weights(found, made)
    np.testing.assert_allclose(_outputs(made), wanted, atol=1e-4)


def _replaced_by_an_equal_layer(model: Any, wanted: Any, style: str, at: float) -> None:
    real = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    old = real[round(at * (len(real) - 1))]
    new = type(old).from_config({**old.get_config(), "name": "swapped"})
    names = {"model": model, "new": new, "keras": keras, "layers": layers}
    found = rebuild(model, [Replace(old, new)], namespace=names, style=style)
    made = found.run(dict(names))
    if style == "source":
        copy_weights(found, made)
    if old.weights:
        made.get_layer("swapped").set_weights(old.get_weights())
    np.testing.assert_allclose(_outputs(made), wanted, atol=1e-4)


@pytest.mark.parametrize("name", FEW)
def test_an_application_round_trips(name: str) -> None:
    """Its source makes the same model; an equal layer in the middle leaves its outputs as they were."""
    model = _model(name)
    wanted = _outputs(model)
    _source_round_trips(model, wanted)
    _replaced_by_an_equal_layer(model, wanted, "replay", 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_application(name: str) -> None:
    """Every application round-trips, and takes an equal first, middle and last layer in every style."""
    keras.backend.clear_session()
    model = _model(name)
    wanted = _outputs(model)
    _source_round_trips(model, wanted)
    for style in ("replay", "copy", "source"):
        for at in (0.0, 0.5, 1.0):
            _replaced_by_an_equal_layer(model, wanted, style, at)
    np.testing.assert_array_equal(_outputs(model), wanted)  # what was rebuilt left the model alone
