"""Large models: writing and trying a rebuild, as ratios to ``clone_model``; ``python benchmarks/rebuild_large.py``.

Each model is measured in a process of its own, so that its peak memory is its own. The ratio of
memory is to what the model itself takes: a dry run that copied the kept weights would double it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROUNDS = 3


def thousand_layers() -> Any:
    """Build a residual chain of 1,000 layers."""
    import keras
    from keras import layers

    inputs = x = keras.Input((16,))
    for _ in range(333):
        x = layers.Add()([x, layers.BatchNormalization()(layers.Dense(16)(x))])
    return keras.Model(inputs, layers.Dense(4, name="head")(x))


def fan_out() -> Any:
    """Build 500 branches that read one tensor."""
    import keras
    from keras import layers

    inputs = keras.Input((16,))
    trunk = layers.Dense(16, name="trunk")(inputs)
    joined = layers.Concatenate()([layers.Dense(2)(trunk) for _ in range(500)])
    return keras.Model(inputs, layers.Dense(4, name="head")(joined))


def ten_levels() -> Any:
    """Build models inside models, ten levels deep."""
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((16,)), layers.Dense(16, name="deepest")], name="level_0")
    for level in range(1, 11):
        inputs = keras.Input((16,))
        model = keras.Model(inputs, layers.Dense(16)(model(layers.Dense(16)(inputs))), name=f"level_{level}")
    inputs = keras.Input((16,))
    return keras.Model(inputs, layers.Dense(4, name="head")(model(inputs)))


def hundred_million() -> Any:
    """Build a model of 100 million parameters."""
    import keras
    from keras import layers

    inputs = x = keras.Input((5000,))
    for _ in range(4):
        x = layers.Dense(5000)(x)
    return keras.Model(inputs, layers.Dense(4, name="head")(x))


MODELS: dict[str, Callable[[], Any]] = {
    "1,000 layers": thousand_layers,
    "500-way fan-out": fan_out,
    "10 levels": ten_levels,
    "100 M parameters": hundred_million,
}
STYLES = ("replay", "copy", "source")


class Peak:
    """The largest resident memory while something runs, above what it was before, in MB."""

    def __init__(self) -> None:
        import psutil

        self._process = psutil.Process()
        self._stop = threading.Event()

    def __enter__(self) -> Peak:
        self._before = self.most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def megabytes(self) -> float:
        """What was added at most."""
        return (self.most - self._before) / 1e6


def measure(name: str) -> dict[str, Any]:
    """Measure one model; in a process of its own."""
    import gc

    import keras
    from keras import layers

    from keras_guard import Replace, rebuild
    from keras_guard._rebuild import rebuilding

    spent = 0.0
    prove = rebuilding.dry_run

    def timed(*arguments: Any, **more: Any) -> str:
        nonlocal spent
        start = time.perf_counter()
        try:
            return prove(*arguments, **more)
        finally:
            spent += time.perf_counter() - start

    rebuilding.dry_run = timed
    model = MODELS[name]()
    own = (
        sum(w.shape.num_elements() if hasattr(w.shape, "num_elements") else 0 for w in model.weights)
        * 4
        / 1e6
    )
    own = own or sum(int(keras.ops.size(w)) for w in model.weights) * 4 / 1e6
    clones = []
    with Peak() as clone_peak:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            keras.models.clone_model(model)
            clones.append(time.perf_counter() - start)
            gc.collect()
    clone = statistics.median(clones)
    found: dict[str, Any] = {"own": own, "clone": clone, "clone_peak": clone_peak.megabytes}
    for style in STYLES:
        emit, dry = [], []
        with Peak() as peak:
            for _ in range(ROUNDS):
                new = layers.Dense(5, name="new")
                names = {"model": model, "new": new, "keras": keras, "layers": layers}
                spent = 0.0
                start = time.perf_counter()
                made = rebuild(model, [Replace("head", new)], namespace=names, style=style)
                emit.append(time.perf_counter() - start - spent)
                dry.append(spent)
        found[style] = {
            "emit": statistics.median(emit) / clone,
            "dry": statistics.median(dry) / clone,
            "peak": peak.megabytes,
            "lines": made.source.count("\n"),
        }
    return found


def main() -> None:
    """Print a table."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
        return
    print("| model | clone, s | style | emit / clone | dry run / clone | added peak, MB | lines |")
    print("|---|---|---|---|---|---|---|")
    for name in MODELS:
        made = subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=False)
        if made.returncode:
            print(f"| {name} | failed: {made.stderr.strip().splitlines()[-1][:120]} | | | | | |")
            continue
        found = json.loads(made.stdout.splitlines()[-1])
        shown = f"{name} ({found['own']:,.0f} MB)"
        for style in STYLES:
            one = found[style]
            print(
                f"| {shown} | {found['clone']:.2f} | {style} | {one['emit']:.2f} | {one['dry']:.2f} "
                f"| {one['peak']:,.0f} (clone {found['clone_peak']:,.0f}) | {one['lines']} |"
            )


if __name__ == "__main__":
    main()
