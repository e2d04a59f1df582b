"""The measured facts of ``docs/matrix.md`` hold on the Keras that runs, and a changed one is reported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.modules import module_at

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def facts() -> Any:
    """Return ``benchmarks/facts.py`` as a module that measures once."""
    module = module_at("benchmarks/facts.py")
    answers = module.measured()
    vars(module)["measured"] = lambda: answers
    return module


@pytest.fixture
def backend() -> str:
    """Return the name of the backend."""
    import keras

    return str(keras.backend.backend())


def test_the_page_says_what_is_measured(facts: Any, backend: str) -> None:
    """Every fact is on the page, with the answer that is measured here."""
    assert facts.on_the_page(backend, facts.PAGE.read_text(encoding="utf-8")) == facts.measured()


@pytest.mark.parametrize(
    "row", ["`clone_model` keeps weights", "`units` of a built layer"], ids=["keras", "run"]
)
@pytest.mark.parametrize("change", ["answer", "missing"])
def test_a_changed_fact_fails_the_check(
    facts: Any,
    row: str,
    change: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command returns 1 and names the fact; without a change it returns 0."""
    lines = facts.PAGE.read_text(encoding="utf-8").splitlines()
    monkeypatch.setattr(sys, "argv", ["facts.py", "--check"])
    assert facts.main() == 0
    page = tmp_path / "matrix.md"
    other = f"| {row} | other | other | other |" if change == "answer" else ""
    page.write_text("\n".join(other if line.startswith(f"| {row} |") else line for line in lines))
    monkeypatch.setattr(facts, "PAGE", page)
    assert facts.main() == 1
    assert f"CHANGED: {row}" in capsys.readouterr().out
