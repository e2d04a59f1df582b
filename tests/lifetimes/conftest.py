"""The in-process shell with the guard loaded."""

from __future__ import annotations

from tests.keras.conftest import guarded

__all__ = ["guarded"]
