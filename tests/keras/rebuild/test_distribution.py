"""Models built under a ``tf.distribute`` strategy or a ``keras.distribution``."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.keras

SCRIPT = Path(__file__).with_name("distributed.py")


@pytest.mark.parametrize(
    ("case", "backend"),
    [
        pytest.param("mirrored", "tensorflow", marks=pytest.mark.slow),
        ("plain", "tensorflow"),
        ("laid-out", "jax"),
        ("plain", "jax"),
    ],
)
def test_a_model_is_rebuilt_under_the_distribution_it_was_built_under(case: str, backend: str) -> None:
    """Its new variables are spread as the old ones are, and training goes on; without one, no scope is written."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    made = subprocess.run(
        [sys.executable, str(SCRIPT), case],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-3000:]
