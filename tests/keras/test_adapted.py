"""What ``adapt`` and ``set_vocabulary`` teach a layer after a trace, and what they do not."""

from __future__ import annotations

from typing import Any

import keras
import pytest

pytestmark = [
    pytest.mark.keras,
    # Its tables and constants are what goes stale; the other backends look words up outside their traces.
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="speaks of TensorFlow's traces"),
]

HEAD = """
import keras, numpy as np
def words(*given):
    import tensorflow as tf
    return tf.constant([[word] for word in given])
numbers, others = np.arange(10.0)[:, None], np.arange(100.0, 110.0)[:, None]
"""
WORDS = "words('a', 'b'), words('c', 'a', 'a')"

LAYERS = {
    "normalization": ("keras.layers.Normalization()", "numbers, others", "float32"),
    "discretization": ("keras.layers.Discretization(num_bins=3)", "numbers, others", "float32"),
    "string-lookup": ("keras.layers.StringLookup()", WORDS, "string"),
    "text": ("keras.layers.TextVectorization(output_sequence_length=1)", WORDS, "string"),
    "tf-idf": ("keras.layers.TextVectorization(output_mode='tf_idf')", WORDS, "string"),
    "integer-lookup": ("keras.layers.IntegerLookup()", "np.array([[1], [2]]), np.array([[3], [1], [1]])", "int64"),
}  # fmt: skip


def _start(layer: str, data: str, dtype: str) -> str:
    return f"""{HEAD}
first, second = {data}
layer = {layer}
layer.adapt(first)
model = keras.Sequential([keras.Input((1,), dtype={dtype!r}), layer])
before = model.predict(first, verbose=0)"""


@pytest.mark.parametrize(("layer", "data", "dtype"), LAYERS.values(), ids=LAYERS.keys())
def test_new_data_after_a_trace_are_reported(guarded: Any, layer: str, data: str, dtype: str) -> None:
    """The trace goes on with the old ones, which the outputs show; the old data again resolve it."""
    found = guarded.run(
        _start(layer, data, dtype),
        "layer.adapt(second)",
        "after = model.predict(first, verbose=0); lost = bool(np.allclose(before, after))\n"
        "now = bool(np.allclose(before, keras.ops.convert_to_numpy(model(first))))",
    )
    assert (guarded.shell.user_ns["lost"], guarded.shell.user_ns["now"]) == (True, False)
    assert {d.code for d in found} == {"KG302"}
    assert [d.state.value for d in guarded.last_states().values()] == ["open"]
    guarded.run("layer.adapt(first)", "1")
    assert [d.state.value for d in guarded.last_states().values()] == ["resolved"]


@pytest.mark.parametrize(("layer", "data", "dtype"), LAYERS.values(), ids=LAYERS.keys())
def test_the_same_data_again_are_silent(guarded: Any, layer: str, data: str, dtype: str) -> None:
    """Running a cell again that adapts and predicts changes nothing."""
    again = "layer.adapt(first)\nafter = model.predict(first, verbose=0)"
    assert not guarded.run(_start(layer, data, dtype), again, again)


def test_a_new_vocabulary_after_a_trace_is_reported(guarded: Any) -> None:
    """The table of the trace's time is looked up; the same vocabulary again is silent."""
    start = f"""{HEAD}
layer = keras.layers.StringLookup(vocabulary=["a", "b"])
model = keras.Sequential([keras.Input((1,), dtype="string"), layer])
before = model.predict(words("a"), verbose=0)"""
    use = "after = model.predict(words('a'), verbose=0)"
    assert not guarded.run(start, "layer.set_vocabulary(['a', 'b'])", use)
    found = guarded.run("layer.set_vocabulary(['b', 'a'])", use)
    assert {d.code for d in found} == {"KG302"}
    assert guarded.shell.user_ns["before"] == guarded.shell.user_ns["after"]
