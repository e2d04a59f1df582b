"""The probes that instrumented cells call, in ``builtins`` under reserved names.

A probe checks the type of its argument. Only a layer or an optimizer *arms* the site; the later probes of the site do
nothing while it is not armed. A statement in a function or a loop whose probes see nothing of Keras for long runs
without them (``flags.py``).

The probes are in ``builtins`` so that ``%reset``, ``del`` or names of the user cannot remove them from a running cell.
They stay there after the guard is unloaded, without effect, because functions that were defined before still call them.
"""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from .._data.reserved import SITE_PREFIX
from . import flags
from .flags import saw_nothing, saw_something

T = TypeVar("T")

OBJECT = "__keras_guard_object__"
LIST = "__keras_guard_list__"
ALIAS = "__keras_guard_alias__"
VALUE = "__keras_guard_value__"
VALUES = "__keras_guard_values__"
SLOT = "__keras_guard_slot__"
DONE = "__keras_guard_done__"
STEP = "__keras_guard_step__"
BEFORE = "__keras_guard_before__"
AFTER = "__keras_guard_after__"


class Listener(Protocol):
    """The object that the probes of a cell call; none of its methods may raise."""

    def probe_object(self, site: Site, value: object) -> None:
        """The object whose list is about to be edited."""

    def probe_list(self, site: Site, value: object) -> None:
        """The list that is about to be edited."""

    def probe_slot(self, site: Site, value: object) -> None:
        """The container or object one of whose slots is about to be bound."""

    def probe_done(self, site: Site) -> None:
        """The statement or call that edits has ended."""

    def probe_step(self, site: Site) -> None:
        """A top-level statement that binds watched names has ended."""

    def probe_before(self, site: Site) -> None:
        """A statement that binds a global is about to run."""

    def probe_after(self, site: Site) -> None:
        """A statement that binds a global has ended."""


@dataclass(frozen=True, eq=False, slots=True)
class Site:
    """One instrumented place.

    Attributes:
        number: Its number in the process.
        listener: The object that its probes call.
        cell: Execution count of its cell.
        line: First line of its statement.
        end_line: Last line of its statement.
        column: 0-based byte column of the edit on ``line``.
        end_column: 0-based byte column after the edit.
        attribute: The attribute that is edited, or the slot that is bound.
        names: The names the statement binds or edits.
        function: The function around it.
        chain: The edited expression as text.
        namespace: The user's names, for a statement that binds globals.
        passed: Whether the list is passed to a call instead of being edited here.
        file: For a module instead of a cell, its file.
        flag: The flag of its statement, in a function or a loop.
    """

    number: str
    listener: Listener
    cell: int | None
    line: int
    end_line: int
    column: int
    end_column: int
    attribute: str = ""
    names: frozenset[str] = frozenset()
    function: str | None = None
    chain: str = ""
    file: str | None = None
    passed: bool = False
    namespace: Mapping[str, object] = field(default_factory=dict)
    flag: int | None = None


_SITES: dict[str, Site] = {}
_MAX_SITES = 20_000
_numbers = itertools.count(1)


def new_number() -> str:
    """Return the next site number, a text with a prefix that no constant of a user has."""
    return f"{SITE_PREFIX}{next(_numbers)}"


def register(site: Site) -> None:
    """Register a site, up to a limit; the probes of the oldest sites then do nothing."""
    _SITES[site.number] = site
    if len(_SITES) > _MAX_SITES:
        del _SITES[next(iter(_SITES))]


def site(number: str) -> Site | None:
    """Return a site by its number, as long as it is known."""
    return _SITES.get(number)


def drop(sites: Iterable[Site]) -> None:
    """Forget sites whose code will not run again."""
    for site in sites:
        _SITES.pop(site.number, None)


def forget(listener: Listener) -> None:
    """Forget every site of a listener."""
    for number in [n for n, site in _SITES.items() if site.listener is listener]:
        del _SITES[number]


