"""What the startup file runs in each shell: load the guard, if that is wanted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from .markers import first_marker, folders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Config(Protocol):
        """The configuration of a shell."""

        def get(self, section: str, default: Mapping[str, object]) -> Mapping[str, object]:
            """Return a section."""

    class Shell(Protocol):
        """An IPython shell; some have no profile."""

        @property
        def config(self) -> Config:
            """The configuration."""

        @property
        def ipython_dir(self) -> str:
            """The user's IPython directory."""


#: Values of an environment variable or an option that mean no.
OFF = frozenset({"0", "false", "no", "off"})


def run() -> None:
    """Load keras_guard into the running shell, unless it is turned off.

    The shell's extension manager loads it, so that ``%unload_ext`` and ``%reload_ext`` work.
    """
    shell = sys.modules["IPython"].get_ipython()
    if shell is not None and wanted(shell):
        shell.extension_manager.load_extension("keras_guard")


def wanted(shell: Shell) -> bool:
    """Whether the environment, the configuration and the markers of ``keras-guard disable`` allow loading.

    Args:
        shell: The IPython shell.
    """
    if _says_no(os.environ.get("KERAS_GUARD", "")):
        return False
    # Subscripting would create an empty section. Values from the command line are text.
    section = shell.config.get("KerasGuard", {})
    if "autoload" in section and _says_no(section["autoload"]):
        return False
    profile = getattr(getattr(shell, "profile_dir", None), "location", None)
    marked = first_marker(folders(sys.prefix, shell.ipython_dir, profile))
    return marked is None or marked[1]


def _says_no(value: object) -> bool:
    return str(value).strip().lower() in OFF
