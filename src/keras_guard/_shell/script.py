"""``check``: the audit as a function, in notebooks and in programs without cells."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping

from .._adapter.keras_types import TYPES, is_model
from .._data.checkup import Checkup
from .._data.diagnostic import Diagnostic
from .._data.picture import Picture
from .._session.session import Session
from .._session.shell_face import CellFrame, CellText, Options
from .entry_lines import diagnostic_of
from .extension import current
from .warning import KerasGuardWarning


def check(model: object, *, namespace: Mapping[str, object] | None = None) -> tuple[Diagnostic, ...]:
    """Audit what the code declares, what the graph runs and what the compiled functions hold.

    In a notebook with the guard loaded this is ``%keras_guard check`` as data. Elsewhere only the live objects are
    examined, and a ``KerasGuardWarning`` is issued for each divergence.

    Args:
        model: The Keras model.
        namespace: The user's names, for the messages; the caller's globals by default.

    Returns:
        What diverges, oldest first; empty when the three views agree.

    Raises:
        TypeError: If ``model`` is not a Keras model.
    """
    TYPES.refresh()
    if not (TYPES.awake and is_model(model)):
        raise TypeError(f"check takes a Keras model, not {type(model).__name__}")
    extension = current(_shell())
    if extension is not None:
        return tuple(diagnostic_of(entry) for entry in extension.session.audit(model))
    names = sys._getframe(1).f_globals if namespace is None else namespace
    session = _session_of(model, names)
    found = tuple(entry.diagnostic for entry in session.audit(model))
    for diagnostic in found:
        warnings.warn(KerasGuardWarning(f"[{diagnostic.code}] {diagnostic.message}"), stacklevel=2)
    return found


def doctor(model: object, *, namespace: Mapping[str, object] | None = None) -> Checkup:
    """Find out why a model does not change. Nothing is trained, called or changed.

    In a notebook with the guard loaded this is ``%keras_guard doctor`` as data. Elsewhere only the live objects are
    examined; what moved in the last ``fit`` is not known there.

    Args:
        model: The Keras model.
        namespace: The user's names; the caller's globals by default.

    Returns:
        The checks, each with its evidence, or why it did not run.

    Raises:
        TypeError: If ``model`` is not a Keras model.
    """
    TYPES.refresh()
    if not (TYPES.awake and is_model(model)):
        raise TypeError(f"doctor takes a Keras model, not {type(model).__name__}")
    extension = current(_shell())
    names = sys._getframe(1).f_globals if namespace is None else namespace
    session = extension.session if extension is not None else _session_of(model, names)
    return session.examine(model, session.desk.name_of(model))


def _session_of(model: object, names: Mapping[str, object]) -> Session:
    return Session(_Script({**names} if any(v is model for v in names.values()) else {"model": model}))


def _shell() -> object:
    """Return the running IPython shell, ``None`` without one; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


class _Script:
    """A program without cells (``ShellFace``)."""

    cell = None
    is_seen = False

    def __init__(self, namespace: dict[str, object]) -> None:
        self.namespace = namespace

    def options_in_force(self) -> Options:
        return Options()

    def frames(self) -> Iterator[CellFrame]:
        return iter(())

    def text_of(self, number: int | None) -> CellText | None:
        return None

    def text_of_file(self, file: str) -> CellText | None:
        return None

    def show(self, diagnostic: Diagnostic, *, update: bool) -> None:
        """Show nothing; the diagnostics are returned."""

    def pictures(self, model: object, edits: tuple[object, ...]) -> tuple[Picture, ...]:
        """Return no pictures, because nothing is shown."""
        return ()

    def ignores_line(self, text: tuple[str, ...], code: str) -> bool:
        return False
