"""Interrupts at random moments of cells that train, with the guard and without.

    python benchmarks/interrupts.py 1000            # with the guard; --without for a kernel without it

Each interrupt must end its cell with ``KeyboardInterrupt`` and no frame of the guard's in the traceback. After every
tenth, an edit that is lost must be warned about. TensorFlow itself loses some interrupts, or turns them into other
errors, so the cells that train are compared with a run without the guard.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from tests.support.kernel import Kernel, Running

SETUP = """
import faulthandler, keras, numpy as np, signal
from keras import layers
faulthandler.register(signal.SIGUSR1, file=open({stacks!r}, "w"))
x, y = np.random.rand(64, 4).astype("float32"), np.random.rand(64, 1).astype("float32")
first = layers.Dense(3)
model = keras.Sequential([keras.Input((4,)), first, layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)
optimizer = keras.optimizers.SGD()
class Ticks(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.seen = {{"batch": batch}}
        self.model.note = batch
def batches():
    while True:
        yield x[:8], y[:8]
"""

#: So many seconds of the kernel's processor: a cell that goes on for longer did not hear the interrupt.
_PATIENCE = 6.0

#: So many seconds of the clock, in which the kernel computes nothing: its threads wait for each other.
_STUCK_AFTER = 40.0

#: Cells that go on until they are interrupted, of the kinds that people stop.
CELLS = {
    "edits": "while True:\n    model.layers[0] = first\n    t = {'a': first}\n    t['a'] = model.layers[0]",
    "stores": "def run():\n    d, losses = {}, []\n    while True:\n        d['a'] = 1\n        losses.append(2)\n        losses.clear()\nrun()",
    "counter": "count = 0\ndef run():\n    global count\n    while True:\n        count += 1\nrun()",
    "builds": "while True:\n    m = keras.Sequential([keras.Input((4,)), layers.Dense(2)])\n    m.compile('sgd', 'mse')",
    "calls": "while True:\n    model(x[:2])",
    "attributes": "while True:\n    first.trainable = False\n    first.trainable = True",
    "train_on_batch": "while True:\n    logs = model.train_on_batch(x, y)",
    "fit": "model.fit(x, y, epochs=10**6, verbose=0);",
    "callback": "model.fit(x, y, epochs=10**6, verbose=0, batch_size=4, callbacks=[Ticks()]);",
    "generator": "model.fit(batches(), steps_per_epoch=10**6, verbose=0);",
    "predict": "while True:\n    model.predict(x, verbose=0)",
}
PROBE = (
    "probed = keras.Sequential([keras.Input((4,)), layers.Dense(2)])\nprobed.layers[0] = layers.Dense(5)\n"
)


class Stress:
    """Interrupts cells of one kernel.

    Args:
        guard: Whether the guard is loaded.
        seed: Of the moments.
    """

    def __init__(self, *, guard: bool, seed: int) -> None:
        self._guard = guard
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.details: list[str] = []
        self._stacks = Path(tempfile.mkdtemp()) / "stacks"
        self._kernel = self._start()

    def _start(self) -> Kernel:
        kernel = Kernel("%load_ext keras_guard" if self._guard else "")
        kernel.ok(SETUP.format(stacks=str(self._stacks)), timeout=300)
        return kernel

    def run(self, total: int, names: Sequence[str] = tuple(CELLS)) -> None:
        """Interrupt so many cells, each kind in turn."""
        for number in range(total):
            self._interrupt(names[number % len(names)])
            if self._guard and number % 10 == 9:
                self._check_guard(number)
            if number % 100 == 99:
                print(dict(self.counts), flush=True)
        if self._guard:
            faults = self._kernel.faults()
            self.counts["faults"] = sum(faults.values())
            self.details += list(faults)
        self._kernel.close()

    def _interrupt(self, name: str) -> None:
        running = self._kernel.start(f"print('on', flush=True)\n{CELLS[name]}", timeout=60)
        running.until_printed("on")
        time.sleep(self._random.random() * 0.15)
        self._kernel.interrupt()
        self.counts["interrupts"] += 1
        if not self._ends(running):
            self._not_heard(name, running)
            return
        run = running.run
        shown = run.traceback + run.stream("stderr") + run.stream()
        if run.error is None or not run.error.startswith("KeyboardInterrupt"):
            self.counts[f"{name}: ended otherwise"] += 1
            self.details.append(f"{name}: {run.error}: {run.traceback[-600:]}")
        elif "keras_guard" in shown.replace("%keras_guard", ""):
            self.counts[f"{name}: frame of the guard"] += 1
            self.details.append(shown[-1500:])
        else:
            self.counts["good"] += 1

    def _ends(self, running: Running) -> bool:
        """Wait for the end of a cell, while the kernel has not computed for longer than any traceback takes."""
        computed = self._computed()
        until = computed + _PATIENCE
        stuck_at = time.monotonic() + _STUCK_AFTER
        while computed < until and time.monotonic() < stuck_at:
            running.wait_longer(2)
            try:
                running.finish()
            except AssertionError:
                before, computed = computed, self._computed()
                if computed > before + 0.1:
                    stuck_at = time.monotonic() + _STUCK_AFTER
                continue
            return True
        return False

    def _computed(self) -> float:
        """Seconds of the processor that the kernel has used."""
        return sum(psutil.Process(self._kernel.manager.provisioner.pid).cpu_times()[:2])

    def _stack(self) -> str:
        """What the threads of the kernel do now."""
        os.kill(self._kernel.manager.provisioner.pid, signal.SIGUSR1)
        time.sleep(1)
        return self._stacks.read_text()

    def _not_heard(self, name: str, running: Running) -> None:
        """The cell goes on: say whether a second interrupt ends it; if not, begin again with another kernel."""
        self.counts[f"{name}: not heard"] += 1
        said = running.run.stream("stderr") + self._stack()
        self._kernel.interrupt()
        ended = running.run.error if self._ends(running) else "a second one was not heard either"
        self.details.append(f"{name}: not heard: {said}; then {ended}")
        if running.run.error is None:
            self._restart()

    def _check_guard(self, number: int) -> None:
        """Make a lost edit, which must be warned about; a kernel that does not answer is replaced."""
        running = self._kernel.start(PROBE)
        run = running.run
        if not self._ends(running):
            self.counts["no answer after"] += 1
            self.details.append(f"after {number}: no answer: {self._stack()}")
            self._restart()
        elif run.briefs[-1:] == [("KG101", "open", 2)]:
            self.counts["edits seen after"] += 1
        else:
            self.counts["edits missed after"] += 1
            self.details.append(f"after {number}: {run.briefs} {run.error}: {run.traceback[-1500:]}")

    def _restart(self) -> None:
        self._kernel.close()
        self._kernel = self._start()


def main() -> None:
    """Run and print the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("total", type=int, nargs="?", default=1000)
    parser.add_argument("--without", action="store_true", help="a kernel without the guard")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=list(CELLS))
    arguments = parser.parse_args()
    stress = Stress(guard=not arguments.without, seed=arguments.seed)
    stress.run(arguments.total, arguments.cells)
    for what, count in sorted(stress.counts.items()):
        print(f"{count:6} {what}")
    print(*stress.details[:20], sep="\n---\n")


if __name__ == "__main__":
    main()
