"""One shell under measurement: answers requests on stdin with numbers on stdout, one JSON line each.

``run.py`` keeps one such process per configuration and asks them in turn, so that whatever else
the machine does falls on all of them alike.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

LAYERS = 500

LOADERS = {
    # A first cell costs IPython some megabytes, whatever is in it.
    "plain": "pass",
    "keras_guard": "%load_ext keras_guard",
    "autoreload 2": "%load_ext autoreload\n%autoreload 2",
    "jaxtyping": "%load_ext jaxtyping\n%jaxtyping.typechecker beartype.beartype",
    "ipyflow": "%load_ext ipyflow",
}

BUILD_BIG = f"""
def build_big():
    entry = keras.Input((4,))
    x = entry
    for _ in range({LAYERS}):
        x = layers.Dense(4)(x)
    return keras.Model(entry, x)
"""

FIT_SETUP = """
model = keras.Sequential([keras.Input((16,)), layers.Dense(32, activation="relu"), layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
x = np.random.default_rng(0).normal(size=(2048, 16)).astype("float32")
y = x.sum(axis=1, keepdims=True)
model.fit(x, y, epochs=1, verbose=0)
"""

BUILD = """
net = keras.Sequential([keras.Input((16,)), layers.Dense(32, activation="relu"), layers.Dropout(0.2), layers.Dense(1)])
net.compile(optimizer="adam", loss="mse", metrics=["mae"])
"""

LOOPS = {
    "plain": "for i in range(10**6):\n    t = i",
    "subscript store": "for i in range(10**6):\n    table[0] = i",
    "attribute store": "for i in range(10**6):\n    thing.value = i",
    "method call": "for i in range(10**6):\n    thing.step()",
    "own `.losses.append`": "for i in range(10**6):\n    thing.losses.append(i)\nthing.losses.clear()",
    "subscript store in a function": "def fill(n):\n    for i in range(n):\n        rows[i % 5000] = make(i)\nfill(10**6)",
    "own `.losses.append` in a function": "def note(n):\n    for i in range(n):\n        thing.losses.append(i)\n    thing.losses.clear()\nnote(10**6)",
    "counter in a function": "def count(n):\n    global total\n    for i in range(n):\n        total += i\ncount(10**6)",
    "attribute store in a function": "def put(n):\n    for i in range(n):\n        thing.value = make(i)\nput(10**6)",
}

LOOP_SETUP = """
class Thing:
    def __init__(self):
        self.losses = []
    def step(self):
        pass
def make(i):
    return i
thing, table, rows = Thing(), {}, [0] * 5000
total = 0
"""

HUNDRED = "\n".join(
    line
    for k in range(10)
    for line in [
        f"a{k} = {k}",
        f"b{k} = [a{k}] * 10",
        f"b{k}.append({k})",
        f"c{k} = {{'k': b{k}}}",
        f"c{k}['m'] = sum(b{k})",
        f"def f{k}(value, scale=2):",
        "    total = value * scale",
        "    return total",
        f"d{k} = f{k}(a{k})",
        f"e{k} = [f{k}(v) for v in b{k} if v]",
    ]
)


class Worker:
    """A headless IPython shell with one configuration."""

    def __init__(self, configuration: str) -> None:
        os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="bench-ipython-")
        from IPython.core.interactiveshell import InteractiveShell

        self.shell = InteractiveShell.instance()
        self.configuration = configuration
        self.models: list[Any] = []

    def run(self, code: str) -> None:
        """Run a cell; what it raises ends the benchmark."""
        self.shell.run_cell(code, store_history=True).raise_error()

    def load(self) -> float:
        """Load the configuration's extension; returns milliseconds."""
        code = LOADERS[self.configuration]
        start = time.perf_counter()
        for line in code.splitlines():
            self.run(line)
        taken = time.perf_counter() - start
        assert "keras" not in sys.modules
        return taken * 1e3

    def prepare(self) -> None:
        """Import Keras and define what the cells use."""
        self.run("import numpy as np\nimport keras\nfrom keras import layers")
        self.run(BUILD_BIG)
        self.run(LOOP_SETUP)
        self.run(FIT_SETUP)

    def state(self, names: int, models: int) -> None:
        """Bring the namespace to a number of names and of living models."""
        namespace = self.shell.user_ns
        for name in [n for n in namespace if n.startswith(("var_", "big_"))]:
            del namespace[name]
        while len(self.models) < models:
            self.run("big_new = build_big()")
            self.models.append(namespace.pop("big_new"))
        del self.models[models:]
        for index, model in enumerate(self.models):
            namespace[f"big_{index}"] = model
        kinds: list[Callable[[int], Any]] = [int, str, lambda i: [i] * 5, lambda i: {"k": i}, float]
        for index in range(names):
            namespace[f"var_{index}"] = kinds[index % len(kinds)](index)
        gc.collect()

    def cells(self, code: str, count: int) -> float:
        """Return the median time of a cell in milliseconds."""
        times = []
        for _ in range(count):
            start = time.perf_counter()
            self.run(code)
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e3

    def trivial(self) -> float:
        """A cell that binds one number."""
        return self.cells("t = 1", 200)

    def loop(self, kind: str) -> float:
        """A million turns."""
        return self.cells(LOOPS[kind], 1)

    def hundred(self) -> float:
        """A cell of a hundred lines."""
        return self.cells(HUNDRED, 20)

    def build(self) -> float:
        """A cell that builds and compiles a small model."""
        return self.cells(BUILD, 10)

    def fit(self) -> float:
        """Three epochs of a small model."""
        return self.cells("model.fit(x, y, epochs=3, verbose=0)", 3)

    def edit(self) -> float:
        """A lost edit of a small model's list of layers, with its warning where there is one."""
        with contextlib.redirect_stdout(io.StringIO()):
            return self.cells("net.layers[0] = layers.Dense(8)", 10)

    def check(self) -> float:
        """``check`` of a model of 500 layers."""
        return self._command("check big_0")

    def diff(self) -> float:
        """``diff`` of a model of 500 layers."""
        return self._command("diff big_0")

    def judge(self) -> float:
        """One divergence check of a model of 500 layers: does its graph hold this layer?"""
        from keras_guard._adapter.membership import holds

        model = self.models[0]
        wanted = model.layers[-1]
        times = []
        for _ in range(20):
            start = time.perf_counter()
            holds(model, wanted)
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e3

    def _command(self, line: str) -> float:
        times = []
        with contextlib.redirect_stdout(io.StringIO()):
            for _ in range(3):
                start = time.perf_counter()
                self.shell.run_line_magic("keras_guard", line)
                times.append(time.perf_counter() - start)
        return statistics.median(times) * 1e3

    def memory(self) -> float:
        """Resident memory in MB."""
        gc.collect()
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def growth(self, cells: int) -> float:
        """Run different cells, edits among them; return by how many MB the process grew."""
        before = self.memory()
        for index in range(cells):
            self.run(f"g = {index}\nh = [g] * 3\nh.append({index})\ndef k(v):\n    rows[0] = make(v)\nk(g)")
        return self.memory() - before


def main(configuration: str) -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what cells print must not mix with the answers
    worker = Worker(configuration)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        answers.write(json.dumps(getattr(worker, name)(*arguments)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
