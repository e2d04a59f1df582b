"""keras_guard: warns, before the next statement runs, when an edit of a Keras model was lost.

In a notebook::

    %load_ext keras_guard

``%keras_guard help`` lists the commands. :func:`rebuild` writes code for a model with the edits in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from ._data.checkup import Check, Checkup, Outcome
    from ._data.diagnostic import Diagnostic
    from ._data.edits import InputShape, InsertAfter, InsertBefore, Remove, Replace
    from ._program.api import check, diagnostics, doctor
    from ._rebuild import Rebuild, RebuildRefused, copy_optimizer_state, held, rebuild
    from ._session.session import KerasGuardError
    from ._shell.warning import KerasGuardWarning

_LAZY = {
    "Check": "._data.checkup",
    "Checkup": "._data.checkup",
    "Diagnostic": "._data.diagnostic",
    "InputShape": "._data.edits",
    "InsertAfter": "._data.edits",
    "InsertBefore": "._data.edits",
    "KerasGuardError": "._session.session",
    "KerasGuardWarning": "._shell.warning",
    "Outcome": "._data.checkup",
    "Rebuild": "._rebuild",
    "RebuildRefused": "._rebuild",
    "Remove": "._data.edits",
    "Replace": "._data.edits",
    "check": "._program.api",
    "copy_optimizer_state": "._rebuild",
    "diagnostics": "._program.api",
    "doctor": "._program.api",
    "held": "._rebuild",
    "rebuild": "._rebuild",
}

__all__ = [
    "Check",
    "Checkup",
    "Diagnostic",
    "InputShape",
    "InsertAfter",
    "InsertBefore",
    "KerasGuardError",
    "KerasGuardWarning",
    "Outcome",
    "Rebuild",
    "RebuildRefused",
    "Remove",
    "Replace",
    "__version__",
    "check",
    "copy_optimizer_state",
    "diagnostics",
    "doctor",
    "held",
    "load_ipython_extension",
    "rebuild",
    "unload_ipython_extension",
]


if not TYPE_CHECKING:  # a type checker that sees it accepts every misspelt name

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used, so that ``import keras_guard`` stays fast."""
        from importlib import import_module

        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_LAZY[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


def load_ipython_extension(ipython: Any) -> None:
    """Load the guard into an IPython shell (``%load_ext keras_guard``).

    Args:
        ipython: The shell.
    """
    from ._shell.extension import load

    load(ipython)


def unload_ipython_extension(ipython: object) -> None:
    """Unload the guard from an IPython shell (``%unload_ext keras_guard``).

    Args:
        ipython: The shell.
    """
    from ._shell.extension import unload

    unload(ipython)
