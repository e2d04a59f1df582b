"""Two shells that are given the same programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .runner import Process


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Process, Process]]:
    """A shell without the guard, and one with it."""
    plain, guarded = Process(guarded=False), Process(guarded=True)
    yield plain, guarded
    plain.close()
    guarded.close()
