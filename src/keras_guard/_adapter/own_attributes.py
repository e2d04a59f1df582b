"""Attributes that a user put on a model."""

from __future__ import annotations

from .._data.types import Model
from .attribute_reads import FORMER_NAMES
from .keras_types import TYPES, is_keras_2, is_layer, is_optimizer
from .stock import is_stock

#: What Keras itself keeps on a model; ``history`` is kept, for it is what the user looks at.
_OF_KERAS = frozenset({
    "activity_regularizer", "autocast", "built", "call_signature_parameters", "compiled", "compiled_loss",
    "compiled_metrics", "input_names", "inputs", "input_spec", "loss", "name", "optimizer", "output_names", "outputs",
    "predict_function", "steps_per_execution", "stateful", "stop_evaluating", "stop_predicting", "supports_jit",
    "supports_masking", "test_function", "train_function", "train_tf_function", "trainable",
    "unrolled_steps_per_execution", "run_eagerly", "jit_compile", "loss_weights", "nodes",
})  # fmt: skip


def own_attributes(model: Model) -> tuple[list[str], list[str]]:
    """Return the names of attributes that another model can have too, and of those it cannot.

    Layers, variables and optimizers belong to the model they were put on. A model of a class of the
    user's has the attributes that its constructor sets.
    """
    if is_keras_2(model) or not is_stock(type(model)):
        return [], []
    kept: list[str] = []
    left: list[str] = []
    for name, value in vars(model).items():
        if name.startswith("_") or name in _OF_KERAS or name in FORMER_NAMES or hasattr(type(model), name):
            continue  # an attribute that Keras does not read is an edit, and not the user's own
        if name == "stop_training" and value is False:
            continue
        (left if _belongs_to_the_model(value) else kept).append(name)
    return kept, left


def _belongs_to_the_model(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_belongs_to_the_model, value.values()))
    if isinstance(value, (list, tuple, set)):
        return any(map(_belongs_to_the_model, value))
    return is_layer(value) or is_optimizer(value) or isinstance(value, TYPES.variable + TYPES.symbolic)
