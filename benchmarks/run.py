"""What the guard costs, as a Markdown table of ratios to plain IPython: ``python benchmarks/run.py``.

Every configuration has one process that stays alive; they are asked in turn, round by round, so
each ratio compares two measurements made within seconds of each other. The table shows the
median of the rounds' ratios with the lowest and the highest one, and the guard's median time.
Extensions other than the guard's are measured where they are installed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parent))

import kernel_start
from worker import LOADERS, LOOPS

HERE = Path(__file__).parent
OURS = ("plain", "keras_guard")
PEERS = {"autoreload 2": "IPython", "jaxtyping": "jaxtyping", "ipyflow": "ipyflow"}

#: Bars: the highest ratio a row may have.
BARS = {"trivial": 1.3, "plain": 1.02, "subscript store": 1.1, "fit": 1.0}


class Process:
    """A worker."""

    def __init__(self, configuration: str) -> None:
        self.configuration = configuration
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), configuration],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )

    def ask(self, name: str, *arguments: Any) -> Any:
        """Ask for one measurement."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline() if self._process.poll() is None else ""
        if line:
            return json.loads(line)
        if self.configuration in OURS:
            raise SystemExit(f"the worker of {self.configuration} ended at {name}{arguments}")
        return math.nan  # another extension broke here; the rest is measured without it

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait(timeout=60)


class Bench:
    """All workers, and the rows measured so far."""

    def __init__(self, configurations: list[str], rounds: int) -> None:
        self.workers = [Process(name) for name in configurations]
        self._rounds = rounds

    def tell(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Ask every worker once."""
        return {worker.configuration: worker.ask(name, *arguments) for worker in self.workers}

    def row(self, title: str, name: str, *arguments: Any, rounds: int | None = None) -> str:
        """Measure in interleaved rounds; return a row of the table."""
        found: dict[str, list[float]] = {worker.configuration: [] for worker in self.workers}
        for turn in range(rounds or self._rounds):
            # Not always in the same order: whoever comes first finds a cooler machine.
            for worker in self.workers if turn % 2 else self.workers[::-1]:
                found[worker.configuration].append(worker.ask(name, *arguments))
        return _ratios(title, found)

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.close()


def _ratios(title: str, found: dict[str, list[float]]) -> str:
    plain = found["plain"]
    cells = [f"{statistics.median(plain):.3f} ms"]
    for configuration, times in found.items():
        if configuration != "plain":
            ratios = [mine / base for mine, base in zip(times, plain, strict=True)]
            middle = statistics.median(ratios)
            shown = f"{middle:.2f}x ({min(ratios):.2f}-{max(ratios):.2f})"
            cells.append("ended" if math.isnan(middle) else shown)
    return f"| {title} | " + " | ".join(cells) + " |"


def measure(bench: Bench) -> Iterator[str]:
    """Yield the table, line by line."""
    others = [worker.configuration for worker in bench.workers[1:]]
    yield "| cell | plain IPython | " + " | ".join(others) + " |"
    yield "|---|---|" + "---|" * len(others)
    loads = bench.tell("load")
    bare = bench.tell("memory")
    bench.tell("prepare")
    # Before the short cells: IPython keeps two names for each cell, and after 9,000 of them its namespace is none of a
    # notebook. The last row says what building costs then.
    bench.tell("state", 100, 1)
    for kind in LOOPS:
        yield bench.row(f"10^6 turns: {kind}", "loop", kind)
    yield bench.row("100 lines", "hundred")
    yield bench.row("build and compile", "build")
    yield bench.row("`fit`, 3 epochs", "fit")
    yield bench.row("lost edit, with its warning", "edit", rounds=3)
    for models in (0, 1, 20):
        for names in (100, 1_000, 10_000):
            bench.tell("state", names, models)
            yield bench.row(f"`t = 1`; {names:,} names, {models} models of 500 layers alive", "trivial")
    bench.tell("state", 100, 1)
    yield bench.row("build and compile, after 9,000 cells", "build")
    full = bench.tell("memory")
    growth = bench.tell("growth", 2_000)
    yield ""
    yield "| what | " + " | ".join(worker.configuration for worker in bench.workers) + " |"
    yield "|---|" + "---|" * len(bench.workers)
    for title, values, unit in (
        ("loading the extension", loads, "ms"),
        ("resident memory, loaded, before Keras", bare, "MB"),
        ("resident memory, at the end of the table above", full, "MB"),
        ("growth over 2,000 cells", growth, "MB"),
    ):
        yield f"| {title} | " + " | ".join(f"{value:.1f} {unit}" for value in values.values()) + " |"
    guard = next((w for w in bench.workers if w.configuration == "keras_guard"), None)
    if guard is not None:
        yield ""
        yield "| model of 500 layers | keras_guard |"
        yield "|---|---|"
        for title, name in (
            ("one divergence check", "judge"),
            ("`%keras_guard check`", "check"),
            ("`%keras_guard diff`", "diff"),
        ):
            yield f"| {title} | {guard.ask(name):.1f} ms |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", action="store_true", help="also measure other extensions, where installed")
    parser.add_argument(
        "--starts", type=int, default=20, help="kernels to start for the last table; 0 for none"
    )
    options = parser.parse_args()
    configurations = [*OURS]
    if options.peers:
        configurations += [name for name, package in PEERS.items() if importlib.util.find_spec(package)]
    assert set(configurations) <= LOADERS.keys()
    bench = Bench(configurations, options.rounds)
    try:
        for line in measure(bench):
            print(line, flush=True)
    finally:
        bench.close()
    if options.starts:
        print("", *kernel_start.table(options.starts)[0], sep="\n", flush=True)


if __name__ == "__main__":
    main()
