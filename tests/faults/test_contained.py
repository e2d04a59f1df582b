"""Whatever goes wrong inside the guard, the cell does what it would have done, and the guard goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from keras_guard._adapter import hooks
from keras_guard._instrument import runtime, transformer
from keras_guard._render import as_html, as_text
from keras_guard._rules import RULES
from keras_guard._session import adoption, cell_events, desk, keras_events, names_watch
from keras_guard._session.adoption import Adoption
from keras_guard._session.desk import Desk
from keras_guard._session.entries import Entries
from keras_guard._session.keras_events import KerasEvents
from keras_guard._session.names_watch import NamesWatch
from keras_guard._session.session import Session
from keras_guard._shell.cells import Cells
from keras_guard._shell.display import Display

pytestmark = pytest.mark.keras

BUILD = """
import numpy as np, keras
from keras import layers
first, second = layers.Dense(3, name="first"), layers.Dense(2, name="second")
model = keras.Sequential([keras.Input((4,)), first, second])
x, y = np.zeros((4, 4), "float32"), np.zeros((4, 2), "float32")
"""

#: A cell that reaches every part of the guard, and ends with a value that must come out.
BUSY = """
def change(m, value):
    m.note = value
    m.layers.pop(0)
    holder = {"head": first}
    holder["head"] = value
    return holder
model.compile(optimizer="sgd", loss="mse")
history = model.fit(x, y, verbose=0)
model.layers[0] = layers.Dense(9)
alias = model.layers
alias.append(second)
change(model, layers.Dense(1))
second.trainable = False
first = layers.Dense(5)
model.add(layers.Dense(2))
p = model(x)
model.get_layer("first").units = 9
tuple(p.shape)
"""

ERRORS = [
    ValueError("injected"),
    RecursionError("injected"),
    MemoryError("injected"),
    SystemExit(3),
    AssertionError(),
]

#: Every place a fault is put into: owner, attribute.
PLACES: dict[str, tuple[Any, str]] = {
    **{f"rule {code}": (type(rule), "judge") for code, rule in RULES.items()},
    "reading a cell": (NamesWatch, "read_cell"),
    "looking at names": (names_watch, "take"),
    "comparing names": (NamesWatch, "compare"),
    "instrumenting": (transformer.CellInstrumenter, "instrument"),
    "hearing a written attribute": (hooks, "_in_keras"),
    "telling leaves": (hooks, "flat_items"),
    "describing a call": (hooks, "call_of"),
    "reading traces' facts": (keras_events, "facts_now"),
    "walking a graph": (desk, "graph_layers"),
    "walking a graph for an event": (keras_events, "graph_layers"),
    "finding what is reachable": (desk, "reachable"),
    "settling": (Entries, "settle"),
    "using": (Entries, "used"),
    "adopting": (Adoption, "_adopt"),
    "naming": (Desk, "name_of"),
    "spans": (cell_events, "span_of_site"),
    "spans of frames": (adoption, "span_of_frame"),
    "compiled": (KerasEvents, "_use"),
    "frames": (Cells, "frames"),
    "noting code": (Cells, "note_code"),
    "cell begins": (Cells, "begin"),
    "cell ends": (Cells, "end"),
    "showing": (Display, "show"),
    "text": (as_text, "excerpt"),
    "html": (as_html, "_excerpt"),
    "may matter": (Session, "may_matter"),
}


def _observe(guarded: Any, cell: str) -> tuple[Any, ...]:
    result = guarded.shell.run_cell(cell, store_history=True)
    error = result.error_in_exec or result.error_before_exec
    names = {name for name in guarded.shell.user_ns if not name.startswith("_")}
    return type(error), str(error), repr(result.result), names


def _raising(error: BaseException, calls: list[int]) -> Callable[..., Any]:
    def raising(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise error

    return raising


def _cases() -> Iterator[Any]:
    """Every place with one kind of error, and with every other kind in the long run."""
    for number, (title, place) in enumerate(PLACES.items()):
        for turn, error in enumerate(ERRORS):
            marks = [] if turn == number % len(ERRORS) else [pytest.mark.slow]
            yield pytest.param(place, error, id=f"{title}-{type(error).__name__}", marks=marks)


@pytest.mark.parametrize(("place", "error"), list(_cases()))
def test_fault_does_not_reach_the_cell(
    guarded: Any, monkeypatch: pytest.MonkeyPatch, place: tuple[Any, str], error: BaseException
) -> None:
    """The cell's value, names and error are what they are without the fault; it is counted; then all is well again."""
    calls: list[int] = []
    owner, name = place
    guarded.run(BUILD)
    monkeypatch.setattr(owner, name, _raising(error, calls))
    seen = _observe(guarded, BUSY)
    monkeypatch.undo()
    assert seen[:3] == (type(None), "None", "(4, 2)")
    assert {"model", "history", "alias", "p", "change"} <= seen[3]
    faults = guarded.session.containment
    if calls:
        assert sum(faults.faults.values()) + faults.uncounted >= 1
    faults.details.clear()
    guarded.shell.user_ns["guard_faults"] = dict(faults.faults)
    guarded.run(BUILD)
    cards = guarded.run("model.layers[0] = layers.Dense(7)")
    assert [card.code for card in cards if card.state.value == "open"] == ["KG101"], "the guard goes on"


