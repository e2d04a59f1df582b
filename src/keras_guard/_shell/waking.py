"""Waking the guard when Keras is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._adapter import wake
from .._session.containment import Containment, shielded

if TYPE_CHECKING:
    from .._session.session import Session
    from .display import Display


class Waking:
    """Wakes the session after each import of a Keras.

    Args:
        session: Returns the session.
        display: Returns what shows.
        containment: Counts faults.
    """

    def __init__(
        self, session: Callable[[], Session], display: Callable[[], Display], containment: Containment
    ) -> None:
        self.containment = containment
        self._session = session
        self._display = display
        self._finder: wake.KerasImportFinder | None = None
        self._woken_for: set[str] = set()

    def start(self) -> None:
        """Listen for imports of Keras, and wake at once when it is imported already."""
        self._finder = wake.listen(self._wake)
        if any(name in sys.modules for name in wake.WAITED_FOR):
            self._wake()

    def stop(self) -> None:
        """Listen no longer."""
        wake.stop(self._finder)

    @shielded
    def _wake(self) -> None:
        from .support import not_said_yet

        self._woken_for.update(name for name in wake.WAITED_FOR if name in sys.modules)
        self._session().wake()
        lines = [f"keras_guard: {line}" for line in not_said_yet()]
        if lines:
            self._display().show_line("\n".join(lines))

    def wake_if_unheard(self) -> None:
        """Wake for a Keras whose import was not heard: ipyflow and others replace our loader."""
        for name in wake.WAITED_FOR:  # in every cell: a generator would take longer than the question
            if name in sys.modules and name not in self._woken_for:
                self._wake()
                return
