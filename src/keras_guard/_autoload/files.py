"""The startup file and the marker on disk: written whole or not at all; other files are not overwritten."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from .scopes import Scope

_MARK = "# keras-guard: autoload"
_SHIPPED = f"{_MARK} 1 (shipped)"
_WRITTEN = f"{_MARK} 1 (written by keras-guard enable)"


class ForeignFileError(Exception):
    """A file that is not ours has the name of the startup file."""


def startup_text() -> str:
    """Return the startup file as ``keras-guard enable`` writes it."""
    shipped = Path(__file__).with_name("startup_file.py").read_text(encoding="utf-8")
    return shipped.replace(_SHIPPED, _WRITTEN, 1)


def owner(path: Path) -> str | None:
    """Return where a startup file is from: ``"shipped"``, ``"written"``, ``"foreign"``; ``None`` without a file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            first = file.readline().strip()
    except FileNotFoundError:
        return "foreign" if path.is_symlink() else None
    except OSError:
        return "foreign"
    if not first.startswith(_MARK):
        return "foreign"
    return "shipped" if first.endswith("(shipped)") else "written"


def enable(scope: Scope) -> list[Path]:
    """Turn auto-loading on in a scope.

    Args:
        scope: Where.

    Returns:
        The files that were written.

    Raises:
        ForeignFileError: When another file has the name of the startup file.
        OSError: When a file cannot be written.
    """
    origin = owner(scope.file)
    if origin == "foreign":
        raise ForeignFileError(str(scope.file))
    written = []
    # The file of the package is not changed; one that `enable` wrote is updated.
    if origin != "shipped" and _differs(scope.file, startup_text()):
        write_whole(scope.file, startup_text())
        written.append(scope.file)
    _mark(scope, True)
    return [*written, scope.marker]


def disable(scope: Scope) -> list[Path]:
    """Turn auto-loading off in a scope; the file of the package stays, and reads the marker.

    Args:
        scope: Where.

    Returns:
        The files that were removed.

    Raises:
        OSError: When a file cannot be written or removed.
    """
    _mark(scope, False)
    if owner(scope.file) != "written":
        return []
    scope.file.unlink()
    return [scope.file]


def _mark(scope: Scope, autoload: bool) -> None:
    text = json.dumps({"keras_guard": 1, "autoload": autoload}) + "\n"
    if _differs(scope.marker, text):
        write_whole(scope.marker, text)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") != text
    except (OSError, ValueError):
        return True


def write_whole(path: Path, text: str) -> None:
    """Write a file such that a reader sees the old text or the new one, and never a part.

    Args:
        path: The file; its directory is made when it is not there.
        text: What it is to hold.

    Raises:
        OSError: When it cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not *.py: IPython would run a part of the file that is left after a crash.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # mkstemp's 0600 would hide it from other users of a shared environment
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
