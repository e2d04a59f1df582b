"""What auto-loading adds to the start of a kernel: ``python benchmarks/kernel_start.py [STARTS]``.

Kernels with and without the startup file's work (``KERAS_GUARD=off``) start in turn, the order
changing from round to round, so that a slow minute of the machine meets both alike. Two figures:
the whole way from starting the process to its first answer, and the time the startup file takes
inside the kernel, which the noise of processes does not blur.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

BAR_MS = 5.0

_PROFILE = """
import time as _t
get_ipython()._keras_guard_before = _t.perf_counter()
del _t
"""
_AFTER = _PROFILE.replace("before", "after")


def start(home: str, word: str) -> tuple[float, float, bool]:
    """Start one kernel; return milliseconds to its first answer, those of its startup file, and if it loaded."""
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="benchmark",
        language="python",
    )
    begin = time.perf_counter()
    manager.start_kernel(env={**os.environ, "IPYTHONDIR": home, "KERAS_GUARD": word})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    total = (time.perf_counter() - begin) * 1e3
    shell = "get_ipython()"
    reply = client.execute_interactive(
        "pass",
        silent=True,
        user_expressions={
            "inside": f"({shell}._keras_guard_after - {shell}._keras_guard_before) * 1e3",
            "loaded": f"'keras_guard' in {shell}.extension_manager.loaded",
        },
    )
    told = {k: v["data"]["text/plain"] for k, v in reply["content"]["user_expressions"].items()}
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return total, float(told["inside"]), told["loaded"] == "True"


def measure(starts: int) -> dict[str, list[tuple[float, float]]]:
    """Start kernels in turn; return (whole, inside) milliseconds by what the variable said."""
    found: dict[str, list[tuple[float, float]]] = {"on": [], "off": []}
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "profile_default" / "startup"
        folder.mkdir(parents=True)
        # IPython runs startup files sorted by full path: these two stand around the one under test.
        shipped = Path(sysconfig.get_path("data"), "etc/ipython/startup/50-keras_guard.py")
        (folder / "10-before.py").write_text(_PROFILE)
        (folder / "50-keras_guard.py").write_text(shipped.read_text())
        (folder / "90-after.py").write_text(_AFTER)
        shipped_aside(folder)
        for word in ("on", "off"):
            start(home, word)  # byte code and disk caches
        for turn in range(starts):
            for word in ("on", "off") if turn % 2 else ("off", "on"):
                total, inside, loaded = start(home, word)
                assert loaded is (word == "on"), f"KERAS_GUARD={word}, loaded: {loaded}"
                found[word].append((total, inside))
    return found


def shipped_aside(folder: Path) -> None:
    """Give the environment's own copy of the startup file nothing left to do before the first mark.

    It runs first or last, by its path; the guard loads once, so what is measured is the first run.
    """
    shipped = Path(sysconfig.get_path("data"), "etc/ipython/startup")
    if str(shipped) < str(folder):
        raise SystemExit(
            f"{shipped} would run before the mark in {folder}; set TMPDIR to a directory that sorts before it"
        )


def main() -> int:
    """Measure and print; the exit status tells whether the bar holds."""
    parser = argparse.ArgumentParser(description="What auto-loading adds to the start of a kernel.")
    parser.add_argument("starts", nargs="?", type=int, default=30)
    starts: int = parser.parse_args().starts
    found = measure(starts)
    print(f"{starts} starts each, in turn; milliseconds, median [quartiles]\n")
    print("| | process start to first answer | inside the kernel |\n|---|---|---|")
    for word, rows in found.items():
        columns = [_spread([row[i] for row in rows]) for i in (0, 1)]
        print(f"| auto-load {word} | {columns[0]} | {columns[1]} |")
    paired = [on[0] - off[0] for on, off in zip(found["on"], found["off"], strict=True)]
    inside = statistics.median(r[1] for r in found["on"]) - statistics.median(r[1] for r in found["off"])
    print(f"\nadded, of pairs: {_spread(paired)}; inside: {inside:.1f}; bar: {BAR_MS}")
    return 0 if inside <= BAR_MS else 1


def _spread(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    sys.exit(main())
