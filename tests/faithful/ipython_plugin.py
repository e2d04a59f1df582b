"""Loads the guard into the shell of IPython's own tests, awake and listening to every cell."""

from __future__ import annotations

import builtins
import os
from typing import Any


def pytest_collection_finish(session: Any) -> None:
    """Load the guard, once the suite's ``conftest`` has made its shell; with nothing to do it would prove nothing."""
    import keras  # noqa: F401 - the guard wakes for it; without the guard it is imported, too, to compare like with like

    if os.environ.get("KERAS_GUARD_IN_SUITE") != "on":
        return
    from keras_guard._shell.extension import current
    from keras_guard._shell.shell_events import ShellEvents

    shell = builtins.ip  # type: ignore[attr-defined]
    ShellEvents._may_matter = lambda self, text: True  # type: ignore[method-assign]
    shell.run_line_magic("load_ext", "keras_guard")
    assert current(shell) is not None


def pytest_sessionfinish(session: Any) -> None:
    """Tell the faults inside the guard, and whether it is still there."""
    if os.environ.get("KERAS_GUARD_IN_SUITE") != "on":
        return
    from keras_guard._shell.extension import current

    extension = current(builtins.ip)  # type: ignore[attr-defined]
    faults = {} if extension is None else extension.containment.faults
    with open(os.environ["KERAS_GUARD_SUITE_FAULTS"], "w", encoding="utf-8") as file:
        file.write(
            "\n".join(
                [f"loaded: {extension is not None}", *(f"{n} x {label}" for label, n in faults.items())]
            )
        )
