"""The published benchmark: it is the corpus of the tests, and the counting is the rule that its page gives."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.silent_edits import cases, publish
from benchmarks.silent_edits.run import Score, cells_of, own_findings


def test_the_published_file_is_the_corpus() -> None:
    """``cases.jsonl`` is what ``publish`` writes now."""
    assert cases.PUBLISHED.read_text(encoding="utf-8").splitlines() == publish.lines()


def test_sourced_cases_say_where_they_are_from() -> None:
    """A sourced case names a source, and says what is meant, what happens and a check."""
    found = cases.sourced(cases.published())
    assert len(found) == 129
    for case in found:
        assert all(case[field] for field in ("source", "intent", "what_happens", "check")), case["id"]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [([], (0, 0, 0)), ([[1]], (1, 1, 1)), ([[2]], (1, 1, 1)), ([[0]], (0, 1, 0)), ([[0, 2]], (1, 1, 1)), ([[1], [3]], (1, 2, 1))],
    ids=["nothing", "at the edit", "at the deadline", "before", "names both", "and a wrong one"],
)  # fmt: skip
def test_counting(marked: list[list[int]], expected: tuple[int, int, int]) -> None:
    """A finding from the edit's cell to its deadline reports it; every other finding is wrong."""
    score = Score()
    case: dict[str, Any] = {"edits": [{"cell": 1, "deadline_cell": 2}]}
    score.add(case, [{"cells": cells} for cells in marked])
    assert (score.reported, score.findings, score.right) == expected


def test_the_call_site_counts() -> None:
    """For an edit inside a function, the cell that calls it counts as well."""
    assert cells_of({"cell": 0, "deadline_cell": 0, "call_site": {"cell": 3, "line": 1}}) == {0, 3}


def test_what_plain_says_is_not_counted_for_another_tool() -> None:
    """A warning of Keras is Keras', whatever is loaded."""
    keras, own = {"cells": [1], "text": "UserWarning"}, {"cells": [1], "text": "mine"}
    assert own_findings("other", {"a": [keras, own]}, {"a": [keras]}) == {"a": [own]}
    assert own_findings("plain", {"a": [keras]}, {"a": [keras]}) == {"a": [keras]}
