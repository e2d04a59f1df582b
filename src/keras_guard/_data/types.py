"""Names for live Keras objects, whose classes are only known once Keras is imported."""

from __future__ import annotations

from typing import Any, TypeAlias

#: A Keras layer, or an operation such as ``keras.ops.mean`` in a Functional graph.
Layer: TypeAlias = Any
#: A Keras model.
Model: TypeAlias = Any
#: Nested lists, tuples and dicts with anything as leaves.
Structure: TypeAlias = Any
