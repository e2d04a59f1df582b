"""What each state of a diagnostic shows, in each of its three forms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from keras_guard._data.diagnostic import Diagnostic, Span, State
from keras_guard._render import render_html, render_json, render_text

RAN = "2 `fit` ran with the old `d`"
NOTE = "note: 2 `fit` ran with the old `d`"


def _card(state: State, happened: str = RAN) -> Diagnostic:
    return Diagnostic(
        id="i",
        code="KG102",
        rule="rebound-layer",
        state=state,
        model="m",
        span=Span(1, None, 1, 1, 1, 2, ("d = 1",)),
        message="`m` still uses the old `d`",
        notes=("the reason",),
        resolution="`m` was built again",
        happened=happened,
    )


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_a_card_says_which_uses_ran_the_stale_view(state: State) -> None:
    """In every state, text, HTML and JSON say which uses ran, in HTML outside of what is folded."""
    card = _card(state)
    assert NOTE in [line.strip() for line in render_text(card).splitlines()]
    html = render_html(card)
    assert "2 <code>fit</code> ran with the old <code>d</code>" in html.partition("<details")[0]
    assert (render_json(card)["schema"], render_json(card)["happened"]) == (1, RAN)


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_a_card_of_unused_models_says_nothing_of_uses(state: State) -> None:
    """Without such a use there is neither a line nor an element for it."""
    card = _card(state, happened="")
    assert "ran" not in render_text(card)
    assert "ran with" not in render_html(card)
    assert "<div></div>" not in render_html(card)
    assert render_json(card)["happened"] == ""


@pytest.mark.parametrize(
    ("end_line", "end_column", "marked"),
    [(1, 2, "d"), (1, None, "d"), (2, 3, "d = [1,")],
    ids=["one-line", "no-end", "two-lines"],
)
def test_text_and_html_mark_the_same_part(end_line: int, end_column: int | None, marked: str) -> None:
    """The carets of the text are below what the HTML prints bold."""
    card = replace(_card(State.OPEN), span=Span(1, None, 1, end_line, 1, end_column, ("d = [1,", "  2]")))
    assert f"<u><b>{marked}</b></u>" in render_html(card)
    assert [line.count("^") for line in render_text(card).splitlines() if "^" in line] == [len(marked)]
