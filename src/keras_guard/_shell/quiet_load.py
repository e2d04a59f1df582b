"""``%load_ext keras_guard`` where the guard is loaded already: nothing to do, and nothing to say.

The startup file of the wheel loads the guard in every kernel. A notebook that has the usual line as well, for those
who did not install the wheel, would print IPython's "already loaded" to everybody else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell as Shell


_NAME = "keras_guard"
_METHOD = "load_extension"


class QuietLoad:
    """Answers for the extension manager of one shell when the guard is to be loaded a second time.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Shell) -> None:
        self._manager: object | None = getattr(shell, "extension_manager", None)
        self._ours: Callable[[str], str | None] | None = None

    def register(self) -> None:
        """Put a function in front of the manager's method; it passes every other extension on."""
        manager = self._manager
        if manager is None or _METHOD in vars(manager):
            return  # somebody else has changed it; theirs stays
        before = getattr(manager, _METHOD)

        def load_extension(module_str: str) -> str | None:
            """Load an extension, see ``IPython.core.extensions``."""
            answer: str | None = before(module_str)
            return None if module_str == _NAME and answer == "already loaded" else answer

        self._ours = load_extension
        vars(manager)[_METHOD] = load_extension

    def unregister(self) -> None:
        """Take it away."""
        if self._ours is not None and vars(self._manager).get(_METHOD) is self._ours:
            del vars(self._manager)[_METHOD]
