"""The global dtype policy."""

from __future__ import annotations

import sys
from typing import Any


def global_policy() -> str:
    """Return the name of the global dtype policy, such as ``float32``."""
    keras: Any = sys.modules.get("keras")
    return str(keras.config.dtype_policy().name) if keras is not None else ""


def compute_dtype(layer: Any) -> str:
    """Return the dtype a layer computes in."""
    return str(getattr(layer, "compute_dtype", ""))
