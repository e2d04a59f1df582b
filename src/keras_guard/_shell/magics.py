"""The ``%keras_guard`` magics."""

from __future__ import annotations

from typing import Any


def register_magics(shell: Any, extension: Any) -> Any:
    return None


def unregister_magics(shell: Any, magics: Any) -> None:
    return None
