"""The markers of ``keras-guard enable`` and ``disable``; imported and read at every kernel start."""

from __future__ import annotations

import json
from collections.abc import Iterable

MARKER_NAME = "keras_guard.json"


def folders(prefix: str, ipython_dir: str, profile_dir: str | None) -> list[str]:
    """Return the directories that may have a marker, in order of precedence.

    Args:
        prefix: ``sys.prefix`` of the shell.
        ipython_dir: The user's IPython directory.
        profile_dir: The directory of the profile in use.
    """
    found = [ipython_dir, f"{prefix}/etc/ipython"]
    return found if profile_dir is None else [profile_dir, *found]


def first_marker(folders: Iterable[str]) -> tuple[str, bool] | None:
    """Return the first directory that has a marker, and whether the marker turns auto-loading on."""
    for folder in folders:
        marked = read_marker(folder)
        if marked is not None:
            return folder, marked
    return None


def read_marker(folder: str) -> bool | None:
    """Return whether a directory's marker turns auto-loading on; ``None`` without a marker that can be read."""
    try:
        with open(f"{folder}/{MARKER_NAME}", encoding="utf-8") as file:
            marked = json.load(file)["autoload"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return marked if isinstance(marked, bool) else None
