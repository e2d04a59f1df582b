"""The global dtype policy."""

from __future__ import annotations

from .._data.types import Layer
from .keras_types import TYPES, keras


def global_policy() -> str:
    """Return the name of the global dtype policy, such as ``float32``."""
    if not TYPES.awake:
        return ""
    package = keras()
    if hasattr(package, "config"):
        return str(package.config.dtype_policy().name)
    return str(package.mixed_precision.global_policy().name)


def policy_of(layer: Layer) -> str:
    """Return the name of the policy a layer was made under."""
    return str(getattr(getattr(layer, "dtype_policy", None), "name", ""))
