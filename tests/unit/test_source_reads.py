"""What the source of a method tells of the object it is called on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from keras_guard._adapter.source_reads import attributes_of_self


def show(value: object) -> None:
    """Take any object."""


class Methods:
    """Methods that read attributes in different ways."""

    alpha = beta = mean = 1.0

    def reads(self, x: Any) -> Any:
        """Read one attribute, and the same name of another object."""
        return x.mean() * self.alpha

    def closes_over(self, x: Any) -> Any:
        """Read attributes in functions of its own."""
        times = lambda y: y * self.alpha  # noqa: E731
        return [times(y) * self.beta for y in x]

    def counts(self) -> None:
        """Write an attribute."""
        self.alpha = 2.0
        self.beta += 1.0

    def calls_itself(self, x: Any) -> Any:
        """Call the object."""
        return self(x) * self.alpha  # type: ignore[operator]

    def has_another_name(self) -> Any:
        """Give the object another name."""
        other = self
        return other.alpha

    def is_handed_on(self) -> Any:
        """Give the object to a function."""
        show(self)
        return self.alpha


@pytest.mark.parametrize(
    ("method", "names"),
    [
        (Methods.reads, {"alpha"}),
        (Methods.closes_over, {"alpha", "beta"}),
        (Methods.counts, set()),
        (Methods.calls_itself, {"alpha"}),
        (Methods.has_another_name, None),
        (Methods.is_handed_on, None),
    ],
)
def test_attributes_of_self(method: Callable[..., Any], names: set[str] | None) -> None:
    """Only what is read of the object itself counts; nothing is said where others may read it."""
    assert attributes_of_self(method) == names  # type: ignore[arg-type]
