"""One session per shell: hears probes and Keras, asks the rules, keeps the ledger, shows diagnostics."""

from __future__ import annotations

import ast
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from .._adapter.face import FACE, is_keras_2, is_layer, is_model, is_optimizer
from .._adapter.global_values import value_at
from .._adapter.hooks import KerasHooks
from .._adapter.membership import graph_layers, is_keras_property, matches_layer_list, nested_models
from .._adapter.traces import TraceBook
from .._adapter.uses import Use
from .._data.diagnostic import Span, State
from .._data.events import ArgumentEdited, ClassRedefined, CopyEdited, Event, ListEdited, Rebound
from .._data.identity import IdentityMap
from .._data.meant import Meant
from .._data.place import Attribute, Place, Step
from .._data.views import ModelViews
from .._instrument import runtime
from .._instrument.names import Ahead, binding_line, code_ahead
from .._instrument.runtime import Site
from .._instrument.transformer import CellInstrumenter
from .._instrument.vocabulary import COPIES, COPY_METHODS, KERAS_WORDS, TELLING_WORDS, WORDS
from .._ledger import Entry, Finding, Ledger
from .._rules import RULES
from .containers import parts_of, reachable, user_names
from .containment import Containment, Intended
from .edits import EditHistory
from .keras_sink import KerasSink
from .list_origins import Kind, ListOrigins
from .names_watch import NamesWatch
from .packages import Packages
from .shell_face import CellFrame, CellText, Options, ShellFace
from .snapshots import weak
from .spans import code_ahead_of, span_of_frame, span_of_site
from .views import views_of

T = TypeVar("T")


class KerasGuardError(RuntimeError, Meant):
    """Raised in the cell, in strict mode, before a stale model is used.

    Attributes:
        diagnostic: The diagnostic that opened.
    """

    def __init__(self, diagnostic: Any) -> None:
        super().__init__(
            f"[{diagnostic.code}] {diagnostic.message} ({diagnostic.span.label()}). {diagnostic.help}"
        )
        self.diagnostic = diagnostic


class _Note:
    """What the probes of one site saw so far."""

    __slots__ = ("before", "items", "owner", "slots")

    def __init__(self, owner: Callable[[], Any]) -> None:
        self.owner = owner
        self.items: Any = None
        self.before: tuple[Any, ...] = ()
        self.slots: dict[Step, Callable[[], Any]] = {}


