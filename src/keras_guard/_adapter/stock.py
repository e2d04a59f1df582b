"""Which classes are Keras' own."""

from __future__ import annotations


def is_stock(cls: type) -> bool:
    """Whether a class is Keras' own."""
    return cls.__module__.startswith(("keras.", "tf_keras."))
