"""Where auto-loading is said to be on or off: the environment, the user, one IPython profile.

A scope has a startup file, which makes its kernels ask, and a marker, which answers. The marker
stands apart from the startup file because an upgrade of the package brings that file back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .markers import MARKER_NAME, first_word, folders

FILE_NAME = "50-keras_guard.py"


@dataclass(frozen=True)
class Scope:
    """One place where auto-loading is turned on or off.

    Attributes:
        name: How messages call it.
        option: The option of the command line that means it.
        folder: The directory that holds the marker.
        startup: The directory that holds the startup file.
    """

    name: str
    option: str
    folder: Path
    startup: Path

    @property
    def file(self) -> Path:
        """The startup file."""
        return self.startup / FILE_NAME

    @property
    def marker(self) -> Path:
        """The marker."""
        return self.folder / MARKER_NAME


@dataclass(frozen=True)
class Decision:
    """What the markers say.

    Attributes:
        autoload: Whether a shell that asks is to load the guard.
        scope: The scope that said so, ``None`` when no marker speaks.
    """

    autoload: bool
    scope: Scope | None


def environment_scope(prefix: str) -> Scope:
    """Return the scope of a Python environment."""
    folder = Path(prefix) / "etc" / "ipython"
    return Scope("this Python environment", "--sys-prefix", folder, folder / "startup")


def user_scope(ipython_dir: str) -> Scope:
    """Return the scope of a user; the startup file goes into the default profile, which kernels use."""
    folder = Path(ipython_dir)
    return Scope("you", "--user", folder, folder / "profile_default" / "startup")


def profile_scope(profile_dir: str) -> Scope:
    """Return the scope of an IPython profile."""
    folder = Path(profile_dir)
    name = folder.name.removeprefix("profile_")
    return Scope(f"the profile `{name}`", f"--profile {name}", folder, folder / "startup")


def decision(prefix: str, ipython_dir: str, profile_dir: str | None) -> Decision:
    """Return what the most particular marker says; loading is allowed where none speaks.

    Args:
        prefix: ``sys.prefix`` of the shell.
        ipython_dir: The user's IPython directory.
        profile_dir: The directory of the profile in use.
    """
    places = folders(prefix, ipython_dir, profile_dir)
    found = first_word(places)
    if found is None:
        return Decision(True, None)
    scopes = [user_scope(ipython_dir), environment_scope(prefix)]
    if profile_dir is not None:
        scopes.insert(0, profile_scope(profile_dir))
    return Decision(found[1], scopes[places.index(found[0])])


def default_scope_name(prefix: str, base_prefix: str) -> str:
    """Return the option meant when none is given: the environment where there is one, else the user."""
    isolated = prefix != base_prefix or os.environ.get("CONDA_PREFIX") == prefix
    writable = os.access(prefix, os.W_OK)
    return "--sys-prefix" if isolated and writable else "--user"
