"""Rebuilds models made under a distribution over several virtual processors; run as a program of its own.

A process decides once how many devices it has, so this cannot share the tests' process.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import keras
import numpy as np

from keras_guard import InsertAfter, Replace, rebuild

DATA, TARGET = np.ones((8, 4), "float32"), np.ones((8, 2), "float32")


def _model() -> Any:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    return model


def _edits(model: Any) -> list[Any]:
    return [
        Replace(model.layers[0], keras.layers.Dense(8)),
        InsertAfter(model.layers[0], keras.layers.Dropout(0.1)),
    ]


def _mirrored() -> None:
    """Keep a model under its strategy, by the user's name of it and without one."""
    import tensorflow as tf

    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = _model()
    for names, words in (
        ({"model": model, "strategy": strategy}, "with strategy.scope():"),
        ({"model": model}, "with model.distribute_strategy.scope():"),
        ({}, ".scope():"),
    ):
        for style in ("replay", "copy"):
            edits = _edits(model)
            if style == "copy":
                with strategy.scope():
                    edits = _edits(model)
            made = rebuild(model, edits, namespace=names, style=style)
            assert words in made.source, made.source
            new = made.run(dict(names))
            assert new.distribute_strategy is strategy
            kinds = {type(variable.value).__name__ for variable in new.trainable_variables}
            assert kinds == {"MirroredVariable"}, kinds
            new.fit(DATA, TARGET, epochs=2, verbose=0)
    source = rebuild(model, namespace={"model": model, "strategy": strategy}, style="source")
    assert ".scope()" not in source.source
    assert any("MirroredStrategy" in note for note in source.notes)


def _laid_out() -> None:
    """Keep a model under the distribution that laid out its variables, or say that it cannot be named."""
    import jax

    mesh = keras.distribution.DeviceMesh((2, 2), ["batch", "model"], jax.devices())
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*kernel"] = keras.distribution.TensorLayout([None, "model"], mesh)
    wanted = keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")
    other = keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    with wanted.scope():
        model = _model()
    names = {"model": model, "other": other, "wanted": wanted}
    made = rebuild(model, _edits(model), namespace=names)
    assert "with wanted.scope():" in made.source, made.source
    new = made.run(dict(names))
    sharded = [str(v.value.sharding.spec) for v in new.trainable_variables if v.name == "kernel"]
    assert ["model" in spec for spec in sharded] == [True, True], sharded
    with wanted.scope():
        new.fit(DATA, TARGET, epochs=2, verbose=0)
        inside = rebuild(model, _edits(model), namespace=names)
    assert ".scope()" not in inside.source
    unnamed = rebuild(model, _edits(model), namespace={"model": model, "other": other})
    assert ".scope()" not in unnamed.source
    assert any("keras.distribution" in note for note in unnamed.notes), unnamed.notes


def _plain() -> None:
    """Write no scope for a model that was built under none."""
    model = _model()
    made = rebuild(model, _edits(model), namespace={"model": model})
    assert ".scope()" not in made.source
    assert not made.notes, made.notes


if __name__ == "__main__":
    {"mirrored": _mirrored, "laid-out": _laid_out, "plain": _plain}[sys.argv[1]]()
