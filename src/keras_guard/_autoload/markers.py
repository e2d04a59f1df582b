"""The markers of ``keras-guard enable`` and ``disable``, read at every kernel start: plain and light."""

from __future__ import annotations

import json
from collections.abc import Iterable

MARKER_NAME = "keras_guard.json"


def folders(prefix: str, ipython_dir: str, profile_dir: str | None) -> list[str]:
    """Return the directories that may hold a marker, the one that goes before the others first.

    Args:
        prefix: ``sys.prefix`` of the shell.
        ipython_dir: The user's IPython directory.
        profile_dir: The directory of the profile in use.
    """
    found = [ipython_dir, f"{prefix}/etc/ipython"]
    return found if profile_dir is None else [profile_dir, *found]


def first_word(folders: Iterable[str]) -> tuple[str, bool] | None:
    """Return the first directory whose marker speaks, and what it says."""
    for folder in folders:
        said = read_marker(folder)
        if said is not None:
            return folder, said
    return None


def read_marker(folder: str) -> bool | None:
    """Return what a directory's marker says; ``None`` when there is none, or none that can be read."""
    try:
        with open(f"{folder}/{MARKER_NAME}", encoding="utf-8") as file:
            said = json.load(file)["autoload"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return said if isinstance(said, bool) else None
