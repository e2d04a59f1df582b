"""The quick loop, ``pytest -m pure``."""

from __future__ import annotations

import pytest

from tests.support.generated import FULL, examples


def test_tests_of_this_folder_are_marked(request: pytest.FixtureRequest) -> None:
    """The folder decides on the mark."""
    assert request.node.get_closest_marker("pure") is not None


def test_the_quick_loop_generates_a_tenth(request: pytest.FixtureRequest) -> None:
    """``-m pure`` runs a tenth of the generated examples, any other run all of them."""
    quick = request.config.getoption("markexpr") == "pure"
    assert examples(3 * FULL) == (3 * FULL // 10 if quick else 3 * FULL)
