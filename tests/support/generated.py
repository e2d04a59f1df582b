"""How many inputs a test generates: all of them, or a tenth in the quick loop (``pytest -m pure``)."""

from __future__ import annotations

from hypothesis import settings

#: The number of examples that Hypothesis generates by default.
FULL = 100


def quick() -> None:
    """Generate a tenth of the examples in this process."""
    settings.register_profile("quick", max_examples=FULL // 10)
    settings.load_profile("quick")


def examples(count: int) -> int:
    """Return ``count``, or a tenth of it in the quick loop."""
    return max(1, count * settings().max_examples // FULL)
