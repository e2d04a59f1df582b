"""Large products of parameters: a part in each run of the tests, all of them in the long sweeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pytest


def one_of_each(rows: Iterable[str], columns: Sequence[str]) -> list[Any]:
    """Return each row with each column; all but one column of a row are slow, a different one for each row."""
    return [
        pytest.param(row, column, marks=() if index % len(columns) == place else pytest.mark.slow)
        for index, row in enumerate(rows)
        for place, column in enumerate(columns)
    ]


def some(values: Iterable[str], chosen: Collection[str]) -> list[Any]:
    """Return each value; those that are not chosen are slow."""
    return [pytest.param(value, marks=() if value in chosen else pytest.mark.slow) for value in values]
