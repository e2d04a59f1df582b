"""What the guard costs a whole small notebook: ``python benchmarks/notebooks.py [--rounds 3]``.

The demo and notebooks of ``tests/notebooks`` run from the first cell to the last, each in a new kernel, with the guard
and without it (``KERAS_GUARD=off``) in turn; the order changes from round to round. The time begins when the kernel
answers for the first time, so that it holds the import of Keras, as a user's does. Of the rounds of a notebook the
fastest counts on each side. The last line compares the sums. One kernel starts first, so that the byte code of the
guard is on disk, as that of an installed package is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo" / "reassigned_layers.ipynb"
NOTEBOOKS = (
    "autoencoder",
    "callbacks",
    "clones",
    "custom_layers",
    "custom_loop",
    "gan_toggled",
    "k_fold",
    "siamese",
    "transfer_two_stages",
    "vae_train_step",
)
BAR = 1.02


def cells_of(path: Path) -> list[str]:
    """Return the code cells of a notebook, or of a file in the percent format."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        return ["".join(cell["source"]) for cell in cells]
    parts = re.split(r"^# %%.*\n", text, flags=re.MULTILINE)[1:]
    return [re.sub(r"^# (?=%[a-z])", "", part, flags=re.MULTILINE).strip("\n") for part in parts]


def run(cells: Sequence[str], *, guarded: bool) -> float:
    """Run cells in a new kernel; returns seconds. Magics of the guard are left out on both sides."""
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="benchmark",
        language="python",
    )
    variables = {"KERAS_GUARD": "off", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    # An installed package has its byte code on disk; a machine that forbids writing it would compile here.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        manager.start_kernel(env={**inherited, **variables, "IPYTHONDIR": folder}, stderr=subprocess.DEVNULL)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=120)
            client.execute_interactive(
                "%load_ext keras_guard" if guarded else "pass", timeout=60, output_hook=_nothing
            )
            begin = time.perf_counter()
            for cell in cells:
                if "keras_guard" not in cell:
                    client.execute_interactive(cell, timeout=600, output_hook=_nothing)
            return time.perf_counter() - begin
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _nothing(_: object) -> None:
    """Drop a message of the kernel."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    known = {path.stem: path for path in (ROOT / "tests" / "notebooks").glob("*.py")}
    paths = [DEMO, *(known[name] for name in NOTEBOOKS if name in known)]
    sums = {True: 0.0, False: 0.0}
    run(["import keras"], guarded=True)
    print("| notebook | plain | keras_guard |\n|---|---|---|")
    for path in paths:
        cells = cells_of(path)
        found: dict[bool, list[float]] = {True: [], False: []}
        for turn in range(rounds):
            for guarded in (True, False) if turn % 2 else (False, True):
                found[guarded].append(run(cells, guarded=guarded))
        plain, mine = min(found[False]), min(found[True])
        sums[True] += mine
        sums[False] += plain
        print(f"| {path.stem} | {plain:.2f} s | {mine / plain:.3f}x |", flush=True)
    ratio = sums[True] / sums[False]
    print(f"| **all, in sum** | {sums[False]:.2f} s | **{ratio:.3f}x** (bar {BAR}x) |")


if __name__ == "__main__":
    main()
