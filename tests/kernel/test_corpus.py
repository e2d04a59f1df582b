"""Every case of the corpus through a real kernel: each edit seen and confirmed, no false alarm, no noise."""

from __future__ import annotations

import pytest

from tests.support.corpus import Case, cases, further_cases, score
from tests.support.kernel import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

#: Cases the guard does not answer rightly yet, and why. One that begins to pass must leave the list.
KNOWN_MISSES: dict[str, str] = {}

CASES = cases()


def test_the_corpus_is_whole() -> None:
    """The cases are there, and no known miss names a case that is not."""
    assert len(CASES) == 129
    assert sum(bool(case.facts["expect"]) for case in CASES) == 71
    assert KNOWN_MISSES.keys() <= {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(kernel: Kernel, case: Case) -> None:
    """The case's edits are seen and confirmed in time and nothing else is said, known misses apart."""
    wrong = score(case, kernel)
    if case.name in KNOWN_MISSES:
        assert wrong, "passes now: take it off the list of known misses"
    else:
        assert not wrong, "; ".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("case", further_cases(), ids=lambda case: case.name)
def test_further_case(kernel: Kernel, case: Case) -> None:
    """The same for cases written to find what the guard misses; what it still does not answer is named in the case."""
    wrong = score(case, kernel)
    assert bool(wrong) == ("known" in case.facts), "; ".join(wrong) or "passes now: take `known` away"
