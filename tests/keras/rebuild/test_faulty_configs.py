"""Layers of libraries whose own config does not make them again, and whose attributes tell their arguments."""

from __future__ import annotations

import types
from typing import Any

import keras
import pytest
from keras import layers

from keras_guard import RebuildRefused, rebuild

from .checks import assert_same, copy_weights, outputs, sample

pytestmark = pytest.mark.keras


class Patches(layers.Layer):
    """Tells a count in its config that its constructor does not take."""

    def __init__(self, size: int, activation: Any = "relu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.count = size, size * size
        self.activation = keras.activations.get(activation)

    def build(self, shape: Any) -> None:
        """Make as many weights as patches."""
        self.scale = self.add_weight(shape=(shape[-1], self.count))

    def call(self, x: Any) -> Any:
        """Return the layer's value."""
        return self.activation(x @ self.scale)

    def get_config(self) -> dict[str, Any]:
        """Return what the class tells of itself."""
        return {**super().get_config(), "size": self.size, "count": self.count, "activation": "tanh"}


class Raising(Patches):
    """Its ``get_config`` reads an attribute that it does not have."""

    def get_config(self) -> dict[str, Any]:
        """Return what the class tells of itself."""
        return {**super().get_config(), "ratio": self.ratio}


class Silent(layers.Layer):
    """Tells an argument nowhere."""

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._times = factor

    def call(self, x: Any) -> Any:
        """Return the layer's value."""
        return x * self._times

    def get_config(self) -> dict[str, Any]:
        """Return what the class tells of itself."""
        return {**super().get_config(), "times": self._times}


def _model(layer: Any) -> Any:
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2)(layer(inputs)))


@pytest.fixture(autouse=True)
def library(monkeypatch: Any) -> None:
    """Make the classes those of a module that a file can import."""
    module = types.ModuleType("patchlib")
    for cls in (Patches, Raising, Silent):
        monkeypatch.setattr(cls, "__module__", "patchlib")
        setattr(module, cls.__name__, cls)
    monkeypatch.setitem(__import__("sys").modules, "patchlib", module)


@pytest.mark.parametrize("style", ["source", "copy"])
@pytest.mark.parametrize("cls", [Patches, Raising], ids=["tells-more", "raises"])
def test_arguments_are_read_from_attributes(cls: Any, style: str) -> None:
    """The layer is written as its constructor call and computes the same."""
    model = _model(cls(2, activation="tanh", name="patches"))
    found = rebuild(model, namespace={"model": model}, style=style)
    assert f"{cls.__name__}(size=2, activation=" in " ".join(found.source.split()).replace("( ", "(")
    assert "count" not in found.source
    made = found.run({} if style == "source" else None)
    if style == "source":
        copy_weights(found, made)
    assert_same(outputs(made, sample(model)), outputs(model, sample(model)))


def test_an_argument_that_is_told_nowhere_is_not_guessed() -> None:
    """The refusal names it."""
    model = _model(Silent(3))
    with pytest.raises(RebuildRefused, match="tells its factor"):
        rebuild(model, namespace={"model": model}, style="source")
