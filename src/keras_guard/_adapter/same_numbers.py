"""Whether two numbers, or two arrays of numbers, are the same, whatever type holds them.

A model computes in single precision: the same numbers in another type are the same constants of a trace.
"""

from __future__ import annotations

from typing import Any

NUMBERS = frozenset({int, float})
#: Kinds of numpy's types that hold numbers: not ``bool``, which is no number here.
_KINDS = "iuf"


def is_number(value: object) -> bool:
    """Whether a value is an int, a float, or a scalar of numpy's; not a ``bool``."""
    return type(value) in NUMBERS or (is_numeric(value) and getattr(value, "shape", None) == ())


def is_numeric(value: Any) -> bool:
    """Whether a value is an array or scalar of numpy's that holds numbers."""
    return type(value).__module__ == "numpy" and getattr(value.dtype, "kind", "") in _KINDS


def same_number(a: Any, b: Any) -> bool:
    """Whether two numbers are the same; where one is in half or single precision, in that."""
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return _are_equal(a, b)
    return _are_equal(a, _in_type_of(a, b)) or _are_equal(_in_type_of(b, a), b)


def _are_equal(a: Any, b: Any) -> bool:
    return bool(a == b or (a != a and b != b))  # noqa: PLR0124 - not a number


def _in_type_of(number: Any, other: Any) -> Any:
    """Return another number as the type of the first one holds it, where that is a type for fractions of numpy's."""
    dtype = getattr(number, "dtype", None)
    if getattr(dtype, "kind", "") != "f":
        return other
    import numpy as np  # never before Keras brought it along

    with np.errstate(all="ignore"):
        return np.asarray(other).astype(dtype)


def in_single_precision(array: Any) -> bytes | None:
    """Return the numbers of an array as they are in single precision; ``None`` where it holds none."""
    if not is_numeric(array):
        return None
    import numpy as np  # never before Keras brought it along

    with np.errstate(all="ignore"):
        return np.asarray(array).astype(np.float32).tobytes()
