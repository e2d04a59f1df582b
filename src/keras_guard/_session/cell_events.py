"""What the probes of cells tell: lists that are edited, slots and names that are bound."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._adapter.keras_types import is_layer, is_optimizer, is_variable
from .._adapter.membership import is_keras_property
from .._adapter.tracked_lists import is_tracked_list
from .._data.diagnostic import Span
from .._data.events import ArgumentEdited, BoundInLoop, CopyEdited, Event, ListEdited
from .._data.place import Attribute, Place, Step
from .._data.types import Model
from .._instrument import runtime
from .._instrument.names import binding_line
from .._instrument.runtime import Site
from .._instrument.vocabulary import COPIES, COPY_METHODS, LOOP
from .containers import parts_of
from .containment import Containment, contained
from .desk import Desk
from .names_watch import NamesWatch
from .shell_interface import CellFrame, CellText, ShellInterface
from .snapshots import is_watched, weak
from .spans import span_of_frame, span_of_site


@dataclass(frozen=True)
class Told:
    """What is done with what was seen.

    Attributes:
        publish: Has the rules judge an event.
        settle: Resolves what is no longer true.
        recheck: Shows what waited for the statement at a line.
        ended: Looks at what a statement called, given its last line.
        notice: Sees what traces hold of a name that was bound or whose object may have changed.
    """

    publish: Callable[[Event], None]
    settle: Callable[[], None]
    recheck: Callable[[int], None]
    ended: Callable[[int], None]
    notice: Callable[[str, Callable[[], Span]], None]


class _Note:
    """What the probes of one site saw so far."""

    __slots__ = ("before", "items", "owner", "slots")

    def __init__(self, owner: Callable[[], Any]) -> None:
        self.owner = owner
        self.items: Any = None
        self.before: tuple[Any, ...] = ()
        self.slots: dict[Step, Callable[[], Any]] = {}


class CellEvents:
    """Hears the probes of cells (``runtime.Listener``).

    Args:
        shell: The shell.
        desk: What is known of models and lists.
        names: Compares what names hold.
        told: What is done with what was seen.
        containment: Contains faults.
    """

    def __init__(
        self,
        shell: ShellInterface,
        desk: Desk,
        names: NamesWatch,
        told: Told,
        containment: Containment,
    ) -> None:
        self.containment = containment
        self._shell = shell
        self._desk = desk
        self._names = names
        self._told = told
        self._notes = threading.local()
        self._lasting_compared = False
        #: The last line of the running cell behind which names were compared.
        self._stepped = 0

    def begin_cell(self) -> None:
        """A cell is about to run."""
        self._stepped = 0
        self._lasting_compared = False
        self._names.forget_cell()

    @property
    def has_notes(self) -> bool:
        """Whether a statement was left between two of its probes."""
        return bool(self._site_notes())

    def end_statements(self) -> None:
        """Look behind statements that no probe follows: the last one of the cell, and those that raised."""
        notes = self._site_notes()
        for number in list(notes):
            site = runtime.site(number)
            if site is not None:
                self._done(site)
        notes.clear()

    def _site_notes(self) -> dict[str, _Note]:
        notes: dict[str, _Note] | None = getattr(self._notes, "by_site", None)
        if notes is None:
            notes = self._notes.by_site = {}
        return notes

    # Lists and slots

    @contained
    def probe_object(self, site: Site, value: object) -> None:
        """See ``runtime.Listener``."""
        if is_layer(value) or is_optimizer(value) or is_variable(value):
            self._site_notes()[site.number] = _Note(weakref.ref(value))
        else:
            self._site_notes().pop(site.number, None)

    @contained
    def probe_list(self, site: Site, value: Any) -> None:
        """See ``runtime.Listener``."""
        notes = self._site_notes()
        note = notes.get(site.number)
        if note is None and not site.attribute:
            is_list = type(value) is list
            owner = self._desk.owner_of_list(tuple(value), id(value)) if is_list else None
            if owner is None:
                return
            note = notes[site.number] = _Note(weakref.ref(owner[0]))
        if note is not None:
            note.items = value
            note.before = tuple(value) if isinstance(value, (list, tuple)) else ()

    @contained
    def probe_slot(self, site: Site, value: object) -> None:
        """See ``runtime.Listener``."""
        if is_layer(value) or is_optimizer(value) or is_tracked_list(value):
            return  # their own hooks tell
        slots = _watched_in_slots(value, site.attribute)
        if slots:
            note = self._site_notes()[site.number] = _Note(lambda: None)
            note.items = value
            note.slots = slots

    @contained
    def probe_done(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        self._done(site)

    def _done(self, site: Site) -> None:
        note = self._site_notes().pop(site.number, None)
        if note is None:
            return
        if note.slots:
            self._slots_bound(site, note)
            return
        owner = note.owner()
        if owner is not None:
            for event in self._list_events(site, note, owner):
                self._told.publish(event)

    def _list_events(self, site: Site, note: _Note, owner: object) -> Iterator[Event]:
        span = span_of_site(self._shell, site)
        if site.attribute == LOOP:
            if is_layer(owner) and is_layer(note.items) and owner is not note.items:
                yield BoundInLoop(site.chain, owner, note.items, span)
            return
        if site.names:
            self._desk.copies.note(site, owner, self._shell.text_of(site.cell))
            return
        if site.attribute in COPIES or site.attribute.removesuffix("()") in COPY_METHODS:
            # A name is that of a local variable which holds the copy; other edits are made where it is read.
            local = site.chain if site.chain.isidentifier() else ""
            cell = self._shell.text_of(site.cell) if local and site.function is None else None
            if cell is None:
                yield CopyEdited(owner, site.attribute, span, local=local)
            else:
                yield from self._desk.copies.edited_in_loop(site, owner, cell, span)
            return
        if not isinstance(note.items, list):
            return
        place = _place_of(site.chain) if not site.attribute or site.passed else None
        temporary = (
            place is None
            and is_keras_property(owner, site.attribute)
            and getattr(owner, site.attribute, note.items) is not note.items
        )
        attribute = site.attribute or "layers"
        yield ListEdited(
            owner, attribute, note.before, tuple(note.items), temporary, span, place, id(note.items)
        )

    def _slots_bound(self, site: Site, note: _Note) -> None:
        now = _watched_in_slots(note.items, site.attribute)
        base = _place_of(site.chain.rpartition("." if site.attribute != "[]" else "[")[0])
        is_local = self._is_local(base.root)
        for step, reference in note.slots.items():
            events = self._names.slot_events(
                base / step,
                reference,
                now.get(step),
                lambda: span_of_site(self._shell, site),
                is_local=is_local,
            )
            for event in events:
                self._told.publish(event)

    def _is_local(self, name: str) -> bool:
        """Whether a name is one of the running function's own."""
        frame = next(self._shell.frames(), None)
        return frame is not None and frame.function is not None and name in frame.frame.f_locals

    # Names

    @contained
    def probe_step(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        self._note_globals(site)
        self._compare(site.names, site)
        self._names.note_bindings(site.end_line)
        self._stepped = site.end_line
        self._told.settle()
        self._told.ended(site.end_line)
        self._told.recheck(site.line)

    @contained
    def probe_before(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        for name in site.names:
            self._names.look(name)

    @contained
    def probe_after(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        self._note_globals(site)
        self._compare(site.names, site)

    def _note_globals(self, site: Site) -> None:
        for name in sorted(site.names):
            span = partial(self._span_of_binding, name, site)
            self._told.notice(name, span)
            self._note_container(name, span)

    def _note_container(self, name: str, span: Callable[[], Span]) -> None:
        value = self._desk.namespace.get(name)
        edited = self._desk.origins.edited(value)
        if edited is not None:
            self._desk.note_change()
            self._told.publish(ArgumentEdited(*edited, name, span(), id(value)))

    def compare_all(self) -> None:
        """Compare what all names of the running cell hold with what they held."""
        self._compare(None, None)
        for event in self._desk.copies.edits(self._shell):
            self._told.publish(event)
        for name in self._names.held():
            span = partial(self._span_of_binding, name, None)
            self._told.notice(name, span)
            self._note_container(name, span)

    def _compare(self, names: frozenset[str] | None, site: Site | None) -> None:
        events = self._names.compare(
            names, self._owner_of_list, lambda name: self._span_of_binding(name, site)
        )
        for event in list(events):
            self._told.publish(event)

    def compare_lasting(self) -> None:
        """Look for what `%run`, `exec` or an import bound; once a cell, for uses may be in loops."""
        if not self._lasting_compared:
            self._lasting_compared = True
            for event in list(self._names.compare_lasting(self._owner_of_list, lambda name: Span())):
                self._told.publish(event)

    def _owner_of_list(self, items: tuple[object, ...], identity: int) -> tuple[Model, str] | None:
        known = self._desk.origins.is_models_list(identity)
        return self._desk.owner_of_list(items, identity) if known else None

    def _span_of_binding(self, name: str, site: Site | None) -> Span:
        shell = self._shell
        if site is not None and site.function is not None:
            return span_of_site(shell, site)
        if site is None:
            cell = shell.cell
        else:
            cell = shell.text_of(site.cell) if site.file is None else shell.text_of_file(site.file)
        if cell is None:
            return Span()
        first, last = (site.line, site.end_line) if site is not None else self._running_lines(cell)
        line = binding_line(cell.source, name, first - cell.offset, last - cell.offset)
        if line is None:
            return span_of_site(shell, site) if site is not None else Span(cell.number, cell.cell_id)
        return span_of_frame(shell, CellFrame(cell, line, None, None), name)

    def _running_lines(self, cell: CellText) -> tuple[int, int]:
        """Return the lines of the top-level statement that runs; at the cell's end, those behind the last step."""
        for frame in self._shell.frames():
            if frame.function is None and frame.cell.number == cell.number:
                return frame.line, frame.line
        return self._stepped + 1, 10**9


def _place_of(text: str) -> Place:
    """Return the place that an expression names; one that nothing is at where it names none."""
    try:
        return Place.parse(text)
    except ValueError:
        return Place(text)


def _watched_in_slots(value: object, attribute: str) -> dict[Step, Callable[[], Any]]:
    """Return the watched objects that a container holds, or an object in one attribute."""
    if attribute == "[]":
        return {step: weak(item) for step, item in parts_of(value) if is_watched(item)}
    step = Attribute(attribute)
    item = step.read(value)
    return {step: weak(item)} if is_watched(item) else {}
