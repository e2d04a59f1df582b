"""The end of an IPython shell that a test made in its own process."""

from __future__ import annotations

import atexit
import gc
from typing import Any


def end(shell: Any) -> None:
    """End a shell now; IPython keeps it, but no later collection, and no end of the process, walks through it."""
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    gc.freeze()
