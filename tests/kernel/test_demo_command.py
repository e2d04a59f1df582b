"""``keras-guard demo``: short by default, whole with ``--verbose``, and both say what comes next."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.kernel, pytest.mark.keras]


@pytest.mark.parametrize(
    ("words", "most"),
    [((), 95), pytest.param(("--verbose",), 1_000, marks=pytest.mark.slow)],
    ids=["short", "verbose"],
)
def test_demo(words: tuple[str, ...], most: int) -> None:
    """It ends well, prints each edit, its card and the proofs, and what to do next; the short form fits two screens."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_guard._cli", "demo", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= most
    text = done.stdout
    assert "3 of 3 edits warned about, 3 of 3 rebuilds proved" in text
    assert text.count("\nproved: ") == 3
    for wanted in ("model.layers[0] = layers.Dense(128", "warning [KG101]", "pending [KG102]", "warning [KG102]",
                   "resolved [KG102]", "shared = layers.Dense(128", "What next:"):  # fmt: skip
        assert wanted in text
    assert ("around the edit" in text) == bool(words)
