"""The ledger: every finding, its state, and what happened to it.

It holds no model, layer or list alive: claims carry weak references, and the rest is text.
"""

from __future__ import annotations

import itertools
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ._adapter.model_use import Use
from ._claims.base import Claim, Desk
from ._data.diagnostic import Cure, Diagnostic, DiffRow, LayerFacts, Span, State
from ._data.edits import Edit, Replace, TooMany
from ._data.place import Place
from ._data.types import Model
from ._instrument.code_ahead import Ahead

#: One cause keeps at most so many objects, counts the others, and shows at most so many rows.
_MAX_PARTS = 1_000
_MAX_ROWS = 12


@dataclass(frozen=True)
class Wording:
    """The words of a card.

    Attributes:
        message: What is true now.
        open_message: The message once the card is open, where that differs.
        label: The fact at the marked place.
        notes: Why, and what happened where.
        help: The remedy.
        cured: Why it no longer holds, in words.
        ran: What a stale use ran, as the end of a sentence: ``with rate 0.1 where the code says 0.3``.
        graph_layer: The layer the model still holds.
        new_layer: The layer the edit meant.
        diff: Layers concerned, before and after.
        argument: The compile argument concerned.
        declared: What the user's code says now, in a few words.
        rebuild: Whether ``%keras_guard rebuild`` can write the cure.
    """

    message: str
    open_message: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""
    cured: str = "the views agree again"
    ran: str = ""
    graph_layer: LayerFacts | None = None
    new_layer: LayerFacts | None = None
    diff: tuple[DiffRow, ...] = ()
    argument: str = ""
    declared: str = ""
    rebuild: bool = False


@dataclass
class Finding:
    """What a rule found: a claim, and the words for it.

    Attributes:
        code: Rule code.
        rule: Rule name.
        key: The cause; a second finding with the same key joins the first.
        span: Where the edit is.
        claim: What is claimed of the live objects; ``None`` once the finding is closed.
        wording: The words.
        model_name: The user's name of the model that the words speak of.
        models: The user's names of all models concerned.
        part: Tells apart the objects that one cause touches (the layers a loop walks over).
    """

    code: str
    rule: str
    key: tuple[Any, ...]
    span: Span
    claim: Claim | None
    wording: Wording
    model_name: str
    models: tuple[str, ...] = ()
    part: Any = None

    @property
    def model(self) -> Model:
        """The model, ``None`` when it is gone or the finding is closed."""
        return self.claim.model if self.claim is not None else None

    @property
    def certain(self) -> bool:
        """Whether the edit is lost already."""
        return self.claim is not None and self.claim.certain

    def holds(self, desk: Desk) -> bool:
        """Whether the divergence is there now."""
        return self.claim is not None and self.claim.holds(desk)

    def diagnostic(self, identity: str, state: State) -> Diagnostic:
        """Return the finding as a diagnostic."""
        words = self.wording
        return Diagnostic(
            id=identity,
            code=self.code,
            rule=self.rule,
            state=state,
            model=self.model_name,
            models=self.models or (self.model_name,),
            span=self.span,
            message=words.open_message if state is State.OPEN and words.open_message else words.message,
            label=words.label,
            notes=words.notes,
            help=words.help,
            graph_layer=words.graph_layer,
            new_layer=words.new_layer,
            rebuild=words.rebuild,
            diff=words.diff,
            cures=_cures_named(words.help),
        )


#: The command that compiles a model again, as a help names it.
_RECOMPILE = re.compile(r"`(%keras_guard recompile [^`]+)`")


def _cures_named(help_: str) -> tuple[Cure, ...]:
    """Return a button for the command that a help names: what a user reads and what the button runs are the same."""
    found = _RECOMPILE.search(help_)
    return (Cure("Compile again", f"{found[1]} --run"),) if found else ()


def _nothing() -> None:
    return None


