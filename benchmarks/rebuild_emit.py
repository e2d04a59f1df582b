"""Time to write the rebuild of a graph of 500 layers, the dry run apart: ``python benchmarks/rebuild_emit.py``."""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROUNDS = 5


def graph(count: int) -> Any:
    """Build a residual chain of about ``count`` layers."""
    import keras
    from keras import layers

    inputs = keras.Input((16,))
    x = inputs
    for _ in range(count // 3):
        y = layers.Dense(16, activation="relu")(x)
        x = layers.Add()([x, layers.BatchNormalization()(y)])
    return keras.Model(inputs, x)


def main() -> None:
    """Print a table."""
    import keras

    from keras_guard import Replace, rebuild
    from keras_guard._rebuild import rebuilding as api

    spent: list[float] = []
    prove = api.dry_run

    def timed(*arguments: Any, **more: Any) -> str:
        start = time.perf_counter()
        try:
            return prove(*arguments, **more)
        finally:
            spent[-1] += time.perf_counter() - start

    api.dry_run = timed
    model = graph(500)
    first = model.layers[1]
    print(f"| {len(model.layers)} layers | lines | emit, s | dry run, s |\n|---|---|---|---|")
    for style, edit in [("replay", True), ("copy", True), ("source", False)]:
        emit, dry, lines = [], [], 0
        for _ in range(ROUNDS):
            new = keras.layers.Dense(16, name="new")
            spent.append(0.0)
            start = time.perf_counter()
            found = rebuild(
                model,
                [Replace(first, new)] if edit else [],
                namespace={"model": model, "new": new},
                style=style,
            )
            emit.append(time.perf_counter() - start - spent[-1])
            dry.append(spent[-1])
            lines = found.source.count("\n")
        what = f"{style}, {'first layer replaced' if edit else 'no edit'}"
        print(f"| {what} | {lines} | {statistics.median(emit):.2f} | {statistics.median(dry):.2f} |")


if __name__ == "__main__":
    main()
