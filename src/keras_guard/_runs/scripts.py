"""Scripts, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .._render.as_json import CardJson
from .living import alive
from .notebooks import How
from .outcome import Found, Location, Outcome, RunError


def run_script_process(path: str, how: How, step: Callable[[str], None]) -> Outcome:
    """Run ``python -m keras_guard PATH``.

    Args:
        path: The script.
        how: How to run it.
        step: Called with what is done now, in words.

    Returns:
        What was found.

    Raises:
        RunError: When the script cannot be read.
    """
    if not os.access(path, os.R_OK):
        raise RunError(f"can't open {path}")
    step("running")
    outcome = Outcome(path, "script")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "cards")
        start = time.monotonic()
        complaint, status = _run(_command(path, how, report), how.timeout)
        outcome.seconds = time.monotonic() - start
        cards: dict[str, tuple[CardJson, str]] = {}
        for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
            entry = json.loads(line)
            if "error" in entry:
                complaint = entry["error"]
            else:
                cards[entry["card"]["id"]] = entry["card"], entry["text"]
    if status != 0:
        outcome.error = complaint.strip() or f"the process ended with status {status}"
        outcome.error_line = outcome.error.splitlines()[-1]
    outcome.found = [Found(card, text, _location(path, card)) for card, text in cards.values()]
    return outcome


def _command(path: str, how: How, report: Path) -> list[str]:
    command = [sys.executable, "-m", "keras_guard", "--report", str(report)]
    command += ["--strict"] if how.strict else []
    command += [word for name in how.watch for word in ("--watch", name)]
    command += [word for code in how.ignore for word in ("--ignore", code)]
    return [*command, path]


def _run(command: list[str], timeout: float | None) -> tuple[str, int]:
    """Run a command to its end; returns what it wrote to the standard error, and its status."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    with alive(process.kill):
        try:
            _, complaint = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            _, complaint = process.communicate()
            return f"{complaint}\nTimeoutError: the script took more than {timeout:g} seconds", 1
    return complaint, process.returncode


def _location(path: str, card: CardJson) -> Location:
    span = card["span"]
    file, line, end = span["file"], span["line"], span["end_line"]
    if file is None:
        return Location(path)
    shown = path if os.path.abspath(path) == file else os.path.relpath(file)
    return Location(shown, None, line, span["column"], end, span["end_column"], line, end)
