"""The life of a finding in the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from keras_guard._claims.base import Claim
from keras_guard._data.diagnostic import DiffRow, LayerFacts, Span, State
from keras_guard._data.edits import Replace
from keras_guard._instrument.code_ahead import Ahead
from keras_guard._ledger import Finding, Ledger, Wording


class Model:
    """Any object that a finding can be about."""


class Use:
    """A use of one model."""

    def __init__(self, model: Any, method: str = "fit") -> None:
        self.model, self.method = model, method

    def concerns(self, model: Any) -> bool:
        """Whether the model is the one."""
        return model is self.model


class FixedClaim(Claim):
    """A claim with fixed answers."""

    def __init__(self, model: Any, *, holds: bool, edits: tuple[Any, ...]) -> None:
        super().__init__(model)
        self._holds, self._edits = holds, edits

    def holds(self, desk: Any) -> bool:
        """See :class:`Claim`."""
        return self._holds

    def edits(self) -> tuple[Any, ...]:
        """See :class:`Claim`."""
        return self._edits


class Desk:
    """Knows no names."""

    def names_of(self, value: Any) -> list[str]:
        """Return none."""
        return []


DESK: Any = Desk()


def _finding(
    model: Any,
    *,
    part: Any = None,
    holds: bool = True,
    key: str = "k",
    edits: tuple[Any, ...] | None = None,
    row: Any = None,
) -> Finding:
    facts = LayerFacts(str(part if row is None else row), "Dense")
    wording = Wording("pending words", "open words", diff=(DiffRow("-", facts),))
    claim = FixedClaim(model, holds=holds, edits=(part,) if edits is None else edits)
    return Finding("KG101", "layer-list", (key,), Span(1, None, 1), claim, wording, "model", part=part)


def test_finding_is_added_opened_and_resolved() -> None:
    """From pending to open to resolved the id stays, the message changes, and history has the entry."""
    ledger, model = Ledger(), Model()
    entry, news = ledger.add(_finding(model), 3)
    assert news
    assert entry.live
    assert (entry.diagnostic.state, entry.diagnostic.message) == (State.PENDING, "pending words")
    identity = entry.diagnostic.id
    entry.shown = True
    ledger.move(entry, State.OPEN, 4)
    assert (entry.diagnostic.id, entry.diagnostic.message) == (identity, "open words")
    assert list(ledger.shown()) == [entry]
    ledger.move(entry, State.RESOLVED, 5, "rebuilt")
    assert ledger.live() == []
    assert ledger.find(("k",)) is None
    assert list(ledger.shown()) == [entry]
    assert entry.diagnostic.resolution == "rebuilt"
    assert [(state, cell) for _, state, cell in entry.history] == [(State.OPEN, 4), (State.RESOLVED, 5)]
    ledger.clear()
    assert list(ledger.shown()) == []


def test_resolved_entry_that_was_not_shown_is_forgotten() -> None:
    """What was never shown is no history."""
    ledger = Ledger()
    entry, _ = ledger.add(_finding(Model()), 1)
    ledger.move(entry, State.RESOLVED, 1)
    assert list(ledger.shown()) == []


def test_same_cause_joins() -> None:
    """A second finding of a cause joins the first: its rows are added, and it is news once."""
    ledger, model = Ledger(), Model()
    entry, _ = ledger.add(_finding(model, part=1), 1)
    again, news = ledger.add(_finding(model, part=1), 1)
    assert (again, news) == (entry, False)
    _, news = ledger.add(_finding(model, part=2), 1)
    assert news
    assert [row.layer.name for row in entry.diagnostic.diff] == ["1", "2"]
    _, news = ledger.add(_finding(model, part=2), 1)
    assert not news
    assert entry.edits(DESK) == (1, 2)
    assert entry.models() == [model, model]


def test_one_cause_takes_up_a_bounded_number_of_parts() -> None:
    """A loop over very many objects fills no memory."""
    ledger, model = Ledger(), Model()
    for part in range(1_100):
        entry, _ = ledger.add(_finding(model, part=part), 1)
    assert (len(entry.parts), entry.more) == (1_000, 100)
    assert len(entry.diagnostic.diff) == 12


def test_history_is_bounded() -> None:
    """Only the newest resolved entries are kept."""
    ledger = Ledger(limit=3)
    for number in range(5):
        entry, _ = ledger.add(_finding(Model(), key=str(number)), number)
        entry.shown = True
        ledger.move(entry, State.RESOLVED, number)
    assert [entry.cell for entry in ledger.shown()] == [2, 3, 4]


@pytest.mark.parametrize(("method", "opens"), [("fit", True), ("compile", False)])
def test_use_opens(method: str, opens: bool) -> None:
    """Every use but ``compile`` opens a finding of its model that still holds."""
    ledger, model = Ledger(), Model()
    entry, _ = ledger.add(_finding(model, part=1), 1)
    ledger.add(_finding(model, part=2, holds=False), 1)
    assert entry.concerned_by(Use(model))
    assert not entry.concerned_by(Use(Model()))
    assert entry.opened_by(Use(model, method), DESK) is opens
    assert entry.holds(DESK)


def test_what_does_not_hold_opens_nothing() -> None:
    """A divergence that is gone is opened by no use, and asks for no edit."""
    ledger, model = Ledger(), Model()
    entry, _ = ledger.add(_finding(model, holds=False), 1)
    assert not entry.opened_by(Use(model), DESK)
    assert not entry.holds(DESK)
    assert entry.edits(DESK) == ()
    assert not entry.waits(Ahead(), DESK)


def test_dead_model_is_left_out() -> None:
    """An entry whose model is gone names none."""
    ledger = Ledger()
    entry, _ = ledger.add(_finding(Model()), 1)
    assert entry.models() == []


def test_a_use_opens_what_it_concerns() -> None:
    """Of one cause in two models, the one that is used represents the entry, whichever came first."""
    ledger, first, second = Ledger(), Model(), Model()
    entry, _ = ledger.add(_finding(first, part="a"), 1)
    ledger.add(_finding(second, part="b"), 1)
    assert not entry.opened_by(Use(Model()), DESK)
    assert entry.opened_by(Use(second), DESK)
    assert entry.finding.model is second


def test_two_models_ask_for_a_layer_once() -> None:
    """One layer bound again in two models is one edit; another layer is another."""
    ledger, old, new, other = Ledger(), Model(), Model(), Model()
    entry, _ = ledger.add(_finding(Model(), part="a", edits=(Replace(old, new),)), 1)
    ledger.add(_finding(Model(), part="b", edits=(Replace(old, new),)), 1)
    ledger.add(_finding(Model(), part="c", edits=(Replace(old, other), Replace(new, other))), 1)
    assert [(edit.old, edit.new) for edit in entry.edits(DESK)] == [(old, new), (old, other), (new, other)]


def test_a_part_that_shows_nothing_new_is_no_news() -> None:
    """A second model of one cause is watched; the card is drawn again only for new rows."""
    ledger = Ledger()
    ledger.add(_finding(Model(), part="a"), 1)
    same_rows = _finding(Model(), part="b", row="a")
    assert ledger.add(same_rows, 1)[1] is False
    assert ledger.add(_finding(Model(), part="c"), 1)[1] is True


def test_what_ran_stale_stays_readable() -> None:
    """A resolved card says which uses ran the stale view, and drops its claims."""
    ledger, model = Ledger(), Model()
    finding = _finding(model)
    finding.wording = Wording("words", ran="with the old `d`")
    entry, _ = ledger.add(finding, 1)
    assert entry.happened == ""
    entry.stale_uses.update(["fit", "fit", "predict"])
    assert entry.happened == "2 `fit`, 1 `predict` ran with the old `d`"
    ledger.move(entry, State.RESOLVED, 2)
    assert entry.diagnostic.happened == "2 `fit`, 1 `predict` ran with the old `d`"
    assert entry.claims() == []


def test_findings_are_listed_while_another_thread_adds_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of the live entries is that of the moment in which it was asked for."""
    ledger, models = Ledger(), [Model() for _ in range(3)]
    for number, model in enumerate(models[:2]):
        ledger.add(_finding(model, key=f"k{number}"), 1)
    live = type(ledger.live()[0]).live

    added = []

    def add_meanwhile(entry: Any) -> bool:
        if not added:
            added.append(entry)
            ledger.add(_finding(models[2], key="other"), 1)
        return bool(live.fget(entry))  # type: ignore[attr-defined]

    monkeypatch.setattr(type(ledger.live()[0]), "live", property(add_meanwhile))
    assert len(ledger.live()) == 2
    assert len(list(ledger.shown())) == 0
    monkeypatch.undo()
    assert len(ledger.live()) == 3
