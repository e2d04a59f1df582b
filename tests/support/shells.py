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


#: Lets TensorFlow run traced functions as they are: to optimize each of them first takes longer than to run it.
QUICK_TRACES = """
import keras as _keras
if _keras.backend.backend() == "tensorflow":
    import tensorflow as _tensorflow
    _tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    del _tensorflow
del _keras
"""


def quick_traces() -> None:
    """Make traces quick in this process."""
    exec(QUICK_TRACES, {})