@dataclass
class Entry:
    """One finding's life.

    An entry rests when a use has seen the edit while a stale view is still there: its card is resolved, its
    claims are kept, and a stale use opens it again.

    Attributes:
        finding: The finding, as last updated.
        diagnostic: What was or will be shown.
        cell: Execution count of the cell during which it arose.
        shown: Whether the user has seen it.
        used: Whether there was a use since that makes a pending card needless.
        stale_uses: How often each method ran the stale view.
        history: When it came into which state, in which cell.
        parts: The findings of the same cause, by the object each speaks of.
        place: For a place that was bound again, the place.
        first: What the place held before the first of its bindings that a model did not follow.
        more: How many findings of the same cause were not kept.
        is_passed: Whether it is about a model that was built again of the layers of the first one.
        is_behind: Whether findings joined that the shown card does not count.
    """

    finding: Finding
    diagnostic: Diagnostic
    cell: int | None
    shown: bool = False
    used: bool = False
    stale_uses: Counter[str] = field(default_factory=Counter)
    history: list[tuple[float, State, int | None]] = field(default_factory=list)
    parts: dict[Any, Finding] = field(default_factory=dict)
    place: Place | None = None
    first: Callable[[], Any] = _nothing
    more: int = 0
    is_behind: bool = False
    is_passed: bool = False

    def __post_init__(self) -> None:
        self.parts[self.finding.part] = self.finding

    def join(self, finding: Finding) -> bool:
        """Join another finding of the same cause; returns whether it changes what is shown."""
        first = self.finding
        known = finding.part in self.parts
        if not known and len(self.parts) >= _MAX_PARTS:
            self.more, self.is_behind = self.more + 1, True
            return False
        self.parts[finding.part] = finding
        if finding.part == first.part:
            self.finding = finding
        elif not known:
            extra = tuple(row for row in finding.wording.diff if row not in first.wording.diff)
            shown = len(first.wording.diff)
            first.wording = replace(first.wording, diff=(*first.wording.diff, *extra)[:_MAX_ROWS])
            self.is_behind = bool(extra) and shown >= _MAX_ROWS
            return len(first.wording.diff) > shown
        return not known

    def reword(self, wording: Wording) -> None:
        """Give the card other words; what is shown already stays as it is until the next state."""
        self.finding.wording = wording
        self.diagnostic = self.finding.diagnostic(self.diagnostic.id, self.state)

    def close(self) -> None:
        """Keep the words and drop the claims: history shows what was said, and asks nothing again."""
        self.finding = replace(self.finding, claim=None)
        self.parts = {}
        self.first = _nothing

    def claims(self) -> list[Claim]:
        """Return the claims about all objects the cause touched."""
        return [part.claim for part in list(self.parts.values()) if part.claim is not None]

    def holds(self, desk: Desk) -> bool:
        """Whether the divergence is there still, for any of the objects the cause touched."""
        return any(claim.holds(desk) for claim in self.claims()) or (self.is_passed and self.more > 0)

    def concerned_by(self, use: Use) -> bool:
        """Whether a use runs a model of any of them."""
        return any(use.concerns(claim.model) for claim in self.claims())

    def is_about(self, model: Model) -> bool:
        """Whether it is about a model."""
        return any(other is model for other in self.models())

    @property
    def is_checked(self) -> bool:
        """Whether a check of its model lists it."""
        return self.state is State.OPEN or any(claim.is_checked for claim in self.claims())

    def models(self) -> list[Model]:
        """Return the models that still live."""
        return [model for model in (claim.model for claim in self.claims()) if model is not None]

    def seen_by(self, use: Use, desk: Desk) -> Claim | None:
        """Return a claim whose edit a use has seen, ``None`` where none has."""
        return next((claim for claim in self.claims() if claim.seen_by(use, desk)), None)

    def opened_by(self, use: Use, desk: Desk) -> bool:
        """Whether a use runs the stale view of any of them; that one then represents the entry."""
        for part in list(self.parts.values()):
            claim = part.claim
            if claim is None or not use.concerns(claim.model):
                continue
            if claim.opened_by(use, desk) and claim.holds(desk):
                part.span = self.finding.span
                part.wording = replace(part.wording, diff=self.finding.wording.diff)
                self.finding = part
                return True
        return False

    def edits(self, desk: Desk) -> tuple[Edit, ...]:
        """Return the edits a rebuild has to make, in the order they were made."""
        found: list[Edit] = []
        for claim in self.claims():
            if claim.holds(desk):
                found += [edit for edit in claim.edits() if not any(_is_same(edit, other) for other in found)]
        if self.more and (found or self.is_passed):
            found.append(TooMany(len(self.parts) + self.more, len(self.parts)))
        return tuple(found)

    def passes_to(self, model: Model) -> bool:
        """Whether it is about the model that took the name of its own, which is gone."""
        self.is_passed = any([claim.passes_to(model) for claim in self.claims()])  # noqa: C419 - each is asked
        return self.is_passed

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """Whether the code ahead may bring the views together again."""
        return self.finding.claim is not None and self.finding.claim.waits(ahead, desk)

    @property
    def state(self) -> State:
        """Its state."""
        return self.diagnostic.state

    @property
    def live(self) -> bool:
        """Whether it is pending or open."""
        return self.state is not State.RESOLVED

    @property
    def happened(self) -> str:
        """What ran with the stale view, in words; empty when nothing did."""
        uses = ", ".join(f"{count} `{method}`" for method, count in self.stale_uses.items())
        ran = self.finding.wording.ran
        return f"{uses} ran {ran}".strip() if uses and ran else ""


