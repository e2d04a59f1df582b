"""Functions that ``jax.jit`` compiled.

JAX runs the Python code of such a function once for each signature, and reports it nowhere: a call of it runs no Python. What is
known is how many programs it keeps.
"""

from __future__ import annotations

import sys
from typing import Any

from .code_reads import function_name
from .keras_types import backend
from .traces import OWN, Call


def is_jitted(value: object) -> bool:
    """Whether a value is a function that ``jax.jit`` returned."""
    kind = type(value)
    return kind.__module__.partition(".")[0] == "jaxlib" and hasattr(kind, "_cache_size")


def may_be_jitted() -> bool:
    """Whether functions of the user's may be compiled by ``jax.jit`` and hold a model."""
    return "jaxlib" in sys.modules and backend() == "jax"


def programs_of(function: Any) -> int:
    """Return how many programs a function keeps: one for each signature it was called with."""
    return int(function._cache_size())


def jitted_call(function: Any, programs: int) -> Call:
    """Describe a call of such a function, which keeps so many programs: the last of them is taken to serve it."""
    return Call(function_name(function), str(programs), kind_of=f"{OWN}:{id(function)}")
