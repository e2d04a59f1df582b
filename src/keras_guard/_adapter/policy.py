"""The global dtype policy."""

from __future__ import annotations

import sys
from typing import Any


def global_policy() -> str:
    """Return the name of the global dtype policy, such as ``float32``."""
    keras: Any = sys.modules.get("keras")
    return str(keras.config.dtype_policy().name) if keras is not None else ""


def policy_of(layer: Any) -> str:
    """Return the name of the policy a layer was made under."""
    return str(getattr(getattr(layer, "dtype_policy", None), "name", ""))
