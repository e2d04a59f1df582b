"""Backbones of KerasHub, made from small configs: source of each, and equal layers put in the place of others."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from keras_guard import RebuildRefused, Replace, rebuild

from .checks import assert_same, copy_weights

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore:.*does not support masking:UserWarning"),
]

keras_hub = pytest.importorskip(
    "keras_hub", reason="KerasHub is not installed (it needs Keras 3.15)", exc_type=ImportError
)

_WORDS = {"vocabulary_size": 50, "num_layers": 2, "hidden_dim": 8, "intermediate_dim": 16}
_HEADS = {**_WORDS, "num_heads": 2}
_TEXT = {**_HEADS, "max_sequence_length": 12}
_QUERIES = {**_WORDS, "num_query_heads": 2, "num_key_value_heads": 1}
_PICTURE = {"image_shape": (32, 32, 3)}

BACKBONES: dict[str, dict[str, Any]] = {
    "BertBackbone": {**_TEXT, "num_segments": 2},
    "RobertaBackbone": _TEXT,
    "XLMRobertaBackbone": _TEXT,
    "DistilBertBackbone": _TEXT,
    "ElectraBackbone": {
        "vocab_size": 50, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "embedding_dim": 8,
        "intermediate_dim": 16, "max_sequence_length": 12,
    },
    "AlbertBackbone": {**_TEXT, "embedding_dim": 4, "num_groups": 1, "num_inner_repetitions": 1},
    "DebertaV3Backbone": {**_TEXT, "bucket_size": 4},
    "FNetBackbone": {**_WORDS, "max_sequence_length": 12},
    "GPT2Backbone": _TEXT,
    "GPTNeoXBackbone": {**_TEXT, "hidden_dim": 32},
    "OPTBackbone": _TEXT,
    "BloomBackbone": _HEADS,
    "FalconBackbone": {**_WORDS, "num_attention_heads": 2},
    "GemmaBackbone": {**_QUERIES, "head_dim": 4},
    "LlamaBackbone": _QUERIES,
    "MistralBackbone": _QUERIES,
    "Phi3Backbone": _QUERIES,
    "QwenBackbone": _QUERIES,
    "BartBackbone": _TEXT,
    "T5Backbone": {**_HEADS, "key_value_dim": 4},
    "WhisperBackbone": {
        **_HEADS, "num_mels": 8, "max_encoder_sequence_length": 16, "max_decoder_sequence_length": 12,
    },
    "XLNetBackbone": _HEADS,
    "RoformerV2Backbone": {**_HEADS, "head_size": 4, "max_wavelength": 100},
    "ResNetBackbone": {
        **_PICTURE, "input_conv_filters": [64], "input_conv_kernel_sizes": [3], "stackwise_num_filters": [64, 128],
        "stackwise_num_blocks": [1, 1], "stackwise_num_strides": [1, 2], "block_type": "basic_block",
    },
    "DenseNetBackbone": {**_PICTURE, "stackwise_num_repeats": [2, 2], "compression_ratio": 0.5, "growth_rate": 4},
    "VGGBackbone": {**_PICTURE, "stackwise_num_repeats": [1, 1], "stackwise_num_filters": [4, 8]},
    "CSPNetBackbone": {
        **_PICTURE, "stem_filters": 8, "stem_kernel_size": 3, "stem_strides": 1, "stackwise_num_filters": [8, 16],
        "stackwise_strides": [1, 2], "stackwise_depth": [1, 1], "block_type": "dark_block",
        "stage_type": "csp",
        "stem_padding": "same",
        "bottle_ratio": [0.5],
        "block_ratio": [1.0],
        "expand_ratio": [2.0],
        "cross_linear": True,
    },
    "MiTBackbone": {
        **_PICTURE, "layerwise_depths": [1, 1], "num_layers": 2, "layerwise_num_heads": [1, 1],
        "layerwise_sr_ratios": [1, 1], "max_drop_path_rate": 0.1, "layerwise_patch_sizes": [3, 3],
        "layerwise_strides": [4, 2], "hidden_dims": [4, 8],
    },
    "ViTBackbone": {"image_shape": (16, 16, 3), "patch_size": 4, "num_layers": 2, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 16},
    "XceptionBackbone": {**_PICTURE, "stackwise_conv_filters": [[8, 8], [8]], "stackwise_pooling": [True, False]},
}  # fmt: skip

#: Backbones that no file which stands alone makes again, with what the class of a layer does not tell.
NEVER_ALONE = {"MiTBackbone": "tells its sr_ratio"}
#: One that reads words and one that sees, for every run.
FEW = ["BertBackbone", "VGGBackbone"]


def _backbone(name: str) -> Any:
    return getattr(keras_hub.models, name)(**BACKBONES[name])


def _data(model: Any) -> Any:
    """Return data for every input: small numbers for words, ones for masks."""
    rng = np.random.default_rng(0)

    def one(key: str, tensor: Any) -> Any:
        shape = [1 if axis == 0 else size or 10 for axis, size in enumerate(tensor.shape)]
        if "mask" in key or tensor.dtype == "bool":
            return np.ones(shape, tensor.dtype)
        if "int" in tensor.dtype:
            return rng.integers(0, 2 if "segment" in key else 20, shape).astype(tensor.dtype)
        return rng.uniform(size=shape).astype("float32")

    if isinstance(model.input, dict):
        return {key: one(key, tensor) for key, tensor in model.input.items()}
    return one("", model.input)


def _outputs(model: Any, data: Any) -> list[Any]:
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(model(data, training=False))]


def _round_trips(model: Any, data: Any, wanted: list[Any]) -> None:
    names = {"model": model, "keras": keras, "keras_hub": keras_hub}
    untold = NEVER_ALONE.get(type(model).__name__)
    if untold is not None:
        with pytest.raises(RebuildRefused, match=untold):
            rebuild(model, namespace=names, style="source")
    for style in ("source", "copy", "replay")[untold is not None :]:
        found = rebuild(model, namespace=names, style=style)
        made = found.run({} if style == "source" else None)
        if style == "source":
            copy_weights(found, made)
        assert_same(_outputs(made, data), wanted)


def _equal_to(layer: Any) -> Any | None:
    """Return an equal layer, or ``None`` for a class of KerasHub whose own config does not make one."""
    try:
        return type(layer).from_config({**layer.get_config(), "name": "swapped"})
    except (TypeError, AttributeError):
        return None


def _replaced_by_equal_layers(model: Any, data: Any, wanted: list[Any]) -> None:
    real = [
        x for x in model.layers if not isinstance(x, keras.layers.InputLayer) and _equal_to(x) is not None
    ]
    for old in (real[0], real[len(real) // 2], real[-1]):
        for style in ("replay", "copy"):
            new = _equal_to(old)
            names = {"model": model, "new": new, "keras": keras, "keras_hub": keras_hub}
            made = rebuild(model, [Replace(old, new)], namespace=names, style=style).run(dict(names))
            swapped = made.get_layer("swapped")
            if swapped.weights:
                swapped.set_weights(old.get_weights())
            assert_same(_outputs(made, data), wanted)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FEW else pytest.mark.slow) for n in BACKBONES]
)
def test_a_backbone_round_trips(name: str) -> None:
    """Its source makes the same model, a copy too; equal layers leave its outputs as they were."""
    keras.backend.clear_session()
    model = _backbone(name)
    data = _data(model)
    wanted = _outputs(model, data)
    _round_trips(model, data, wanted)
    _replaced_by_equal_layers(model, data, wanted)
