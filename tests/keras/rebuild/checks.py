"""Feeding models and comparing what they give out."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from keras_guard._adapter.keras_types import is_layer
from keras_guard._rebuild.postcondition import check_model


def sample(model: Any) -> Any:
    """Return data that fits a model's inputs, the same each time."""
    rng = np.random.default_rng(0)

    def one(tensor: Any) -> Any:
        shape = [2 if size is None else size for size in tensor.shape]
        if str(tensor.dtype).startswith("int"):
            return rng.integers(1, 4, shape).astype(str(tensor.dtype))
        if str(tensor.dtype) == "string":
            return keras.ops.convert_to_tensor(np.full(shape, "b c").tolist())
        if str(tensor.dtype) == "bool":
            return np.ones(shape, bool)
        return rng.uniform(0.1, 1, shape).astype("float32")

    return keras.tree.map_structure(
        one, model.inputs[0] if isinstance(model, keras.Sequential) else model.input
    )


def outputs(model: Any, data: Any) -> list[Any]:
    """Return what a model gives out in inference, flat; states of stateful layers start afresh."""
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_states()
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(model(data, training=False))]


def assert_same(found: list[Any], wanted: list[Any]) -> None:
    """Assert that two models gave out the same numbers."""
    assert [value.shape for value in found] == [value.shape for value in wanted]
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def pairs(found: Any, made: Any) -> list[tuple[Any, Any]]:
    """Return each old layer of a rebuild's plan with the layer in its place, inputs and new ones left out."""
    matched = check_model(made, found._plan, weights=False)
    parts = [part for part in found._plan.parts() if is_layer(part.item) and part.plan is None]
    return [(part.item, matched[id(part)]) for part in parts]


def copy_weights(found: Any, made: Any) -> None:
    """Give the layers of a new model the weights of the old layers in whose place they are."""
    for old, new in pairs(found, made):
        if new is not old and [w.shape for w in new.weights] == [w.shape for w in old.weights]:
            new.set_weights(old.get_weights())


def wider(layer: Any) -> Any:
    """Return a layer of the same config with two units more, or ``None`` where it has no width."""
    config = layer.get_config()
    width = next((key for key in ("units", "filters", "output_dim") if key in config), None)
    if width is None:
        return None
    config[width] += 2
    config["name"] = "wider"
    config.pop("build_config", None)
    return type(layer).from_config(config)
