"""Parts that are created when they are first used: loading has to be fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """A part that the first call creates.

    Args:
        make: Creates it.

    Attributes:
        made: The part, ``None`` until it is created.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.made: T | None = None

    def __call__(self) -> T:
        """Return the part."""
        if self.made is None:
            self.made = self._make()
        return self.made
