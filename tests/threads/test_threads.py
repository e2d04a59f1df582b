"""Threads, tasks, callbacks, forks, interrupts, and two shells in one process."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from keras_guard._shell.extension import load, unload

pytestmark = pytest.mark.keras

BUILD = """
import numpy as np, keras
from keras import layers
first, second = layers.Dense(3, name="first"), layers.Dense(2, name="second")
model = keras.Sequential([keras.Input((4,)), first, second])
x, y = np.zeros((4, 4), "float32"), np.zeros((4, 2), "float32")
"""


def _codes(cards: list[Any]) -> list[str]:
    return [card.code for card in cards if card.state.value == "open"]


def test_threads_edit_and_use_models_at_once(guarded: Any) -> None:
    """Eight threads that edit, call and drop models raise nothing and leave no fault."""
    guarded.run(BUILD)
    guarded.run(
        "import threading\nfailed = []\n"
        "def work(n):\n    try:\n"
        "        for i in range(15):\n"
        "            m = keras.Sequential([keras.Input((4,)), layers.Dense(2)])\n"
        "            table = {'head': m.layers[0]}\n            m.layers.pop()\n            table['head'] = layers.Dense(1)\n"
        "            m.note = i\n            m(x)\n"
        "    except BaseException as error:\n        failed.append(error)\n"
        "threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]\n"
        "for t in threads: t.start()\nfor t in threads: t.join()\nfailed"
    )
    assert guarded.shell.user_ns["failed"] == []
    assert _codes(guarded.run("model.layers[0] = layers.Dense(7)")) == ["KG101"]


def test_thread_that_outlives_its_cell(guarded: Any) -> None:
    """A background thread goes on over later cells, and its edits harm none of them."""
    guarded.run(BUILD)
    guarded.run(
        "import threading\nstop = threading.Event()\nturns = []\n"
        "def spin():\n    while not stop.is_set():\n        model.layers.append(second)\n        turns.append(1)\n"
        "worker = threading.Thread(target=spin)\nworker.start()"
    )
    guarded.run("a = 1", "a", "model(x);", "while len(turns) < 50: pass", "stop.set(); worker.join()")
    assert not guarded.shell.user_ns["worker"].is_alive()


def test_tasks_interleave(guarded: Any) -> None:
    """Tasks that edit between awaits are each seen, in cells with top-level ``await``."""
    guarded.run(BUILD)
    cards = guarded.run(
        "import asyncio\nasync def cut(m):\n    await asyncio.sleep(0)\n    m.layers.pop()\n    await asyncio.sleep(0)\n"
        "await asyncio.gather(cut(model), cut(model))"
    )
    assert set(_codes(cards)) == {"KG101"}


def test_callbacks_in_worker_threads(guarded: Any) -> None:
    """A callback of ``fit`` that starts threads on the model changes nothing."""
    guarded.run(BUILD, "model.compile(optimizer='sgd', loss='mse')")
    guarded.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "class Ask(keras.callbacks.Callback):\n    got = []\n"
        "    def on_epoch_end(self, epoch, logs=None):\n"
        "        with ThreadPoolExecutor(2) as pool:\n"
        "            self.got += list(pool.map(lambda _: float(np.sum(self.model(x))), range(2)))\n"
        "history = model.fit(x, y, epochs=2, verbose=0, callbacks=[Ask()])\nlen(Ask.got)"
    )
    assert guarded.shell.user_ns["_"] == 4


@pytest.fixture
def second_shell() -> Iterator[Any]:
    """A second shell with the guard of its own, in the same process."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    load(shell)
    yield shell
    unload(shell)
    shell.reset(new_session=False)


def _shown_in(shell: Any) -> list[Any]:
    found: list[Any] = []
    shell._keras_guard_extension.display.listeners.append(found.append)
    return found


@pytest.mark.parametrize("first_out", ["first", "second"])
def test_two_shells_each_hear_their_own_models(guarded: Any, second_shell: Any, first_out: str) -> None:
    """Edits of one shell's model are shown there alone; unloading one leaves the other listening."""
    shown = _shown_in(second_shell)
    guarded.run(BUILD)
    second_shell.run_cell(BUILD, store_history=True).raise_error()
    assert _codes(guarded.run("first.units = 9")) == ["KG201"]
    assert shown == []
    second_shell.run_cell("first.units = 9", store_history=True).raise_error()
    assert _codes(shown) == ["KG201"]
    out, left = (guarded.shell, second_shell) if first_out == "first" else (second_shell, guarded.shell)
    unload(out)
    again = _shown_in(left)
    left.run_cell("second.units = 9", store_history=True).raise_error()
    assert _codes(again) == ["KG201"]
    load(out)


def test_last_shell_out_leaves_keras_as_it_was() -> None:
    """When the guard is unloaded everywhere, Keras runs its own code again."""
    import keras
    from IPython.core.interactiveshell import InteractiveShell

    watched = [keras.layers.Layer.__setattr__, keras.Model.fit, keras.Sequential.add, keras.Model.compile]
    before = [inspect.unwrap(function).__code__ for function in watched]
    shells = [InteractiveShell(), InteractiveShell()]
    for shell in shells:
        load(shell)
    during = [inspect.unwrap(function).__code__ for function in watched]
    for shell in shells:
        unload(shell)
    after = [inspect.unwrap(function).__code__ for function in watched]
    assert after == before
    assert all(a is not b for a, b in zip(during, before, strict=True))


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_forked_child_works_and_stays_quiet(guarded: Any) -> None:
    """A child process of ``fork`` edits its copy of a model, shows nothing twice, and ends well."""
    guarded.run(BUILD)
    guarded.run(
        "import os\nread, write = os.pipe()\npid = os.fork()\n"
        "if pid == 0:\n    code = 1\n    try:\n        first.units = 7\n        names = {'head': first}\n"
        "        names['head'] = second\n        os.write(write, b'done')\n        code = 0\n    finally:\n        os._exit(code)\n"
        "_, status = os.waitpid(pid, 0)\ngot = os.read(read, 10)"
    )
    assert guarded.shell.user_ns["status"] == 0
    assert guarded.shell.user_ns["got"] == b"done"
    assert guarded.shell.user_ns["first"].units == 3
    assert _codes(guarded.run("first.units = 8")) == ["KG201"]


@pytest.mark.kernel
def test_interrupted_cell_and_the_next_one(kernel: Any) -> None:
    """Stop in the middle of a loop of edits: the cell ends as interrupted, the next ones are watched as ever."""
    kernel.ok(BUILD)
    running = kernel.start(
        "print('on', flush=True)\nwhile True:\n    model.layers[0] = layers.Dense(9)\n    t = {'a': first}"
    )
    running.until_printed("on")
    kernel.interrupt()
    run = running.finish()
    assert run.error is not None
    assert run.error.startswith("KeyboardInterrupt")
    kernel.ok("a = 1")
    run = kernel.ok("\nfirst.units = 9")
    assert ("KG201", "open", 2) in run.briefs


def test_cell_that_never_said_it_ended(guarded: Any) -> None:
    """Where the end of a cell got lost, the next cell is an outermost one again."""
    guarded.run(BUILD)
    guarded.extension.cells._depth = 3  # as if an interrupt had hit the guard's own end of a cell
    cards = guarded.run("model.layers[0] = layers.Dense(7)")
    assert _codes(cards) == ["KG101"]
    assert guarded.extension.cells.current is None
    gc.collect()
    assert sys.getrefcount(guarded.shell) > 1