_armed: list[str] = []
#: Globals that some traced function read.
_read: set[str] = set()
_NUMBERS = frozenset({bool, int, float, str, bytes, complex, type(None)})
_hot: tuple[type, ...] = ()


def watch_types(hot: tuple[type, ...]) -> None:
    """Set the classes whose objects arm a site."""
    global _hot  # noqa: PLW0603 - a probe reads a global fastest
    _hot = hot
    flags.warm()


def note_read(names: Iterable[str]) -> None:
    """Note names of globals that some traced function read."""
    _read.update(names)
    flags.warm()  # a cold statement may bind one of them


def disarm() -> None:
    """Forget the sites of statements that did not end."""
    _armed.clear()


def _arm(number: str) -> Site | None:
    """Arm a site; returns it, as long as it is known."""
    _armed.append(number)
    site = _SITES.get(number)
    if site is not None:
        saw_something(site.flag)
    return site


def _pass(number: str) -> None:
    """A probe of a site saw nothing of Keras."""
    site = _SITES.get(number)
    if site is not None:
        saw_nothing(site.flag)


def _probe_object(number: str, value: T) -> T:
    if not issubclass(type(value), _hot):
        _pass(number)
    elif (site := _arm(number)) is not None:
        site.listener.probe_object(site, value)
    return value


def _probe_list(number: str, value: T) -> T:
    if number in _armed:
        site = _SITES.get(number)
        if site is not None:
            site.listener.probe_list(site, value)
    return value


def _probe_alias(number: str, value: object) -> object:
    if not (type(value) is list and value and issubclass(type(value[-1]), _hot)):
        _pass(number)
    elif (site := _arm(number)) is not None:
        site.listener.probe_list(site, value)
    return value


def _probe_value(number: str, value: T) -> T:
    if issubclass(type(value), _hot):
        _arm(number)
    else:
        _pass(number)
    return value


def _probe_values(number: str, value: T) -> T:
    if type(value) in (tuple, list) and any(issubclass(type(item), _hot) for item in value[:64]):  # type: ignore[index]
        _arm(number)
    else:
        _pass(number)
    return value


def _probe_slot(number: str, value: T) -> T:
    if number in _armed:
        site = _SITES.get(number)
        if site is not None:
            site.listener.probe_slot(site, value)
    return value


def _probe_done(number: str, value: T | None = None) -> T | None:
    if number in _armed:
        _armed.remove(number)
        site = _SITES.get(number)
        if site is not None:
            site.listener.probe_done(site)
    return value


def _probe_step(number: str) -> None:
    site = _SITES.get(number)
    if site is not None:
        site.listener.probe_step(site)


def _is_dull(site: Site) -> bool:
    """Whether the globals a statement binds are numbers and texts that no trace read, as those of loops that count are."""
    for name in site.names:  # noqa: SIM110 - any() would cost twice as much
        if type(site.namespace.get(name)) not in _NUMBERS or name in _read:
            return False
    return True


def _probe_before(number: str) -> None:
    site = _SITES.get(number)
    if site is not None and not _is_dull(site):
        site.listener.probe_before(site)


def _probe_after(number: str) -> None:
    site = _SITES.get(number)
    if site is None:
        return
    if _is_dull(site):
        saw_nothing(site.flag)
    else:
        saw_something(site.flag)
        site.listener.probe_after(site)


#: The probes by their names.
PROBES = {
    OBJECT: _probe_object,
    LIST: _probe_list,
    ALIAS: _probe_alias,
    VALUE: _probe_value,
    VALUES: _probe_values,
    SLOT: _probe_slot,
    DONE: _probe_done,
    STEP: _probe_step,
    BEFORE: _probe_before,
    AFTER: _probe_after,
}


def install() -> None:
    """Put the probes and the flags into ``builtins``; doing it twice changes nothing."""
    for name, probe in PROBES.items():
        setattr(builtins, name, probe)
    flags.install()
