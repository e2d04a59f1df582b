"""Where auto-loading is turned on or off: the environment, the user, one IPython profile.

A scope has a startup file, which its kernels run, and a marker, which the startup file reads. The marker is a file of
its own because an upgrade of the package restores the startup file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .markers import MARKER_NAME, first_marker, folders

FILE_NAME = "50-keras_guard.py"


@dataclass(frozen=True)
class Scope:
    """One place where auto-loading is turned on or off.

    Attributes:
        name: Its name in messages.
        option: Its option on the command line.
        folder: The directory of the marker.
        startup: The directory of the startup file.
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
        autoload: Whether a shell is to load the guard.
        scope: The scope whose marker decided, ``None`` when there is no marker.
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
    """Return what the marker of the highest precedence says; without a marker the guard is loaded.

    Args:
        prefix: ``sys.prefix`` of the shell.
        ipython_dir: The user's IPython directory.
        profile_dir: The directory of the profile in use.
    """
    places = folders(prefix, ipython_dir, profile_dir)
    found = first_marker(places)
    if found is None:
        return Decision(True, None)
    scopes = [user_scope(ipython_dir), environment_scope(prefix)]
    if profile_dir is not None:
        scopes.insert(0, profile_scope(profile_dir))
    return Decision(found[1], scopes[places.index(found[0])])


def default_scope_name(prefix: str, base_prefix: str) -> str:
    """Return the default option: the environment where there is one, else the user."""
    isolated = prefix != base_prefix or os.environ.get("CONDA_PREFIX") == prefix
    writable = os.access(prefix, os.W_OK)
    return "--sys-prefix" if isolated and writable else "--user"
