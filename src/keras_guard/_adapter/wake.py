"""Waking when Keras is imported: already, now, or later, without importing it.

The finder lets the real finders work, then wraps the loader's ``exec_module`` for the packages
waited for. The loader object stays the same class, so ``importlib.resources`` and friends see
nothing unusual.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .._imports import BesideOthers

WAITED_FOR = frozenset({"keras", "tf_keras"})


class KerasImportFinder(BesideOthers):
    """Calls back after a Keras package has been imported."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def wants(self, name: str) -> bool:
        """See :class:`BesideOthers`."""
        return name in WAITED_FOR

    def look(self, spec: ModuleSpec) -> None:
        """See :class:`BesideOthers`."""
        _call_after_import(spec.loader, self._wake)


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
    finder.install()
    return finder


def stop(finder: KerasImportFinder | None) -> None:
    """Take the finder out again."""
    if finder is not None:
        finder.remove()
