"""What the kernel answers to the front end: one answer to each request, and the state whenever it changes."""

from __future__ import annotations

from typing import Any

import pytest

from keras_guard._data.diagnostic import Cure, Diagnostic, Span, State
from keras_guard._session.containment import Containment
from keras_guard._shell.command_basics import CommandError
from keras_guard._shell.front_end import FrontEnd
from keras_guard._shell.options import KerasGuard


class _Comm:
    """A comm whose other end is this test."""

    comm_id = "1"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.hear: Any = None

    def on_msg(self, callback: Any) -> None:
        self.hear = callback

    def on_close(self, callback: Any) -> None:
        """Never closed from this end."""

    def send(self, data: dict[str, Any]) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.sent.append({"closed": True})


class _Kernel:
    """A kernel with one front end."""

    def __init__(self) -> None:
        self.comm_manager = self
        self.comm = _Comm()

    def register_target(self, name: str, opened: Any) -> None:
        opened(self.comm, {})


class _Front:
    """A front end with one open card."""

    def __init__(self) -> None:
        self.options, kernel = KerasGuard(), _Kernel()
        self.kernel_end = FrontEnd(self._source_for, self.options, Containment())
        self.kernel_end.listen(kernel)
        self.comm = kernel.comm
        self.show(State.OPEN)

    def _source_for(self, identity: str) -> str:
        if identity != "1":
            raise CommandError("this divergence is resolved by now")
        return "model = build()"

    def show(self, state: State) -> None:
        cures = (Cure("Compile again", "model.compile()"),)
        self.kernel_end.hear_diagnostic(
            Diagnostic("1", "KG102", "rebound-layer", state, "model", Span(), "message", cures=cures)
        )

    def ask(self, ask: str, about: str = "") -> dict[str, Any]:
        """Ask; returns the answer, which comes before any new state."""
        before = len(self.comm.sent)
        self.comm.hear({"content": {"comm_id": "1", "data": {"ask": ask, "request": before, "about": about}}})
        answer = self.comm.sent[before]
        assert answer.get("answer", before) == before
        return answer

    @property
    def live(self) -> list[tuple[str, bool]]:
        """The live diagnostics of the last state, with whether they are dismissed."""
        state = next(data for data in reversed(self.comm.sent) if "diagnostics" in data)
        return [(one["id"], one["dismissed"]) for one in state["diagnostics"]]


@pytest.fixture
def front() -> _Front:
    """A front end with one open card."""
    return _Front()


def test_rebuild_and_explain_are_answered(front: _Front) -> None:
    """The code of a rebuild and the page of a rule are sent, and a refusal with its reason."""
    assert front.ask("rebuild", "1")["source"] == "model = build()"
    assert front.ask("rebuild", "2")["refused"] == "this divergence is resolved by now"
    assert front.ask("explain", "KG102")["text"].startswith("KG102 rebound-layer")


def test_an_unknown_request_is_refused_and_counted(front: _Front) -> None:
    """A front end that asks for what there is not gets an answer all the same."""
    assert "KeyError" in front.ask("juggle")["refused"]


@pytest.mark.parametrize("word", ["KG102", "rebound-layer", "model"])
def test_ignoring_changes_the_option_and_the_state(front: _Front, word: str) -> None:
    """What is ignored is ignored as by the magic, and leaves marks and lists at once."""
    assert front.live == [("1", False)]
    assert "refused" not in front.ask("ignore", word)
    assert front.options.ignore == {word}
    assert front.live == [("1", True)]


@pytest.mark.parametrize("word", ["KG102", "rebound-layer", "model"])
def test_showing_a_card_undoes_the_request_to_ignore_it(front: _Front, word: str) -> None:
    """The button *Show* of an ignored card makes its rule and its model reported again, and nothing else."""
    front.ask("ignore", "KG201")
    front.ask("ignore", word)
    front.ask("restore", "1")
    assert front.options.ignore == {"KG201"}
    assert front.live == [("1", False)]


def test_a_dismissed_card_comes_back(front: _Front) -> None:
    """A card is back when the user asks for it, and when its state changes; resolved, it is gone."""
    front.ask("dismiss", "1")
    assert front.live == [("1", True)]
    front.ask("restore", "1")
    assert front.live == [("1", False)]
    front.ask("dismiss", "1")
    front.show(State.OPEN)
    assert front.live == [("1", True)]
    front.show(State.PENDING)
    assert front.live == [("1", False)]
    front.show(State.RESOLVED)
    assert front.live == []


def test_cures_are_in_the_state(front: _Front) -> None:
    """The state has the code for buttons, and whether a button may run it."""
    (one,) = front.ask("state")["diagnostics"]
    assert one["cures"] == [{"label": "Compile again", "code": "model.compile()", "run": True}]
