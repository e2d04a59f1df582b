"""What the startup file runs in each shell: look whether loading is wanted, then load."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Protocol

from .markers import first_word, folders

#: Words by which an environment variable or an option says no.
OFF = frozenset({"0", "false", "no", "off"})


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


def run() -> None:
    """Load keras_guard into the running shell, unless something says not to.

    Through the shell's extension manager, so that ``%unload_ext`` and ``%reload_ext`` know of it.
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
    # Subscripting would make an empty section; the command line gives its values as text.
    section = shell.config.get("KerasGuard", {})
    if "autoload" in section and _says_no(section["autoload"]):
        return False
    profile = getattr(getattr(shell, "profile_dir", None), "location", None)
    said = first_word(folders(sys.prefix, shell.ipython_dir, profile))
    return said is None or said[1]


def _says_no(value: object) -> bool:
    return str(value).strip().lower() in OFF
