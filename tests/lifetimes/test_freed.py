"""Models, layers and lists are freed when they would be without the guard."""

from __future__ import annotations

import gc
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from keras_guard._data.diagnostic import State
from keras_guard._instrument import runtime
from keras_guard._shell import cells as shell_cells

pytestmark = pytest.mark.keras

BUILD = """
import numpy as np, keras
from keras import layers
first, second = layers.Dense(3, name="first"), layers.Dense(2, name="second")
model = keras.Sequential([keras.Input((4,)), first, second])
x, y = np.zeros((4, 4), "float32"), np.zeros((4, 2), "float32")
"""
COMPILE = "model.compile(optimizer='sgd', loss='mse')"
FIT = "model.fit(x, y, verbose=0)"
DROP = "del model, first, second"

#: Cells run between building and dropping, by what state they leave a diagnostic in.
LIVES = {
    "never used": [],
    "called": ["_ = model(x)\ndel _"],
    "compiled and trained": [COMPILE, "history = " + FIT, "del history"],
    "predicted": [COMPILE, "p = model.predict(x, verbose=0)"],
    "edited list, open": ["model.layers[0] = layers.Dense(9)"],
    "edited list in history": ["model.layers[0] = layers.Dense(9)", "%keras_guard history"],
    "alias edited, pending": ["alias = model.layers\ncut = alias.pop()", "del alias, cut"],
    "rebound, pending": ["first = layers.Dense(9)"],
    "rebound, open": ["first = layers.Dense(9)", "s = model(x)"],
    "rebound and back, resolved": ["old = first", "first = layers.Dense(9)", "first = old", "del old"],
    "edit ignored": ["%keras_guard ignore KG101", "model.layers[0] = layers.Dense(9)"],
    "attribute edited, open": ["first.units = 9"],
    "frozen after training, open": [COMPILE, f"h = {FIT}", "first.trainable = False", f"h = {FIT}", "del h"],
    "added to after training": [COMPILE, f"h = {FIT}", "model.add(layers.Dense(2))", "del h"],
    "optimizer rebound": [
        "opt = keras.optimizers.SGD()\nmodel.compile(optimizer=opt, loss='mse')",
        "opt = None",
    ],
    "checked": ["first.units = 9", "%keras_guard check model"],
    "compared": ["first.units = 9", "%keras_guard diff model"],
    "own container": ["table = {'head': second}", "table['head'] = layers.Dense(2)", "del table"],
    "edited in a function": ["def cut(m):\n    m.layers.pop()\n    m.head = layers.Dense(1)\ncut(model)"],
    "error in the edit's cell": ["try:\n    model.layers[7] = first\nexcept IndexError:\n    pass"],
}


@pytest.fixture(autouse=True, scope="module")
def frozen() -> Iterator[None]:
    """Set what TensorFlow made apart, so that a collection takes milliseconds."""
    import keras

    keras.Sequential([keras.layers.Dense(1)])
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def references(guarded: Any) -> Callable[[], list[weakref.ref[Any]]]:
    """Return weak references to the model, its layers and its variables."""

    def take() -> list[weakref.ref[Any]]:
        names = guarded.shell.user_ns
        model = names["model"]
        things = [model, *model.layers, *model.weights, getattr(model, "optimizer", None)]
        return [weakref.ref(thing) for thing in things if thing is not None]

    gc.collect()
    return take


@pytest.mark.parametrize("cells", LIVES.values(), ids=LIVES)
def test_model_is_freed_when_its_names_are_gone(
    guarded: Any, references: Callable[[], list[weakref.ref[Any]]], cells: list[str]
) -> None:
    """After ``del``, in whatever state a diagnostic is, nothing of the model is left."""
    guarded.run(BUILD, *cells)
    alive = references()
    guarded.run(DROP)
    for name in ("s", "p", "net"):
        guarded.shell.user_ns.pop(name, None)
    gc.collect()
    left = [ref() for ref in alive if ref() is not None]
    assert not left, _holders(left[0])


def _holders(value: Any) -> str:
    kinds = [f"{type(item).__module__}.{type(item).__name__}" for item in gc.get_referrers(value)]
    return f"{value!r} is held by {kinds}"


def test_states_are_the_ones_named(guarded: Any) -> None:
    """The lives above do leave diagnostics behind, in all three states."""
    states = set()
    for cells in LIVES.values():
        guarded.run(BUILD, *cells)
        states |= {diagnostic.state for diagnostic in guarded.last_states().values()}
    assert states == set(State)