class Session:
    """Drives one shell.

    Args:
        shell: The shell.
        containment: What keeps faults inside; one of its own when none is given.
    """

    def __init__(self, shell: ShellFace, containment: Containment | None = None) -> None:
        self.shell = shell
        self.ledger = Ledger()
        self.traces = TraceBook()
        self.edits = EditHistory()
        self.containment = containment or Containment()
        self.origins = ListOrigins()
        self.sink = KerasSink(self)
        self.names = NamesWatch(
            shell.namespace,
            self.sink.reads_global,
            self.origins,
            self._first_at,
            lambda layer: bool(self.holders(layer)),
        )
        self.hooks = KerasHooks(self.sink)
        self.packages = Packages(self, self.containment.wrap)
        self.builds: IdentityMap[int | None] = IdentityMap()
        self._notes = threading.local()
        self._passing: list[Site] = []
        self._models: list[Any] | None = None
        self._graphs: IdentityMap[frozenset[int]] = IdentityMap()
        #: Whether a model was made in the running cell.
        self.models_made = False
        self._lasting_compared = False
        #: The last line of the running cell behind which names were compared.
        self._stepped = 0
        for name in ("probe_object", "probe_list", "probe_slot", "probe_done", "probe_step", "probe_before",
                     "probe_after", "begin_cell", "end_cell", "instrument", "wake"):  # fmt: skip
            setattr(self, name, self.containment.wrap(getattr(self, name)))

    # Waking and cells

    def wake(self) -> None:
        """Attach to Keras, once it has been imported."""
        if FACE.refresh():
            runtime.watch_types(FACE.owners)
            self.hooks.attach()

    def begin_cell(self) -> None:
        """A cell is about to run."""
        self._forget_caches()
        runtime.disarm()
        self._stepped = 0
        self._lasting_compared = False
        self.names.forget_cell()

    def may_matter(self, text: str) -> bool:
        """Whether a cell may need probes, judged by its words alone: most cells do not, and must cost nothing.

        One statement without a function, a loop, a list that Keras hands out or a name of
        something watched can neither edit a model nor bind what an edit is known by.
        """
        if not FACE.awake:
            return False  # words of Keras itself are looked for before
        stripped = text.strip()
        if "(" in stripped and ("\n" in stripped or ";" in stripped):
            return True
        words = set(WORDS.findall(stripped))
        return not words.isdisjoint(TELLING_WORDS) or any(self.names.is_candidate(word) for word in words)

    def instrument(self, tree: ast.Module, cell: CellText) -> None:
        """Put probes into a cell, in place."""
        options = self.shell.options_in_force()
        text = cell.source
        if not options.enabled or not (FACE.awake or KERAS_WORDS.search(text)):
            return
        self.names.read_cell(tree.body, cell.offset)
        instrumenter = CellInstrumenter(
            self,
            cell.number,
            self.names.is_candidate,
            cell.offset,
            dull=self.names.is_dull,
            namespace=self.shell.namespace,
            file=cell.file,
        )
        instrumenter.instrument(tree, text, functions=True)
        self._passing += instrumenter.plan.passing
        self.names.begin(instrumenter.plan.names)

    def end_cell(self) -> None:
        """A cell has ended, well or not; raises in strict mode, when all that is to be done is done."""
        self._forget_caches()
        if not (
            self.ledger.any_live
            or self.names.is_busy
            or self.models_made
            or self._passing
            or self._site_notes()
        ):
            return  # as most cells do
        self._end_statements()
        self._compare_names(None)
        self.settle()
        meant = self._show_all_waiting()
        self.names.note_bindings(None)
        if self.models_made:
            self.models_made = False
            self.names.find_lasting()
        self._forget_caches()
        runtime.drop(self._passing)  # their code never runs again
        self._passing.clear()
        if meant is not None:
            raise meant

    def _end_statements(self) -> None:
        """Look behind statements that no probe stands behind: the last one of the cell, and those that raised."""
        notes = self._site_notes()
        for number in list(notes):
            site = runtime.site(number)
            if site is not None:
                self._done(site)
        notes.clear()

    def _show_all_waiting(self) -> Intended | None:
        """Show what waited for the rest of the cell; returns the first error of strict mode, after all is shown."""
        meant = None
        for entry in self.ledger.live():
            if not entry.shown:
                try:
                    self._ask(entry, partial(self._show_waiting, entry), None)
                except Intended as error:
                    meant = meant or error
        return meant

    def _show_waiting(self, entry: Entry) -> None:
        finding = entry.finding
        if finding.certain:
            self.open(entry)
        elif finding.shows_pending and not (finding.quiet_after_use and entry.used):
            self._show(entry)

    def close(self) -> None:
        """Detach from Keras and forget everything."""
        self.hooks.detach()
        self.packages.remove()
        self.ledger.clear()

    # Probes of cells (Listener)

    def probe_object(self, site: Site, value: Any) -> None:
        """See ``runtime.Listener``."""
        if is_layer(value) or is_optimizer(value):
            self._site_notes()[site.number] = _Note(weakref.ref(value))
        else:
            self._site_notes().pop(site.number, None)

    def probe_list(self, site: Site, value: Any) -> None:
        """See ``runtime.Listener``."""
        notes = self._site_notes()
        note = notes.get(site.number)
        if note is None and not site.attribute:
            owner = self._owner_of_items(tuple(value), id(value)) if type(value) is list else None
            if owner is None:
                return
            note = notes[site.number] = _Note(weakref.ref(owner[0]))
        if note is not None:
            note.items = value
            note.before = tuple(value) if isinstance(value, (list, tuple)) else ()

    def probe_slot(self, site: Site, value: Any) -> None:
        """See ``runtime.Listener``."""
        if is_layer(value) or is_optimizer(value):
            return
        picture = _layers_in_slots(value, site.attribute)
        if picture:
            note = self._site_notes()[site.number] = _Note(lambda: None)
            note.items = value
            note.slots = picture

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
                self.publish(event)

    def _list_events(self, site: Site, note: _Note, owner: Any) -> Iterator[Event]:
        span = span_of_site(self.shell, site)
        if site.attribute in COPIES or site.attribute.removesuffix("()") in COPY_METHODS:
            yield CopyEdited(owner, site.attribute, span)
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
        now = _layers_in_slots(note.items, site.attribute)
        base = _place_of(site.chain.rpartition("." if site.attribute != "[]" else "[")[0])
        is_local = self._is_local(base.root)
        for step, reference in note.slots.items():
            events = self.names.slot_events(
                base / step,
                reference,
                now.get(step),
                lambda: span_of_site(self.shell, site),
                is_local=is_local,
            )
            for event in events:
                self.publish(event)

    def _is_local(self, name: str) -> bool:
        """Whether a name is one of the running function's own."""
        frame = next(self.shell.frames(), None)
        return frame is not None and frame.function is not None and name in frame.frame.f_locals

    def probe_step(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        self._forget_caches()
        self._note_globals(site)
        self._compare_names(site.names, site)
        self.names.note_bindings(site.end_line)
        self._stepped = site.end_line
        self.settle()
        self._recheck_waiting(site)

    def probe_before(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        for name in site.names:
            self.names.look(name)

    def probe_after(self, site: Site) -> None:
        """See ``runtime.Listener``."""
        self._forget_caches()
        self._note_globals(site)
        self._compare_names(site.names, site)

    def _note_globals(self, site: Site) -> None:
        for name in sorted(site.names):
            if self.sink.reads_global(name):
                self.sink.note_global(name, self._span_of_binding(name, site))
                self.edits.bump()
            self._note_container(name, partial(self._span_of_binding, name, site))

    def _note_container(self, name: str, span: Callable[[], Span]) -> None:
        edited = self.origins.edited(self.shell.namespace.get(name))
        if edited is not None:
            self.edits.bump()
            self.publish(ArgumentEdited(*edited, name, span()))

    def _site_notes(self) -> dict[str, _Note]:
        notes: dict[str, _Note] | None = getattr(self._notes, "by_site", None)
        if notes is None:
            notes = self._notes.by_site = {}
        return notes

    # Names

    def _compare_names(self, names: frozenset[str] | None, site: Site | None = None) -> None:
        def span(name: str) -> Span:
            return self._span_of_binding(name, site)

        for event in list(self.names.compare(names, self._owner_of_list, span)):
            self.publish(event)
        if names is None:
            for name in self.names.held():
                self._note_container(name, partial(span, name))

    def _compare_lasting(self) -> None:
        """Look for what `%run`, `exec` or an import bound; once a cell, for uses may stand in loops."""
        if self._lasting_compared:
            return
        self._lasting_compared = True
        for event in list(self.names.compare_lasting(self._owner_of_list, lambda name: Span())):
            self.publish(event)

    def _span_of_binding(self, name: str, site: Site | None) -> Span:
        if site is not None and site.function is not None:
            return span_of_site(self.shell, site)
        if site is None:
            cell = self.shell.cell
        else:
            cell = self.shell.text_of(site.cell) if site.file is None else self.shell.text_of_file(site.file)
        if cell is None:
            return Span()
        first, last = (site.line, site.end_line) if site is not None else self._running_lines(cell)
        line = binding_line(cell.source, name, first - cell.offset, last - cell.offset)
        if line is None:
            return span_of_site(self.shell, site) if site is not None else Span(cell.number, cell.cell_id)
        return span_of_frame(self.shell, CellFrame(cell, line, None, None), name)

    def _running_lines(self, cell: CellText) -> tuple[int, int]:
        """Return the lines of the top-level statement that runs, or, after the cell's end, those no step came behind."""
        for frame in self.shell.frames():
            if frame.function is None and frame.cell.number == cell.number:
                return frame.line, frame.line
        return self._stepped + 1, 10**9

    def _owner_of_list(self, items: tuple[Any, ...], identity: int) -> tuple[Any, str] | None:
        """Return the model one of whose lists this is: read from ``layers``, or handed to a constructor.

        A copy of a list of layers is a selection; only the list's history tells it from the list.
        """
        return self._owner_of_items(items, identity) if self.origins.is_models_list(identity) else None

    def _owner_of_items(self, items: tuple[Any, ...], identity: int) -> tuple[Any, str] | None:
        model = self.origins.owner_of(identity)
        if model is None:
            model = next((m for m in self.models() if matches_layer_list(m, items)), None)
        if model is None:
            return None
        self.origins.note_owner(identity, model)
        origin = self.origins.of(identity)
        return model, "given" if origin is not None and origin.kind is Kind.GIVEN else "layers"

    # Events, findings, states

    def publish(self, event: Event) -> None:
        """Let every rule judge an event."""
        for rule in RULES.values():
            self._each(rule.judge(event, self), event)

    def _each(self, findings: Iterator[Finding], event: Event | None = None) -> None:
        """Adopt what one rule finds; what it raises is counted, and the other rules are asked all the same."""
        try:
            for finding in findings:
                self.adopt(finding, event)
        except (KeyboardInterrupt, Intended):
            raise
        except BaseException as error:
            self.containment.note(error)

    def _first_at(self, place: Place) -> Any:
        """Return what a place held before it was bound without effect, which the model still runs, or ``None``.

        Bound once more, the place goes on from there: what it held in between is of no model, and may be gone.
        """
        for entry in self.ledger.live():
            if entry.place == place and (first := entry.first()) is not None:
                return first
        return None

    def adopt(self, finding: Finding, event: Event | None = None) -> None:
        """Take a finding up: open it, show it as pending, or wait for the code ahead."""
        if not _is_said_of(finding) or self.is_ignored(finding) or not finding.holds():
            return
        finding.notes += self._call_site(finding.span)
        cell = self.shell.cell
        self._leave_to(finding)
        entry, news = self.ledger.add(finding, cell.number if cell else None)
        if isinstance(event, (Rebound, ClassRedefined)):
            entry.place, entry.first = event.where, weak(event.old)
        if not news:
            return
        if entry.state is State.OPEN:
            self._show(entry)
            return
        self._ask(entry, partial(self._show_unless_waits, entry, self.ahead()), None)

    def _show_unless_waits(self, entry: Entry, ahead: Ahead) -> None:
        if not entry.finding.waits(ahead):
            self._show_waiting(entry)

    def _leave_to(self, finding: Finding) -> None:
        """Resolve what was said of an earlier binding of the same place: the later line has the word now."""
        known = self.ledger.find(finding.key)
        if known is None or known.place is None:
            return
        before, after = known.finding.span, finding.span
        if (before.execution_count, before.line) != (after.execution_count, after.line):
            self._move(known, State.RESOLVED, self._in_cell(f"`{known.place}` was bound once more"))

    def is_ignored(self, finding: Finding) -> bool:
        """Whether the user asked not to hear of a finding."""
        options = self.shell.options_in_force()
        if not options.enabled:
            return True
        words = {finding.code, finding.rule, *finding.models, finding.model_name}
        return bool(words & options.ignored) or self.shell.ignores_line(finding.span.text, finding.code)

    def _call_site(self, span: Span) -> tuple[str, ...]:
        """Name the top-level line from which an edit inside a function was reached."""
        if span.function is None:
            return ()
        outer = [frame for frame in self.shell.frames() if frame.function is None]
        if not outer:
            return ()
        return (f"reached from {span_of_frame(self.shell, outer[-1]).label()}",)

    def open(self, entry: Entry) -> None:
        """Bring an entry to open and show it; raises in strict mode."""
        self._move(entry, State.OPEN)
        if self.shell.options_in_force().strict:
            raise Intended(KerasGuardError(entry.diagnostic))

    def _move(self, entry: Entry, state: State, resolution: str | None = None) -> None:
        cell = self.shell.cell
        self.ledger.move(entry, state, cell.number if cell else None, resolution)
        if state is not State.RESOLVED or entry.shown:
            self._show(entry)

    def _show(self, entry: Entry) -> None:
        if not self.shell.is_seen:
            return  # a silent request
        if entry.state is State.OPEN and not entry.diagnostic.pictures:
            pictures = self.shell.pictures(entry.finding.model(), self._ask(entry, entry.edits, ()))
            entry.diagnostic = replace(entry.diagnostic, pictures=pictures)
        self.shell.show(entry.diagnostic, update=entry.shown)
        entry.shown = True

    def settle(self) -> None:
        """Resolve every entry whose divergence is gone."""
        for entry in self.ledger.live():
            self._ask(entry, partial(self._settle_one, entry), None)

    def _settle_one(self, entry: Entry) -> None:
        if entry.finding.needs_model and not any(self.is_reachable(m) for m in entry.models()):
            self._move(entry, State.RESOLVED, self._in_cell(self._fate_of(entry.diagnostic.model)))
        elif not entry.holds():
            self._move(entry, State.RESOLVED, self._in_cell(entry.finding.cured))

    def _ask(self, entry: Entry, question: Callable[[], T], otherwise: T) -> T:
        """Return what one entry answers. One that raises is counted and dropped; the others go on."""
        try:
            return question()
        except (KeyboardInterrupt, Intended):
            raise
        except BaseException as error:
            self.containment.note(error)
            self._move(entry, State.RESOLVED, "the guard failed to check it; `%keras_guard status` says more")
            return otherwise

    def _fate_of(self, name: str) -> str:
        """Say what became of a model that no name reaches any more."""
        return (
            f"`{name}` was built again" if is_model(self.shell.namespace.get(name)) else "the model is gone"
        )

    def _in_cell(self, what: str) -> str:
        cell = self.shell.cell
        return f"{what} (Cell In[{cell.number}])" if cell is not None and cell.number is not None else what

    def _recheck_waiting(self, site: Site) -> None:
        waiting = [entry for entry in self.ledger.live() if not entry.shown]
        cell = self.shell.cell
        if not waiting or cell is None:
            return
        # Where a class or a function ends is still inside it: what follows the statement follows its first line.
        ahead = code_ahead(cell.source, site.line - cell.offset)
        for entry in waiting:
            self._ask(entry, partial(self._show_unless_waits, entry, ahead), None)

    def look_again(self) -> None:
        """Compare and settle, after something other than a cell's own code changed the namespace."""
        self._forget_caches()
        self._compare_names(None)
        self.settle()

    def edits_of(self, model: Any) -> tuple[Any, ...]:
        """Return the edits that live findings hold of a model or of what its graph runs, oldest first."""
        self.look_again()
        inside = {id(model), *(id(layer) for layer in graph_layers(model))}
        found: list[Any] = []
        for entry in self.ledger.live():
            owner = entry.finding.model()
            edits: tuple[Any, ...] = self._ask(entry, entry.edits, ())
            for edit in edits:
                if id(getattr(edit, "old", owner)) in inside:
                    found.append(edit)
        return tuple(found)

    def audit(self, model: Any) -> list[Entry]:
        """Let every rule look at a model as it is now; returns what is wrong with it."""
        self.look_again()
        for rule in RULES.values():
            self._each(rule.audit(model, self))
        return self.entries_of(model)

    def entries_of(self, model: Any) -> list[Entry]:
        """See ``rules.base.Desk``."""
        inside = {id(model), *(id(layer) for layer in graph_layers(model))}
        return [entry for entry in self.ledger.live() if any(id(m) in inside for m in entry.models())]

    def views(self, model: Any, name: str) -> ModelViews:
        """Return the three views of a model."""
        traces = self.traces.of(model)
        facts = {kind: traces.all_facts(kind) for kind in ("train", "test", "predict")}
        return views_of(model, name, self.audit(model), {k: v for k, v in facts.items() if v})

    def used(self, use: Use) -> None:
        """A model is about to be used: open what that use would run stale."""
        self._compare_names(None)
        self._compare_lasting()
        self.settle()
        for event in self.sink.values_rebound(use):
            self.publish(event)
        for entry in self.ledger.live():
            self._ask(entry, partial(self._used_one, entry, use), None)

    def _used_one(self, entry: Entry, use: Use) -> None:
        if not entry.concerned_by(use):
            return
        if entry.state is State.PENDING and entry.opened_by(use):
            self.open(entry)
        else:
            entry.used = True

    # What rules ask (Desk)

    def models(self) -> list[Any]:
        """See ``rules.base.Desk``."""
        if self._models is None:
            found: dict[int, Any] = {}
            for _, value in reachable(self.shell.namespace):
                if is_model(value):
                    found.setdefault(id(value), value)
            for model in self._running_models():
                found.setdefault(id(model), model)
            for model in list(found.values()):
                for inner in nested_models(model):
                    found.setdefault(id(inner), inner)
            self._models = list(found.values())
        return self._models

    def _running_models(self) -> Iterator[Any]:
        """Yield the models that local names of running cell functions hold."""
        for frame in self.shell.frames():
            if frame.function is not None:
                for value in list(frame.frame.f_locals.values()):
                    if is_model(value):
                        yield value
                    inner = getattr(value, "__dict__", None)
                    if isinstance(inner, dict) and type(value).__module__ == "__main__":
                        yield from (item for item in list(inner.values()) if is_model(item))

    def holders(self, layer: Any) -> list[Any]:
        """See ``rules.base.Desk``."""
        found = [m for m in self.models() if id(layer) in self._inside(m)]
        nested = {id(inner) for m in found for inner in nested_models(m)}
        return sorted(found, key=lambda m: id(m) in nested)

    def _inside(self, model: Any) -> frozenset[int]:
        """Return the identities of a model's layers, which all live as long as it; until the next change."""
        known = self._graphs.get(model, None)
        if known is None:
            known = self._graphs[model] = frozenset(id(layer) for layer in graph_layers(model))
        return known

    def name_of(self, value: Any) -> str:
        """See ``rules.base.Desk``."""
        names = self.names_of(value)
        if names:
            return names[-1]
        for place, item in reachable(self.shell.namespace):
            if item is value:
                return str(place)
        return str(getattr(value, "name", type(value).__name__))

    def names_of(self, value: Any) -> list[str]:
        """See ``rules.base.Desk``."""
        local = [
            name
            for frame in self.shell.frames()
            if frame.function is not None
            for name, item in list(frame.frame.f_locals.items())
            if item is value
        ]
        return local + [name for name, item in user_names(self.shell.namespace) if item is value]

    def is_known(self, key: tuple[Any, ...]) -> bool:
        """See ``rules.base.Desk``."""
        return self.ledger.find(key) is not None

    def compiled_at(self, model: Any) -> int:
        """See ``rules.base.Desk``."""
        return self.sink.compiled_at(model)

    def edit_number(self) -> int:
        """See ``rules.base.Desk``."""
        return self.edits.number

    def is_reachable(self, value: Any) -> bool:
        """See ``rules.base.Desk``."""
        return any(model is value for model in self.models())

    def value_at(self, place: Place) -> Any:
        """See ``rules.base.Desk``."""
        return place.read(self.shell.namespace)

    def setting_at(self, place: Place) -> Any:
        """See ``rules.base.Desk``."""
        return value_at(self.shell.namespace, place)

    def still_holds(self, place: Place | None, value: Any) -> bool:
        """See ``rules.base.Desk``."""
        return place is None or self.value_at(place) is value

    def built_in(self, model: Any) -> int | None:
        """See ``rules.base.Desk``."""
        return self.builds.get(model, None)

    def cell_binds(self, number: int, name: str) -> bool:
        """See ``rules.base.Desk``."""
        cell = self.shell.text_of(number)
        return cell is not None and binding_line(cell.source, name, 1, 10**9) is not None

    def traced_models(self, part: Any) -> list[Any]:
        """See ``rules.base.Desk``."""
        traced = [m for m in self.traces.models() if self.is_reachable(m) or self.in_entry(m)]
        return [m for m in traced if m is part or any(layer is part for layer in graph_layers(m))]

    def owners_of_optimizer(self, optimizer: Any) -> list[Any]:
        """See ``rules.base.Desk``."""
        return [m for m in self.models() if getattr(m, "optimizer", None) is optimizer]

    def attribute_changed_since(self, target: Any, name: str, number: int) -> bool:
        """See ``rules.base.Desk``."""
        return self.edits.changed_since(target, name, number)

    def first_edit(self, target: Any, name: str) -> int:
        """See ``rules.base.Desk``."""
        return self.edits.first(target, name)

    def rebinds_ahead(self, ahead: Ahead, models: Sequence[Any]) -> bool:
        """See ``rules.base.Desk``."""
        return any(name in ahead.bound for model in models for name in self.names_of(model))

    def walks_over(self, name: str, span: Span) -> bool:
        """See ``rules.base.Desk``."""
        cell = self.shell.text_of_file(span.file) if span.file else self.shell.text_of(span.execution_count)
        if cell is None or span.line is None:
            return False
        return name in code_ahead(cell.source, span.line - cell.offset).walked

    def in_entry(self, model: Any) -> bool:
        """See ``rules.base.Desk``."""
        return self.sink.in_entry(model)

    def ahead(self) -> Ahead:
        """Return what the running cell code still does."""
        return code_ahead_of(list(self.shell.frames()))

    def _forget_caches(self) -> None:
        self._models = None
        self._graphs.clear()


def _is_said_of(finding: Finding) -> bool:
    """Whether what a rule says is known to be true of the Keras that its model comes from."""
    return RULES[finding.code].keras_2 or not is_keras_2(finding.model())


def _place_of(text: str) -> Place:
    """Return the place that an expression names; one that nothing is at where it names none."""
    try:
        return Place.parse(text)
    except ValueError:
        return Place(text)


def _layers_in_slots(value: Any, attribute: str) -> dict[Step, Callable[[], Any]]:
    """Return the layers that a container holds, or an object in one attribute."""
    if attribute == "[]":
        return {step: weak(item) for step, item in parts_of(value) if is_layer(item)}
    step = Attribute(attribute)
    item = step.read(value)
    return {step: weak(item)} if is_layer(item) else {}


__all__ = ["KerasGuardError", "Options", "Session"]
