"""``check``, ``doctor`` and ``diagnostics``: what the magics show, as data, in notebooks and in programs without cells."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping

from .._adapter.keras_types import TYPES, is_model
from .._data.checkup import Checkup
from .._data.diagnostic import Diagnostic
from .._data.types import Model
from .._render.as_json import CardJson, render_json
from .._session.session import Session
from .._shell.entry_lines import diagnostic_of
from .._shell.extension import current
from .._shell.warning import KerasGuardWarning
from .program import running_program
from .program_interface import ProgramInterface, Wishes


def check(model: Model, *, namespace: Mapping[str, object] | None = None) -> tuple[Diagnostic, ...]:
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
    session = _running_session()
    if session is not None:
        return tuple(diagnostic_of(entry) for entry in session.audit(model))
    names = sys._getframe(1).f_globals if namespace is None else namespace
    found = tuple(entry.diagnostic for entry in _session_of(model, names).audit(model))
    for diagnostic in found:
        warnings.warn(KerasGuardWarning(f"[{diagnostic.code}] {diagnostic.message}"), stacklevel=2)
    return found


def doctor(model: Model, *, namespace: Mapping[str, object] | None = None) -> Checkup:
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
    names = sys._getframe(1).f_globals if namespace is None else namespace
    session = _running_session() or _session_of(model, names)
    return session.examine(model, session.desk.name_of(model))


def _session_of(model: Model, names: Mapping[str, object]) -> Session:
    """Return a session that knows no cells, with the user's names."""
    known = {**names} if any(v is model for v in names.values()) else {"model": model}
    return Session(ProgramInterface(known, Wishes(pictures=False), lambda _: None))


def diagnostics() -> list[CardJson]:
    """Return the live diagnostics as data: what is pending or open now, oldest first.

    These are the dictionaries that a front end receives as ``application/vnd.keras-guard.v1+json``, with the stale
    uses up to now. They are of the notebook or terminal that calls, or of the script that
    ``python -m keras_guard`` runs.

    Returns:
        One dictionary for each diagnostic; empty where nothing is pending or open, or the guard is not loaded.
    """
    session = _running_session()
    if session is None:
        return []
    session.look_again()
    return [render_json(diagnostic_of(entry)) for entry in session.ledger.live() if entry.shown]


def _running_session() -> Session | None:
    """Return the session of the running IPython shell or program; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    extension = current(ipython.get_ipython()) if ipython is not None else None
    if extension is not None:
        return extension.session
    program = running_program()
    return program.session if program is not None else None
