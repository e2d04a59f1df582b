"""Names for live Keras objects, whose classes are only known once Keras is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

#: A Keras layer, or an operation such as ``keras.ops.mean`` in a Functional graph.
Layer: TypeAlias = Any
#: A Keras model.
Model: TypeAlias = Any
#: A call of a layer in a graph, with its input and output tensors.
Node: TypeAlias = Any
#: A symbolic tensor, or an array of any backend.
Tensor: TypeAlias = Any
#: A weight: a Keras variable of any backend.
Variable: TypeAlias = Any
#: A Keras optimizer.
Optimizer: TypeAlias = Any
#: Nested lists, tuples and dicts with anything as leaves.
Structure: TypeAlias = Any
#: The user's objects by their names.
Namespace: TypeAlias = Mapping[str, Any]
#: Arguments by their names, as a call or a config has them.
Arguments: TypeAlias = dict[str, Any]
