"""The ledger: every finding, its state, and what happened to it.

It holds no model, layer or list alive: findings carry weak references and texts.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from ._data.edits import Replace
from ._data.place import Place

#: One cause joins at most so many objects, and shows at most so many rows.
_MAX_PARTS = 256
_MAX_ROWS = 12


@dataclass
class Finding:
    """What a rule found: a divergence with the means to prove it again later.

    Attributes:
        code: Rule code.
        rule: Rule name.
        key: The cause; a second finding with the same key updates the first.
        span: Where the edit stands.
        message: What is true now.
        model: Weak reference to the model concerned.
        models: Names of all models concerned.
        holds: Proves on the live objects that the divergence is there.
        certain: Whether the edit is lost already; otherwise it is when ``opened_by`` says so.
        opened_by: Whether a use (see ``_session.uses``) runs the stale view.
        waits: Whether the code ahead may bring the views together again.
        cured: Why it no longer holds, in words, given the number of the cell.
        quiet_after_use: Whether a use that sees the edit makes a pending card needless.
        shows_pending: Whether there is a card before the finding is certain.
        part: Tells apart the objects one cause touches (the layers a loop walks over).
        edits: The edits a rebuild has to make, made anew from live objects.
        argument: The compile argument concerned.
        declared: What the user's code says now, in a few words.
    """

    code: str
    rule: str
    key: tuple[Any, ...]
    span: Span
    message: str
    model: Callable[[], Any]
    model_name: str
    holds: Callable[[], bool]
    certain: bool = False
    opened_by: Callable[[Any], bool] = field(default=lambda use: use.method != "compile")
    waits: Callable[[Any], bool] = field(default=lambda ahead: False)
    cured: str = "the views agree again"
    quiet_after_use: bool = False
    shows_pending: bool = True
    models: tuple[str, ...] = ()
    label: str = ""
    notes: tuple[str, ...] = ()
    open_message: str = ""
    help: str = ""
    graph_layer: LayerFacts | None = None
    new_layer: LayerFacts | None = None
    diff: tuple[DiffRow, ...] = ()
    rebuild: bool = False
    edits: Callable[[], tuple[Any, ...]] = field(default=lambda: ())
    needs_model: bool = True
    part: Any = None
    argument: str = ""
    declared: str = ""

    def diagnostic(self, identity: str, state: State) -> Diagnostic:
        """Return the finding as a diagnostic."""
        message = self.open_message if state is State.OPEN and self.open_message else self.message
        return Diagnostic(
            id=identity,
            code=self.code,
            rule=self.rule,
            state=state,
            model=self.model_name,
            models=self.models or (self.model_name,),
            span=self.span,
            message=message,
            label=self.label,
            notes=self.notes,
            help=self.help,
            graph_layer=self.graph_layer,
            new_layer=self.new_layer,
            rebuild=self.rebuild,
            diff=self.diff,
        )


def _nothing() -> None:
    return None


def _never() -> bool:
    return False


@dataclass
class Entry:
    """One finding's life.

    Attributes:
        finding: The finding, as last updated.
        diagnostic: What was or will be shown.
        shown: Whether the user has seen it.
        cell: Execution count of the cell during which it arose.
        used: Whether the model was used since in a way that sees the edit.
        ignored: Whether the user asked not to see it.
        place: For a name or slot that was bound again, the place.
        first: What the place held before the first of its bindings that a model did not follow.
    """

    finding: Finding
    diagnostic: Diagnostic
    cell: int | None
    shown: bool = False
    used: bool = False
    ignored: bool = False
    history: list[tuple[float, State, int | None]] = field(default_factory=list)
    parts: dict[Any, Finding] = field(default_factory=dict)
    place: Place | None = None
    first: Callable[[], Any] = lambda: None

    def __post_init__(self) -> None:
        self.parts[self.finding.part] = self.finding

    def join(self, finding: Finding) -> bool:
        """Join another finding of the same cause; returns whether it changes what is shown."""
        first = self.finding
        known = finding.part in self.parts
        if not known and len(self.parts) >= _MAX_PARTS:
            return False
        self.parts[finding.part] = finding
        if finding.part == first.part:
            self.finding = finding
        elif not known:
            extra = tuple(row for row in finding.diff if row not in first.diff)
            first.diff = (*first.diff, *extra)[:_MAX_ROWS]
            return bool(extra)
        return not known

    def close(self) -> None:
        """Keep the words and drop the proofs: history shows what was said, and asks nothing again."""
        told = self.finding
        self.finding = Finding(
            told.code,
            told.rule,
            told.key,
            told.span,
            told.message,
            _nothing,
            told.model_name,
            _never,
            models=told.models,
        )
        self.parts = {}

    def holds(self) -> bool:
        """Whether the divergence is there still, for any of the objects the cause touched."""
        return any(part.holds() for part in list(self.parts.values()))

    def concerned_by(self, use: Any) -> bool:
        """Whether a use runs a model of any of them."""
        return any(use.concerns(part.model()) for part in list(self.parts.values()))

    def models(self) -> list[Any]:
        """Return the models that still live."""
        found = [part.model() for part in list(self.parts.values())]
        return [model for model in found if model is not None]

    def opened_by(self, use: Any) -> bool:
        """Whether a use runs the stale view of any of them; that one then stands for the entry."""
        for part in list(self.parts.values()):
            if use.concerns(part.model()) and part.opened_by(use) and part.holds():
                part.span, part.diff = self.finding.span, self.finding.diff
                self.finding = part
                return True
        return False

    def edits(self) -> tuple[Any, ...]:
        """Return the edits a rebuild has to make, in the order they were made."""
        found: list[Any] = []
        for part in list(self.parts.values()):
            if part.holds():
                found += [edit for edit in part.edits() if not any(_is_same(edit, other) for other in found)]
        return tuple(found)

    @property
    def state(self) -> State:
        """Its state."""
        return self.diagnostic.state

    @property
    def live(self) -> bool:
        """Whether it is pending or open."""
        return self.state is not State.RESOLVED


def _is_same(edit: Any, other: Any) -> bool:
    """Whether two models ask for the same layer in place of the same other one."""
    both = isinstance(edit, Replace) and isinstance(other, Replace)
    return both and edit.old is other.old and edit.new is other.new


class Ledger:
    """All entries of a session, oldest first.

    Args:
        limit: How many resolved entries are kept for ``%keras_guard history``.
    """

    def __init__(self, limit: int = 500) -> None:
        self._entries: dict[tuple[Any, ...], Entry] = {}
        self._past: list[Entry] = []
        self._limit = limit
        self._numbers = itertools.count(1)
        self._prefix = uuid.uuid4().hex[:8]

    def find(self, key: tuple[Any, ...]) -> Entry | None:
        """Return the live entry of a cause."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry.live else None

    def add(self, finding: Finding, cell: int | None) -> tuple[Entry, bool]:
        """Add a finding, or join it to the entry of the same cause; returns the entry and whether it is news."""
        entry = self.find(finding.key)
        if entry is not None:
            news = entry.join(finding)
            entry.diagnostic = entry.finding.diagnostic(entry.diagnostic.id, entry.state)
            return entry, news
        identity = f"keras-guard-{self._prefix}-{next(self._numbers)}"
        entry = Entry(finding, finding.diagnostic(identity, State.PENDING), cell)
        self._entries[finding.key] = entry
        return entry, True

    def move(self, entry: Entry, state: State, cell: int | None, resolution: str | None = None) -> None:
        """Bring an entry into another state."""
        if state is State.RESOLVED:
            entry.diagnostic = entry.diagnostic.moved(state, resolution=resolution)
            self._entries.pop(entry.finding.key, None)
            entry.close()
            if entry.shown:
                self._past = [*self._past, entry][-self._limit :]
        else:
            entry.diagnostic = entry.finding.diagnostic(entry.diagnostic.id, state)
        entry.history.append((time.time(), state, cell))

    @property
    def any_live(self) -> bool:
        """Whether something is pending or open, or may be."""
        return bool(self._entries)

    def live(self) -> list[Entry]:
        """Return the pending and open entries, oldest first."""
        return [entry for entry in self._entries.values() if entry.live]

    def shown(self) -> Iterator[Entry]:
        """Yield every entry the user has seen, oldest first."""
        yield from self._past
        yield from (entry for entry in self._entries.values() if entry.shown)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._past.clear()
