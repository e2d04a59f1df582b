"""What a change of ``trainable`` is about: a layer, one of its variables, or the LoRA weights that a layer got."""

from __future__ import annotations

from collections.abc import Iterable

from .._data.types import Layer, Model, Variable
from .membership import graph_layers

#: The attribute that ``enable_lora`` sets; it freezes the kernel and adds two small ones.
LORA = "lora_enabled"


def layer_with(variable: Variable, models: Iterable[Model]) -> Layer:
    """Return the layer that a variable is an own weight of, ``None`` where it is in none of some models."""
    for model in models:
        for layer in (model, *graph_layers(model)):
            own = (
                *getattr(layer, "_trainable_variables", ()),
                *getattr(layer, "_non_trainable_variables", ()),
            )
            if any(item is variable for item in own):
                return layer
    return None
