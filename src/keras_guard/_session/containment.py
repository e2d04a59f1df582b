"""Containment: whatever goes wrong inside the guard stays inside the guard.

Every way into the guard (probes, Keras hooks, shell events, magics' looks at user objects)
goes through one :class:`Containment`. A fault is counted, the first of its kind is kept as
text for ``%keras_guard status``, and the user's cell goes on as if nothing had happened.
"""

from __future__ import annotations

import functools
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from .._data.meant import Meant

P = ParamSpec("P")
R = TypeVar("R")


class Intended(Exception):  # noqa: N818 - not an error of the guard's
    """Wraps an exception the guard means to raise into the user's cell (strict mode)."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class Containment:
    """Counts faults and keeps the guard from hearing itself.

    Attributes:
        faults: How often each kind of fault happened, by ``Type: message``.
        details: The traceback of the first of each kind.
        uncounted: Faults that could not even be described, for want of stack or memory.
        turn: Counts the times the guard was entered. No code of the user's runs within one turn.
    """

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.details: dict[str, str] = {}
        self.uncounted = 0
        self.turn = 0
        self._inside = threading.local()

    def begin_outermost(self) -> None:
        """The guard is not inside itself on this thread, whatever an interrupt left unfinished."""
        self._inside.busy = False

    def begin_turn(self) -> None:
        """What was read before may have changed: code of the user's ran, or may have."""
        self.turn += 1

    def wrap(self, function: Callable[P, R]) -> Callable[P, R | None]:
        """Return ``function`` such that it raises nothing, and does nothing while the guard itself runs."""

        @functools.wraps(function)
        def contained(*args: P.args, **kwargs: P.kwargs) -> R | None:
            return self.run(function, *args, **kwargs)

        return contained

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Call a function such that it raises nothing, and not at all while the guard itself runs."""
        inside = self._inside
        if getattr(inside, "busy", False):
            return None
        try:
            inside.busy = True  # here, so that no interrupt can come between it and its end
            self.turn += 1
            return function(*args, **kwargs)
        except Intended as intended:
            raise intended.error from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.note(error)
            return None
        finally:
            inside.busy = False

    def shield(self, function: Callable[P, R]) -> Callable[P, R | None]:
        """Return ``function`` such that it raises nothing; for the shell's events, which come before and after all."""

        @functools.wraps(function)
        def shielded(*args: P.args, **kwargs: P.kwargs) -> R | None:
            return self.try_to(function, *args, **kwargs)

        return shielded

    def try_to(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Call a function such that it raises nothing but what is meant; a fault is counted and gives ``None``."""
        try:
            return function(*args, **kwargs)
        except (KeyboardInterrupt, Meant, Intended):
            raise
        except BaseException as error:
            self.note(error)
            return None

    def note(self, error: BaseException) -> None:
        """Count a fault."""
        try:
            self._note(error)
        except BaseException:
            # Out of stack or memory: counting is all that can still be done.
            self.uncounted += 1

    def _note(self, error: BaseException) -> None:
        try:
            label = f"{type(error).__name__}: {str(error)[:200]}"
        except BaseException:
            label = type(error).__name__
        self.faults[label] += 1
        if len(self.details) < 20 and label not in self.details:
            self.details[label] = "".join(
                traceback.format_exception(type(error), error, error.__traceback__, limit=-6)
            )


class Contained(Protocol):
    """Something whose faults are contained."""

    @property
    def containment(self) -> Containment:
        """What contains them."""


C = TypeVar("C", bound=Contained)


def contained(method: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R | None]:
    """Decorate a way into the guard; see :meth:`Containment.run`."""

    def inside(self: C, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        return self.containment.run(method, self, *args, **kwargs)

    functools.update_wrapper(inside, method)
    return inside


def shielded(method: Callable[Concatenate[C, P], R]) -> Callable[Concatenate[C, P], R | None]:
    """Decorate a method for the shell; see :meth:`Containment.try_to`."""

    def inside(self: C, /, *args: P.args, **kwargs: P.kwargs) -> R | None:
        return self.containment.try_to(method, self, *args, **kwargs)

    functools.update_wrapper(inside, method)
    return inside