def _is_same(edit: Edit, other: Edit) -> bool:
    """Whether two models ask for the same layer in place of the same other one."""
    if not (isinstance(edit, Replace) and isinstance(other, Replace)):
        return False
    return edit.old is other.old and edit.new is other.new


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

    def find(self, key: tuple[object, ...]) -> Entry | None:
        """Return the live entry of a cause."""
        entry = self._entries.get(key)
        return entry if entry is not None and entry.live else None

    def add(self, finding: Finding, cell: int | None) -> tuple[Entry, bool]:
        """Add a finding, or join it to the entry of the same cause; returns the entry and whether it is news."""
        entry = self._entries.get(finding.key)
        if entry is not None:
            news = entry.join(finding) or not entry.live
            if not entry.live:
                self.wake(entry)
            entry.diagnostic = entry.finding.diagnostic(entry.diagnostic.id, entry.state)
            return entry, news
        identity = f"keras-guard-{self._prefix}-{next(self._numbers)}"
        entry = Entry(finding, finding.diagnostic(identity, State.PENDING), cell)
        self._entries[finding.key] = entry
        return entry, True

    def move(self, entry: Entry, state: State, cell: int | None, resolution: str | None = None) -> None:
        """Bring an entry into another state."""
        is_news = entry.live or state is not State.RESOLVED
        if state is State.RESOLVED:
            entry.diagnostic = entry.diagnostic.moved(state, resolution=resolution, happened=entry.happened)
            self._entries.pop(entry.finding.key, None)
            entry.close()
            if entry.shown:
                self._past = [*self._past, entry][-self._limit :]
        else:
            entry.diagnostic = entry.finding.diagnostic(entry.diagnostic.id, state)
        if is_news:
            entry.history.append((time.time(), state, cell))

    def rest(self, entry: Entry, cell: int | None, resolution: str) -> None:
        """Resolve the card of an entry, and keep its claims: it is true still, and may open."""
        entry.diagnostic = entry.diagnostic.moved(
            State.RESOLVED, resolution=resolution, happened=entry.happened
        )
        entry.history.append((time.time(), State.RESOLVED, cell))

    def wake(self, entry: Entry) -> None:
        """Let an entry that rests be pending again; its card is shown when the entries are settled."""
        entry.diagnostic = entry.finding.diagnostic(entry.diagnostic.id, State.PENDING)
        entry.used, entry.is_behind = False, True

    def note_shown(self, entry: Entry, cell: int | None) -> None:
        """Note that the user sees an entry; the first time begins the history of one that is pending."""
        if not entry.shown and entry.state is State.PENDING:
            entry.history.append((time.time(), State.PENDING, cell))
        entry.shown, entry.is_behind = True, False

    @property
    def any_live(self) -> bool:
        """Whether something is pending or open, or may be."""
        return bool(self._entries)

    def live(self) -> list[Entry]:
        """Return the pending and open entries, oldest first."""
        return [entry for entry in self.watched() if entry.live]

    def watched(self) -> list[Entry]:
        """Return the entries that a use may open: the pending and open ones, and those that rest."""
        return list(self._entries.values())  # a copy: other threads may add some meanwhile

    def shown(self) -> Iterator[Entry]:
        """Yield every entry the user has seen, oldest first."""
        yield from list(self._past)
        yield from (entry for entry in self.watched() if entry.shown)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._past.clear()
