"""Waking when Keras is imported: already, now, or later, without importing it.

A finder on ``sys.meta_path`` lets the real finders work, then wraps the loader's
``exec_module`` for the packages waited for. The loader object stays the same class, so
``importlib.resources`` and friends see nothing unusual.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

WAITED_FOR = frozenset({"keras", "tf_keras"})


class KerasImportFinder:
    """Calls back after a Keras package has been imported."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._busy = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the spec as the other finders would, and listen for the end of its import."""
        if name not in WAITED_FOR or self._busy:
            return None
        self._busy = True
        try:
            spec = _find_with_the_others(self, name, path, target)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            _call_after_import(spec.loader, self._wake)
        return spec


def _find_with_the_others(
    me: Any, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        if finder is me or find is None:
            continue
        spec: ModuleSpec | None = find(name, path, target)
        if spec is not None:
            return spec
    return None


def _call_after_import(loader: Any, wake: Callable[[], None]) -> None:
    original = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        original(module)
        try:
            wake()
        except Exception:
            # An import must never fail because of the guard; status reports it as asleep.
            return

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader with slots: stay asleep until the next cell asks again
        return


def listen(wake: Callable[[], None]) -> KerasImportFinder:
    """Install a finder that calls ``wake`` after each import of Keras; returns it for :func:`stop`."""
    finder = KerasImportFinder(wake)
    sys.meta_path.insert(0, finder)
    return finder


def stop(finder: KerasImportFinder | None) -> None:
    """Take the finder out again."""
    if finder in sys.meta_path:
        sys.meta_path.remove(finder)  # type: ignore[arg-type]
