"""A causal language model of KerasHub: what its `generate` traced."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

pytestmark = [
    pytest.mark.keras,
    pytest.mark.skipif(
        importlib.util.find_spec("keras_hub") is None,
        reason="keras_hub is not installed: nox -s hub installs it",
    ),
]

MODEL = """
import keras, keras_hub, numpy as np
backbone = keras_hub.models.GPT2Backbone(
    vocabulary_size=50, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16, max_sequence_length=16
)
model = keras_hub.models.GPT2CausalLM(backbone=backbone, preprocessor=None)
model.compile(sampler="greedy")
x = {"token_ids": np.ones((1, 8), int), "padding_mask": np.array([[1, 1, 1, 0, 0, 0, 0, 0]])}
def written():
    return model.generate(x, stop_token_ids=None)["token_ids"].tolist()
first = written()
dense = backbone.get_layer("transformer_layer_0")._feedforward_intermediate_dense
"""
EDITS = {
    "an attribute of a layer": "dense.activation = lambda x: 0 * x - 3.0",
    "the sampler": "model.sampler = keras_hub.samplers.RandomSampler(seed=3)",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_after_generate(guarded: Any, edit: str) -> None:
    """What `generate` traced goes on with the old value until the model is compiled again."""
    guarded.run(MODEL)
    shown = guarded.run(edit, "second = written()")
    assert [(card.code, card.state.value) for card in shown[:2]] == [("KG201", "pending"), ("KG201", "open")]
    assert "the traced `generate` of `model`" in shown[0].message
    names = guarded.shell.user_ns
    assert names["first"] == names["second"]
    shown = guarded.run("model.compile(sampler='greedy')", "third = written()")
    assert {card.state.value for card in shown} == {"resolved"}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_compiled_again_before_generate(guarded: Any, edit: str) -> None:
    """An edit before the first `generate`, or before the one after `compile`, takes effect: no card is open."""
    guarded.run(MODEL.replace("first = written()", ""), edit, "written()")
    guarded.run("model.compile(sampler='greedy')", edit, "written()", "written()")
    assert guarded.shown == []
