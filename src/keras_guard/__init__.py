"""keras_guard: warns, before the next statement runs, when an edit of a Keras model was lost.

In a notebook::

    %load_ext keras_guard

See ``%keras_guard`` for what it can do, and :func:`rebuild` for code that brings a model and
the edits made to it together again.
"""

from __future__ import annotations

from typing import Any

from ._version import __version__ as __version__


def load_ipython_extension(ipython: Any) -> None:
    """Load the guard into an IPython shell (``%load_ext keras_guard``).

    Args:
        ipython: The shell.
    """
    from ._shell.extension import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the guard out of an IPython shell again (``%unload_ext keras_guard``).

    Args:
        ipython: The shell.
    """
    from ._shell.extension import unload

    unload(ipython)