def test_fault_is_told_once_in_status(
    guarded: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``%keras_guard status`` names the fault and how often it happened."""
    guarded.run(BUILD)
    monkeypatch.setattr(type(RULES["KG101"]), "judge", _raising(ValueError("injected"), []))
    guarded.run("model.layers[0] = layers.Dense(7)", "model.layers[0] = layers.Dense(8)")
    monkeypatch.undo()
    capsys.readouterr()
    guarded.run("%keras_guard status")
    told = capsys.readouterr().out
    assert told.count("ValueError: injected") == 1
    assert "contained" in told
    guarded.session.containment.details.clear()


def test_interrupt_inside_the_guard_is_the_users(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the guard works ends the cell as Ctrl-C does, and the guard goes on."""
    guarded.run(BUILD)
    monkeypatch.setattr(type(RULES["KG101"]), "judge", _raising(KeyboardInterrupt(), []))
    result = guarded.shell.run_cell("model.layers[0] = layers.Dense(7)\nreached = True", store_history=True)
    monkeypatch.undo()
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "reached" not in guarded.shell.user_ns
    cards = guarded.run("model.layers[0] = layers.Dense(7)")
    assert [card.code for card in cards][-1:] == ["KG101"]


HOSTILE = {
    "repr raises": "class H:\n    def __repr__(self): raise ValueError('repr')",
    "eq raises": "class H:\n    def __eq__(self, other): raise ValueError('eq')\n    __hash__ = None",
    "hash raises": "class H:\n    def __hash__(self): raise ValueError('hash')",
    "bool raises": "class H:\n    def __bool__(self): raise ValueError('bool')",
    "len raises": "class H:\n    def __len__(self): raise ValueError('len')",
    "getattr raises": "class H:\n    def __getattr__(self, name): raise RuntimeError(name)",
    "getattribute raises": "class H:\n    def __getattribute__(self, name): raise RuntimeError(name)",
    "class lies": "class H:\n    @property\n    def __class__(self): raise RuntimeError('class')",
    "str raises": "class H(str):\n    def __eq__(self, o): raise ValueError\n    __hash__ = str.__hash__",
    "dict raises": "class H(dict):\n    def values(self): raise ValueError\n    def items(self): raise ValueError",
    "iter raises": "class H(list):\n    def __iter__(self): raise ValueError('iter')",
}


@pytest.mark.parametrize("definition", HOSTILE.values(), ids=HOSTILE)
def test_hostile_objects_pass_through(guarded: Any, definition: str) -> None:
    """Objects whose methods raise go through names, slots and lists as without the guard."""
    guarded.run(BUILD, definition)
    guarded.run(
        "h = H()\nitems = [h, first]\ntable = {'a': h}",
        "items.append(H())\ntable['a'] = first\nh2 = h\nh = H()",
        "def put(t, v):\n    t['b'] = v\n    return t\nput(table, H()); put(table, first);",
        "model.layers[0] = H()",
        "h = H()\nitems[0] = H()\nseen = model(x)",
        "model.compile(optimizer='sgd', loss='mse')\nhist = model.fit(x, y, verbose=0)",
    )
    guarded.session.containment.details.clear()


@pytest.mark.parametrize(
    "definition", [d for t, d in HOSTILE.items() if t not in ("getattribute raises", "class lies")]
)
def test_hostile_attributes_pass_through(guarded: Any, definition: str) -> None:
    """The same as attributes of Keras objects, where Keras itself bears them."""
    guarded.run(BUILD, definition, "first.note = H()\nmodel.note = H()", "first.note = H()\nseen = model(x)")
    guarded.session.containment.details.clear()


def test_properties_with_effects_are_not_read(guarded: Any) -> None:
    """A ``layers`` property that counts or sleeps is read exactly as often as the cell reads it."""
    guarded.run(BUILD)
    guarded.run(
        "reads = []\nclass Slow:\n    @property\n    def layers(self):\n        reads.append(1)\n"
        "        return [1, 2]\n    @property\n    def model(self):\n        reads.append(2)\n        return 5\n"
        "slow = Slow()"
    )
    start = time.monotonic()
    guarded.run(
        "slow.layers[0] = 1",
        "slow.layers.pop();",
        "def f(s):\n    s.layers[0] = first\nf(slow)",
        "slow2 = slow",
    )
    guarded.run("slow = 1", "%keras_guard check")
    assert guarded.shell.user_ns["reads"] == [1, 1, 1]
    assert time.monotonic() - start < 5


def test_overridden_layers_of_a_model_is_read_as_often_as_the_cell_does(guarded: Any) -> None:
    """A subclass of Model with a ``layers`` property of its own is not asked behind the user's back."""
    guarded.run(
        BUILD,
        "reads = []\nclass Net(keras.Model):\n    @property\n    def layers(self):\n        reads.append(1)\n"
        "        return [first]\nnet = Net()\nreads.clear()",
        "net.layers[0] = second",
    )
    assert guarded.shell.user_ns["reads"] == [1]


def test_data_without_a_shape_to_ask_for(guarded: Any) -> None:
    """``fit`` sees the error its own code raises, not one of the guard's."""
    guarded.run(BUILD, "model.compile(optimizer='sgd', loss='mse')")
    guarded.run(
        "class Data:\n    @property\n    def shape(self): raise OSError('gone')\n    dtype = 'float32'"
    )
    result = guarded.shell.run_cell("model.fit(Data(), verbose=0)")
    assert type(result.error_in_exec) is not OSError
    guarded.session.containment.details.clear()


def test_edits_that_raised_leave_nothing_armed(guarded: Any) -> None:
    """A statement that raised half-way is forgotten with its cell, so that later loops stay as fast as they were."""
    guarded.run(BUILD)
    guarded.run(
        "def put(table, key, value):\n    table[key] = value\nraised = 0\nfor n in range(20):\n"
        "    try:\n        put([], 9, first)\n    except IndexError:\n        raised += 1"
    )
    assert guarded.shell.user_ns["raised"] == 20
    guarded.run("t = 1")
    assert not runtime._armed


def test_deep_recursion_ends_as_it_does_alone(guarded: Any) -> None:
    """A cell that runs out of stack gets its RecursionError, and nothing else."""
    guarded.run(BUILD, "%xmode Minimal")  # IPython takes most of a minute to show three thousand frames
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(500)
    try:
        result = guarded.shell.run_cell(
            "def dive(n):\n    table = {}\n    table['a'] = first\n    model.note = n\n    return dive(n + 1)\ndive(0)"
        )
    finally:
        sys.setrecursionlimit(limit)
    assert type(result.error_in_exec) is RecursionError
    guarded.session.containment.details.clear()
    cards = guarded.run("model.layers[0] = layers.Dense(7)")
    assert [card.code for card in cards][-1:] == ["KG101"]
