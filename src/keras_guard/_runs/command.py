"""The command ``keras-guard run``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeAlias

from .living import kill_all
from .notebooks import How, check_packages, run_notebook
from .outcome import Outcome, RunError, exit_status
from .progress import Progress, standard_error
from .reports import FORMATS
from .scripts import run_script_process

#: What ``ArgumentParser.add_subparsers`` returns; argparse has no public name for its type.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
_NOTEBOOK = ".ipynb"
_CHECKPOINTS = ".ipynb_checkpoints"
_HELP = "run notebooks and scripts with the guard on, and report the edits they lose"
_STATUS = "Exit status: 0, 1 when an edit was lost, 2 when a notebook or script raised."


def add_command(subparsers: Subparsers) -> None:
    """Add ``run`` to a command line.

    Args:
        subparsers: What ``ArgumentParser.add_subparsers`` returned.
    """
    parser = subparsers.add_parser("run", help=_HELP, description=f"{_HELP.capitalize()}. {_STATUS}")
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="a notebook, a script, or a folder of notebooks"
    )
    parser.add_argument("--format", choices=sorted(FORMATS), default="text", help="of the report (text)")
    parser.add_argument(
        "--output", metavar="PATH", help="write executed notebooks: a file for one, a folder for several"
    )
    parser.add_argument("--strict", action="store_true", help="end a run before a stale model is used")
    parser.add_argument("--watch", metavar="PACKAGE", action="append", default=[], help="watch a package too")
    parser.add_argument("--ignore", metavar="CODE", action="append", default=[], help="do not report a rule")
    parser.add_argument("--kernel", metavar="NAME", help="an installed kernel for notebooks (this Python)")
    parser.add_argument("--timeout", metavar="SECONDS", type=float, help="for a cell or a script (none)")
    parser.add_argument("-j", "--jobs", metavar="N", type=int, default=1, help="how many at once (1)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on the standard error")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        return run_paths(arguments)
    except RunError as error:
        print(f"keras-guard: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("keras-guard: interrupted", file=sys.stderr)
        return 130


def run_paths(arguments: argparse.Namespace) -> int:
    """Run all paths and print the report.

    Args:
        arguments: The parsed arguments.

    Returns:
        The exit status.

    Raises:
        RunError: When a path cannot be run.
    """
    paths = list(_files(arguments.paths))
    notebooks = [path for path in paths if path.endswith(_NOTEBOOK)]
    if notebooks:
        check_packages()
    how = How(arguments.strict, arguments.watch, arguments.ignore, arguments.timeout, arguments.kernel)
    progress = Progress(len(paths), None if arguments.quiet else standard_error())
    output = _output_of(arguments.output, notebooks)

    def run(path: str) -> Outcome:
        step = partial(progress.step, path)
        if path.endswith(_NOTEBOOK):
            outcome = run_notebook(path, how, step, output(path))
        else:
            outcome = run_script_process(path, how, step)
        progress.end(outcome)
        return outcome

    try:
        outcomes = _run_all(paths, run, arguments.jobs)
    finally:
        progress.close()
    print(FORMATS[arguments.format](outcomes))
    return exit_status(outcomes)


def _run_all(paths: Sequence[str], run: Callable[[str], Outcome], jobs: int) -> list[Outcome]:
    # One job has a thread of its own, too: the main thread hears an interrupt, and not nbclient.
    with ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            return list(pool.map(run, paths))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_all()
            raise


def _files(paths: Sequence[str]) -> Iterator[str]:
    """Yield the files to run: of a folder, the notebooks in it."""
    for given in paths:
        if not os.path.isdir(given):
            yield given
            continue
        found = [
            path for path in sorted(Path(given).rglob(f"*{_NOTEBOOK}")) if _CHECKPOINTS not in path.parts
        ]
        if not found:
            raise RunError(f"there is no notebook in {given}")
        yield from map(str, found)


def _output_of(given: str | None, notebooks: Sequence[str]) -> Callable[[str], Path | None]:
    """Return where the executed form of each notebook is written."""
    if given is None:
        return lambda path: None
    if len(notebooks) == 1 and given.endswith(_NOTEBOOK):
        return lambda path: Path(given)
    if given.endswith(_NOTEBOOK):
        raise RunError("--output names one notebook, but several are run: give a folder")
    return lambda path: Path(given, os.path.relpath(path).replace(f"..{os.sep}", ""))