def test_plain_model_is_freed_by_reference_count_as_without_the_guard(guarded: Any) -> None:
    """The guard adds no cycle and no reference: what ``del`` alone frees, it still frees."""
    guarded.run("import keras", "layer = keras.layers.Dense(2, name='alone')", "items = [layer]", "t = 1")
    count = weakref.getweakrefcount(guarded.shell.user_ns["layer"])
    reference = weakref.ref(guarded.shell.user_ns["layer"])
    assert count <= 2
    gc.disable()
    try:
        import keras

        plain = weakref.ref(keras.layers.Dense(2, name="plain"))
        guarded.run("del items", "del layer")
        assert (reference() is None) == (plain() is None)
    finally:
        gc.enable()


def test_reset_frees_everything(guarded: Any, references: Callable[[], list[weakref.ref[Any]]]) -> None:
    """``%reset`` frees models with open and resolved diagnostics."""
    guarded.run(BUILD, "model.layers[0] = layers.Dense(9)", "first = layers.Dense(1)")
    alive = references()
    guarded.shell.run_line_magic("reset", "-f")
    gc.collect()
    assert [ref() for ref in alive if ref() is not None] == []


def test_out_holds_a_model_exactly_as_long_as_ipython_does(guarded: Any) -> None:
    """A model displayed by a cell lives in ``Out`` and dies with it."""
    guarded.run(BUILD, "model", "model.layers[0] = layers.Dense(9)")
    reference = weakref.ref(guarded.shell.user_ns["model"])
    guarded.run(DROP)
    gc.collect()
    assert reference() is not None, "Out[] holds it, as without the guard"
    names, hook = guarded.shell.user_ns, guarded.shell.displayhook
    names["Out"].clear()
    for name in ("_", "__", "___", "_2"):
        names.pop(name, None)
        guarded.shell.user_ns_hidden.pop(name, None)
    hook._ = hook.__ = hook.___ = None
    gc.collect()
    assert reference() is None


def test_lists_are_freed_at_once(guarded: Any) -> None:
    """The list a cell edits is gone when the statement is over."""
    guarded.run(
        BUILD,
        "import weakref, gc\nclass Watched(list):\n    pass\nclass Holder:\n    pass\n"
        "holder = Holder()\nholder.layers = Watched([first, second])\nref = weakref.ref(holder.layers)\n"
        "def cut(h):\n    h.layers.pop()\n    h.layers[0] = layers.Dense(2)\ncut(holder)",
        "holder.layers.append(first)",
        "holder.layers = None",
    )
    assert guarded.shell.user_ns["ref"]() is None


ROUND = [
    BUILD,
    "model.layers[0] = layers.Dense(9)\nfirst = layers.Dense(1)\nsecond.units = 5",
    DROP,
]


@dataclass(frozen=True)
class Growth:
    """What is left of each round of building, editing and dropping."""

    objects: float
    of_keras: int
    resident: float


def _growth(shell: Any, rounds: int, title: str) -> Growth:
    """Play rounds until everything that is bounded is full, and then count what each further one leaves.

    The title makes the cells other ones: Python keeps each text once.
    """

    def play(count: int) -> None:
        for _ in range(count):
            for cell in ROUND:
                shell.run_cell(f"{cell}  # {title}", store_history=True).raise_error()

    def left() -> tuple[int, int, float]:
        shell.history_manager.outputs.clear()  # IPython's own record of what was printed, cards included
        gc.collect()
        found = gc.get_objects()
        return len(found), sum("keras.src" in str(type(item)) for item in found), _resident()

    play(260)
    start, kept, resident = left()
    play(rounds)
    total, living, now = left()
    return Growth((total - start) / rounds, living - kept, now - resident)


@pytest.mark.slow
def test_many_rounds_leave_memory_flat(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building, editing and dropping models leaves no object of Keras, and nothing that IPython alone would not leave.

    The table of cells is made small, so that it is full before the counting begins.
    A thousand rounds, or as many as ``KERAS_GUARD_ROUNDS`` says.
    """
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr(shell_cells, "_MAX_CELLS", 50)
    guarded.extension.display.listeners.clear()
    rounds = int(os.environ.get("KERAS_GUARD_ROUNDS", "1000"))
    plain = _growth(InteractiveShell(), rounds, "plain")
    sites = len(runtime._SITES)
    mine = _growth(guarded.shell, rounds, "guarded")
    sys.stdout.write(f"{rounds} rounds; without the guard {plain}, with it {mine}")
    assert mine.of_keras <= 0
    assert len(runtime._SITES) <= sites, "sites of code that never runs again are forgotten"
    assert mine.objects <= plain.objects + 0.5
    assert mine.resident <= plain.resident * 1.1 + 5


def _resident() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
