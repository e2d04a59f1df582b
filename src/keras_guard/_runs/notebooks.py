"""Notebooks, run in a real kernel by nbclient with the guard loaded."""

from __future__ import annotations

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._render.as_json import CardJson
from .file_lines import cell_lines
from .living import alive
from .outcome import Found, Location, Outcome, RunError

if TYPE_CHECKING:
    from .client import GuardedClient

_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
NEEDED = ("nbclient", "nbformat", "ipykernel")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class How:
    """How to run.

    Attributes:
        strict: Whether a stale model raises before it is used.
        watch: Packages of the user's that are watched too.
        ignore: Rules that are not reported.
        timeout: How many seconds a cell, or a script, may take.
        kernel: The name of an installed kernel; by default this Python.
    """

    strict: bool = False
    watch: Sequence[str] = ()
    ignore: Sequence[str] = ()
    timeout: float | None = None
    kernel: str | None = None


def check_packages() -> None:
    """Raise where what runs notebooks is not installed.

    Raises:
        RunError: When a package is missing.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise RunError(f"running notebooks needs {', '.join(missing)}: pip install 'keras-guard[run]'")


def run_notebook(path: str, how: How, step: Callable[[str], None], output: Path | None) -> Outcome:
    """Run a notebook in its folder.

    Args:
        path: The notebook.
        how: How to run it.
        step: Called with what is done now, in words.
        output: Where to write the notebook with its outputs.

    Returns:
        What was found.

    Raises:
        RunError: When the file is no notebook, or the guard cannot be loaded.
    """
    import nbformat

    from .client import GuardedClient

    text, notebook = _read(path)
    words = [f"watch {name}" for name in how.watch] + [f"ignore {code}" for code in how.ignore]
    words += ["strict on"] if how.strict else []
    folder = {"metadata": {"path": str(Path(path).absolute().parent)}}
    client = GuardedClient(notebook, words, step, how.kernel, timeout=how.timeout, resources=folder)
    outcome = Outcome(path, "notebook")
    _execute(client, outcome)
    lines = cell_lines(text)
    outcome.found = [
        Found(card, shown, _location(path, card, client.cells, lines))
        for card, shown in client.cards.values()
    ]
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, output)
    return outcome


def _read(path: str) -> tuple[str, Any]:
    """Return the text of a notebook, and the notebook."""
    import nbformat

    try:
        text = Path(path).read_text(encoding="utf-8")
        return text, nbformat.reads(text, as_version=4)
    except OSError as error:
        raise RunError(f"can't open {path}: {error.strerror}") from None
    except (ValueError, nbformat.reader.NotJSONError) as error:
        raise RunError(f"{path} is no notebook: {error}") from None


def _execute(client: GuardedClient, outcome: Outcome) -> None:
    """Run all cells, and note the time and what ended the run."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as log, alive(lambda: os.kill(client.km.provisioner.pid, _KILL)):
        try:
            client.execute(cleanup_kc=True, stderr=log)
        except RunError:
            raise
        except Exception as error:
            log.seek(0)
            _note_error(outcome, error, log.read().decode(errors="replace"))
    outcome.seconds = time.monotonic() - start


def _note_error(outcome: Outcome, error: Exception, log: str) -> None:
    """Note what ended a run: the traceback of a cell, or why the kernel could not go on, with what it logged."""
    from nbclient.exceptions import CellExecutionError

    if isinstance(error, CellExecutionError):
        outcome.error_line = f"{error.ename}: {error.evalue}"
        outcome.error = _COLOURS.sub("", error.traceback).strip() or outcome.error_line
    else:
        outcome.error_line = f"{type(error).__name__}: {error}".splitlines()[0]
        outcome.error = f"{log}\n{type(error).__name__}: {error}".strip()


def _location(path: str, card: CardJson, cells: dict[int, int], lines: list[list[int]]) -> Location:
    span = card["span"]
    line, end = span["line"], span["end_line"]
    if span["file"] is not None:
        shown = os.path.relpath(span["file"])
        return Location(shown, None, line, span["column"], end, span["end_column"], line, end)
    index = cells.get(span["execution_count"] or 0)
    if index is None:
        return Location(path)
    inside = lines[index]

    def in_file(number: int | None) -> int | None:
        return inside[number - 1] if number is not None and 0 < number <= len(inside) else None

    return Location(
        path, index + 1, line, span["column"], end, span["end_column"], in_file(line), in_file(end)
    )
