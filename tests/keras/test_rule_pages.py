"""Every rule's page holds what it says: its example fires the rule, its cure fires nothing."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from keras_guard._adapter.model_use import Use
from keras_guard._data.diagnostic import State
from keras_guard._data.edits import ListEdit
from keras_guard._instrument.code_ahead import Ahead
from keras_guard._rules import RULES, Rule

pytestmark = pytest.mark.keras

_RULES = [pytest.param(rule, id=code) for code, rule in RULES.items()]
#: Rules that only ever hint; what they say ends with the training.
_HINTS = {"KG205"}
#: On JAX the code of these pages raises in Keras itself: nothing is lost in silence there.
_RAISES_ON_JAX = {"KG202", "KG205", "KG304"}
#: On torch nothing is traced, so these edits take effect.
_HOLDS_ON_TORCH = {"KG202", "KG203", "KG205", "KG302", "KG304"}


def _skip_where_nothing_is_lost(rule: Rule) -> None:
    import keras

    backend = keras.backend.backend()
    if backend == "jax" and rule.code in _RAISES_ON_JAX:
        pytest.skip("on JAX, Keras itself raises on this code")
    if backend == "torch" and rule.code in _HOLDS_ON_TORCH:
        pytest.skip("on torch nothing is traced: the edit takes effect, and the rule is silent")


def _cells(code: str) -> list[str]:
    return [cell.strip() for cell in code.split("# ---\n")]


@pytest.mark.parametrize("rule", _RULES)
def test_example_fires_exactly_this_rule_once(rule: Rule, guarded: Any, golden: Any) -> None:
    """The example of a rule's page brings up that rule, once, in the words agreed on, and no other."""
    _skip_where_nothing_is_lost(rule)
    guarded.run(*_cells(rule.page.example))
    found = guarded.last_states().values()
    assert [d.code for d in found] == [rule.code]
    expected = State.RESOLVED if rule.code in _HINTS else State.OPEN
    assert [d.state for d in found] == [expected]
    golden("rule_pages", rule.code, guarded.said())


@pytest.mark.parametrize("rule", _RULES)
def test_the_views_show_the_edit(rule: Rule, guarded: Any, golden: Any, capsys: Any) -> None:
    """After a rule's example, ``diff`` shows what was said, what runs and what was compiled, as agreed on."""
    _skip_where_nothing_is_lost(rule)
    guarded.run(*_cells(rule.page.example))
    name = next(iter(guarded.last_states().values())).model
    capsys.readouterr()
    guarded.run(f"%keras_guard diff {name}")
    golden("diffs", rule.code, capsys.readouterr().out)


@pytest.mark.parametrize("rule", _RULES)
def test_instead_opens_nothing(rule: Rule, guarded: Any) -> None:
    """The code a rule's page gives instead opens nothing and leaves nothing pending."""
    _skip_where_nothing_is_lost(rule)
    guarded.run(*_cells(rule.page.instead))
    assert [
        (d.code, d.message) for d in guarded.last_states().values() if d.state is not State.RESOLVED
    ] == []


@pytest.mark.parametrize("rule", _RULES)
def test_a_finding_outlives_its_model_in_peace(rule: Rule, guarded: Any) -> None:
    """What is asked of a finding whose objects are gone is answered: nothing diverges, nothing is to be done."""
    _skip_where_nothing_is_lost(rule)
    guarded.run(*_cells(rule.page.example))
    findings = [entry.finding for entry in guarded.session.ledger.live()]
    guarded.shell.reset(new_session=False)
    gc.collect()
    assert findings or rule.code in _HINTS
    for finding in findings:
        claim, desk = finding.claim, guarded.session.desk
        assert claim.model is None
        assert not claim.holds(desk)
        assert claim.waits(Ahead(bound=frozenset({"other"})), desk) in (True, False)
        # Of a list there is a record of the layers themselves; a binding is nothing without its layers.
        assert all(isinstance(edit, ListEdit) for edit in claim.edits())
        assert claim.opened_by(Use(object(), "compile"), desk) in (True, False)


@pytest.mark.parametrize("rule", _RULES)
def test_page_is_complete(rule: Rule) -> None:
    """A page says what the rule detects, why it matters, and gives code that runs."""
    page = rule.page
    assert page.what.strip()
    assert page.why.strip()
    for code in (page.example, page.instead):
        for cell in _cells(code):
            compile(cell, rule.code, "exec")
