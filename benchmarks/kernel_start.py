"""What auto-loading adds to the start of a kernel: ``python benchmarks/kernel_start.py [STARTS]``.

Kernels with and without the startup file's work (``KERAS_GUARD=off``) start in turn, the order
changing from round to round, so that a slow minute of the machine meets both alike. Three figures:
the whole way from starting the process to its first answer, and what the startup files take inside
the kernel, by the clock and by the processor, which the noise of other processes blurs least.
"""

from __future__ import annotations

import argparse
import ast
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

BAR_MS = 5.0

#: An extension that IPython loads right before the startup files, and a line that it runs right after.
_BEFORE = """
import time
def load_ipython_extension(shell):
    shell._start_marks = [time.perf_counter(), time.process_time()]
"""
_CONFIGURATION = """
import sys
sys.path.insert(0, {folder!r})
c = get_config()
c.InteractiveShellApp.extra_extensions = ["start_mark"]
c.InteractiveShellApp.exec_lines = [
    "get_ipython()._start_marks += [__import__('time').perf_counter(), __import__('time').process_time()]"
]
"""


def start(folder: str, word: str) -> tuple[float, float, float, bool]:
    """Start one kernel.

    Returns:
        Milliseconds to its first answer, those of the startup files by the clock and by the
        processor, and whether the guard was loaded.
    """
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="benchmark",
        language="python",
    )
    variables = {"IPYTHONDIR": folder, "KERAS_GUARD": word}
    # An installed package has its byte code on disk; a machine that forbids writing it would compile here.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    manager.start_kernel(env={**inherited, **variables}, stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    total = (time.perf_counter() - begin) * 1e3
    asked = "(get_ipython()._start_marks, 'keras_guard' in get_ipython().extension_manager.loaded)"
    reply = client.execute_interactive("pass", silent=True, user_expressions={"x": asked})
    answer = reply["content"]["user_expressions"]["x"]
    if answer["status"] != "ok":
        raise SystemExit(f"the kernel answered {answer}")
    told = answer["data"]["text/plain"]
    (clock, processor, clock_after, processor_after), loaded = ast.literal_eval(told)
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return total, (clock_after - clock) * 1e3, (processor_after - processor) * 1e3, loaded


def measure(starts: int) -> dict[str, list[tuple[float, ...]]]:
    """Start kernels in turn; return their milliseconds by what the variable said."""
    found: dict[str, list[tuple[float, ...]]] = {"on": [], "off": []}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "start_mark.py").write_text(_BEFORE)
        Path(folder, "profile_default").mkdir()
        Path(folder, "profile_default", "ipython_config.py").write_text(_CONFIGURATION.format(folder=folder))
        for word in ("on", "off"):
            start(folder, word)  # byte code and disk caches
        for turn in range(starts):
            for word in ("on", "off") if turn % 2 else ("off", "on"):
                *times, loaded = start(folder, word)
                if loaded is not (word == "on"):
                    raise SystemExit(f"KERAS_GUARD={word}, yet loaded is {loaded}: is the wheel installed?")
                found[word].append(tuple(times))
    return found


def table(starts: int) -> tuple[list[str], bool]:
    """Measure; return the table's lines and whether the bar holds."""
    found = measure(starts)
    lines = [
        f"{starts} starts each, in turn; milliseconds, median [quartiles]",
        "",
        "| | process start to first answer | startup files, clock | startup files, processor |",
        "|---|---|---|---|",
    ]
    for word, rows in found.items():
        columns = [_spread([row[i] for row in rows]) for i in range(3)]
        lines.append(f"| auto-load {word} | {' | '.join(columns)} |")
    pairs = list(zip(found["on"], found["off"], strict=True))
    added = [statistics.median(on[i] - off[i] for on, off in pairs) for i in range(3)]
    lines.append(f"| added, median of pairs | {' | '.join(f'{value:.1f}' for value in added)} |")
    return [*lines, "", f"bar, on the processor: {BAR_MS} ms"], added[2] <= BAR_MS


def main() -> int:
    """Measure and print; the exit status tells whether the bar holds."""
    parser = argparse.ArgumentParser(description="What auto-loading adds to the start of a kernel.")
    parser.add_argument("starts", nargs="?", type=int, default=30)
    lines, met = table(parser.parse_args().starts)
    print("\n".join(lines))
    return 0 if met else 1


def _spread(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.1f} [{low:.1f}, {high:.1f}]"


if __name__ == "__main__":
    sys.exit(main())
