"""The corpus and the further cases in the process of the tests: not a kernel, but a second's work each.

Only the mutation run asks for this file; what the cases say of the guard, the kernel tests say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from keras_guard._render.as_json import render_json
from tests.keras.conftest import GuardedShell, guarded
from tests.kernel.test_corpus import KNOWN_MISSES
from tests.support.corpus import Case, cases, further_cases, score

__all__ = ["guarded"]

# What Keras warns of in a case is the case's own.
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]


#: Of the further cases, one of so many is run: all of them would take longer than the changes.
EACH = 6


@dataclass
class Inside:
    """What :func:`tests.support.corpus.score` asks of a kernel.

    Attributes:
        guarded: The shell that runs the cells.
    """

    guarded: GuardedShell
    _count: int = field(default=0)

    def run(self, source: str) -> Any:
        """Run one cell; return its number, cards, error and what a kernel would reply."""
        before = len(self.guarded.shown)
        result = self.guarded.shell.run_cell(source, store_history=True)
        self._count += 1
        error = result.error_in_exec or result.error_before_exec
        return SimpleNamespace(
            count=self._count,
            cards=[
                SimpleNamespace(payload=render_json(diagnostic), state=diagnostic.state.value)
                for diagnostic in self.guarded.shown[before:]
            ],
            reply={} if error is None else {"ename": type(error).__name__},
            error=repr(error),
        )


def _everything() -> Iterator[Any]:
    for case in cases():
        yield pytest.param(case, case.name in KNOWN_MISSES, id=case.name)
    for case in further_cases()[::EACH]:
        yield pytest.param(case, "known" in case.facts, id=case.name)


@pytest.fixture(autouse=True)
def _clean() -> None:
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(7)


@pytest.mark.parametrize(("case", "known"), list(_everything()))
def test_case(guarded: GuardedShell, case: Case, known: bool) -> None:
    """A case is answered rightly, or wrongly in the way that is known."""
    wrong: Any = score(case, Inside(guarded))  # type: ignore[arg-type]
    assert bool(wrong) == known, "; ".join(wrong)
