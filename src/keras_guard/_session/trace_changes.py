"""What traces hold that is another value now, and whose change no hook tells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from .._adapter.compiled_objects import GIVEN, held_objects, unapplied_arguments
from .._adapter.keras_types import is_layer, is_optimizer
from .._adapter.marks import Mark, is_marked, mark_of
from .._adapter.membership import compile_containers, graph_layers
from .._adapter.model_use import Use
from .._adapter.owner_facts import value_of
from .._adapter.trace_facts import TraceFacts, trainable_identity
from .._data.diagnostic import Span
from .._data.events import (
    ArgumentEdited,
    AttributeSet,
    CodeReadChanged,
    Event,
)
from .._data.identity import IdentityMap
from .._data.types import Model
from .desk import Desk
from .edit_spans import GlobalSpans, attributes_assigned, names_written_unheard, span_of_attribute
from .running_entries import RunningEntry
from .shell_interface import CellText, ShellInterface

if TYPE_CHECKING:
    from typing import TypeGuard


class TraceChanges:
    """Compares what traces hold with what is true now.

    Args:
        shell: The shell.
        desk: What is known of models.
        spans: Where globals were bound.
        publish: Has the rules judge an event.
    """

    def __init__(
        self, shell: ShellInterface, desk: Desk, spans: GlobalSpans, publish: Callable[[Event], None]
    ) -> None:
        self._shell = shell
        self._desk = desk
        self._spans = spans
        self._publish = publish
        #: By model: what was last seen of the values that differ, by the name they were changed through.
        self._seen: IdentityMap[dict[tuple[object, ...], Mark]] = IdentityMap()
        #: The attributes that cells may have written without ``setattr``.
        self._unheard: set[str] = set()
        #: Those of the running cell.
        self._unheard_now: frozenset[str] = frozenset()
        #: By line, what the running cell assigns; no hook hears the attributes of losses, regularizers and the like.
        self._assigned: dict[int, frozenset[str]] = {}

    def read_cell(self, cell: CellText) -> None:
        """A cell is about to run: note the attributes that it may write in a way that no hook hears."""
        text = cell.source
        self._assigned = {}
        if self._desk.traces.models():
            for line, names in attributes_assigned(text):
                self._assigned[line + cell.offset] = names
        self._unheard_now = names_written_unheard(text)
        self._unheard |= self._unheard_now
        if self._unheard:
            self._desk.note_change()

    @property
    def writes_unheard(self) -> bool:
        """Whether the running cell may write attributes in a way that no hook hears."""
        return bool(self._unheard_now or self._assigned)

    def written_unheard(self) -> Iterator[Event]:
        """Yield what traces hold of attributes that the cell which has ended wrote, and are another value now."""
        names, self._unheard_now = self._unheard_now, frozenset()
        yield from self.statement_ended()
        for event in self._changed(names, names):
            yield replace(event, at_use=False)

    def statement_ended(self, last: int | None = None) -> Iterator[Event]:
        """Yield what traces hold of attributes of losses and the like that statements assigned, and are another value now.

        Args:
            last: The last line of the last statement; ``None`` for the cell's.
        """
        lines = [line for line in self._assigned if last is None or line <= last]
        names = frozenset().union(*(self._assigned.pop(line) for line in lines))
        for event in self._changed(names, ()):
            if not (is_layer(event.target) or is_optimizer(event.target)):  # their hooks have told
                yield replace(event, at_use=False)

    def _changed(self, names: Collection[str], unheard: Collection[str]) -> Iterator[AttributeSet]:
        """Yield the attributes of some names that are another value now than a trace holds."""
        for model in self._desk.traces.models() if names else ():
            for facts in self._desk.traces.of(model).all_facts():
                yield from (e for e in self._attribute_changes(facts, unheard) if e.name in names)

    def unheard_changes(self, use: Use) -> list[Event]:
        """Return what the traces of a use hold that is another value now, and whose change no hook tells."""
        found = [event for facts in use.serving for event in self._changes(use.model, facts)]
        found += self._flips(use)
        found += self._edited_arguments(use.model) if use.scores else ()
        if use.scores:
            found += self._unapplied(use.model)
        return found

    def epoch_begins(self, entry: RunningEntry) -> None:
        """The callbacks have run that an epoch begins with; no hook tells what they change of losses, or of globals."""
        model = entry.model()
        if model is None:
            return
        serving = self._desk.traces.of(model).serving(entry.call)
        edited = list(self._edited_arguments(model))
        if edited or any(True for facts in serving for _ in self._changes(model, facts)):
            self._desk.note_change()
        for event in edited:
            self._publish(event)

    def _edited_arguments(self, model: Model) -> Iterator[Event]:
        """Yield the edits of lists and dicts that ``compile`` was given, made where no statement was watched."""
        for _, container in compile_containers(model):
            edited = self._desk.origins.edited(container)
            if edited is not None:
                name = self._desk.name_of(container)
                yield ArgumentEdited(*edited, name, self._spans.of_slots(name), id(container))

    def _flips(self, use: Use) -> list[Event]:
        """Return the flip of ``trainable`` that a train function does not honour; it may have been set for another model."""
        if not use.trains:
            return []
        now = set(trainable_identity(use.model)) if use.serving else set()
        changed = {number for facts in use.serving for number in set(facts.trainable or now) ^ now}
        if not changed:
            return []
        # What was flipped inside the model first, then what only shares layers with it, as an encoder does.
        flipped = (target for target, _ in self._desk.flags.flips.items() if is_layer(target))
        for layer in (use.model, *graph_layers(use.model), *flipped):
            span = self._desk.flags.flips.get(layer, None)
            if span is not None and any(id(variable) in changed for variable in layer.variables):
                return [
                    AttributeSet(layer, "trainable", not layer.trainable, layer.trainable, span, at_use=True)
                ]
        return []

    def _changes(self, model: Model, facts: TraceFacts) -> Iterator[Event]:
        yield from self._attribute_changes(facts, self._unheard)
        for fact in facts.code_that_differs(self._desk.namespace):
            where, now = fact.source.place, fact.source.read(self._desk.namespace)
            yield CodeReadChanged(model, where, fact, now, self._spans.of(fact.source), at_use=True)

    def _attribute_changes(self, facts: TraceFacts, names: Collection[str]) -> Iterator[AttributeSet]:
        """Yield the attributes that are another value now; of layers and optimizers only those of some names."""
        for owner, name, mark in facts.unheard(names):
            if not is_marked(mark, value_of(owner, name)):
                yield self._held(owner, name, mark)

    def _unapplied(self, model: Model) -> Iterator[AttributeSet]:
        """Yield the arguments of losses and metrics that are used as they were given, whatever the attributes say."""
        traced = list(self._desk.traces.of(model).all_facts())
        for owner in held_objects(model, "test", graph_layers(model)):
            if any(facts.differs(owner, GIVEN) for facts in traced):
                continue  # what was given was edited itself, and a trace holds what it was
            for name, value in unapplied_arguments(owner).items():
                yield self._held(owner, name, value)

    def _held(self, owner: object, name: str, held: object) -> AttributeSet:
        span = span_of_attribute(self._shell, owner, name)
        return AttributeSet(owner, name, held, value_of(owner, name), span, at_use=True)

    def notice_edit(self, name: str, span: Callable[[], Span]) -> None:
        """A statement bound a name, or may have changed its object in place: see what traces hold of it."""
        namespace = self._desk.namespace
        value = namespace.get(name)
        if not self._desk.traces.touches(name, value):
            return
        self._desk.note_change()
        where = span()
        self._spans.note(name, where)
        for model in self._desk.traces.models():
            facts = self._desk.traces.of(model).all_facts()
            changes = [event for each in facts for event in self._changes(model, each)]
            known, seen = self._seen.get(model, {}), {}
            for event in (*changes, *self._unapplied(model)):
                if not _is_of(event, name, value):
                    continue
                key = (name, *_key_of(event))
                seen[key] = mark_of(event.new)
                # Another statement changed it, if its value is the one of the last time.
                if key not in known or not is_marked(known[key], event.new):
                    self._publish(replace(event, span=where, at_use=False))
            if known or seen:
                self._seen[model] = {**{k: mark for k, mark in known.items() if k[0] != name}, **seen}


def _key_of(event: AttributeSet | CodeReadChanged) -> tuple[object, ...]:
    """Return what tells what is read from all else that traces read."""
    if isinstance(event, AttributeSet):
        return (id(event.target), event.name)
    return (event.fact.source.key,)


def _is_of(event: Event, name: str, value: object) -> TypeGuard[AttributeSet | CodeReadChanged]:
    """Whether a change goes through the object of a name."""
    if isinstance(event, AttributeSet):
        return event.target is value
    if not isinstance(event, CodeReadChanged):
        return False
    return event.fact.source.is_global(name) or id(value) in event.fact.touched
