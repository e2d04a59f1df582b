"""``python -m keras_guard SCRIPT ...``: one script with the guard on."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from ._data.diagnostic import Diagnostic
from ._program.program_interface import Wishes
from ._program.script import ScriptError, run_script
from ._render.as_json import render_json
from ._render.as_text import render_text


def main() -> int:
    """Run the script that the command line names.

    Returns:
        The exit status of the script.
    """
    arguments = _parser().parse_args()
    try:
        return run_script(
            arguments.script,
            arguments.arguments,
            wishes=Wishes(ignored=frozenset(arguments.ignore), strict=arguments.strict),
            packages=arguments.watch,
            show=_recorder(arguments.report) if arguments.report else None,
        )
    except ScriptError as error:
        print(f"keras_guard: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m keras_guard",
        description="Run a script as Python does, and warn when an edit of a Keras model is lost.",
    )
    parser.add_argument("--strict", action="store_true", help="raise before a stale model is used")
    parser.add_argument("--watch", metavar="PACKAGE", action="append", default=[], help="watch a package too")
    parser.add_argument("--ignore", metavar="CODE", action="append", default=[], help="do not report a rule")
    parser.add_argument("--report", metavar="FILE", help="write cards to a file, a JSON object a line")
    parser.add_argument("script", metavar="SCRIPT", help="the script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="its arguments")
    return parser


def _recorder(report: str) -> Callable[[Diagnostic], None]:
    """Return what writes each state of each card to a file at once: a process may end at any time.

    The error that ends the script is written there, too.
    """
    path = Path(report).absolute()

    def write(entry: dict[str, object]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def record(diagnostic: Diagnostic) -> None:
        write({"card": render_json(diagnostic), "text": render_text(diagnostic, magics=False)})

    python_hook = sys.excepthook

    def record_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        write({"error": "".join(traceback.format_exception(kind, error, trace))})
        python_hook(kind, error, trace)

    sys.excepthook = record_error
    return record


if __name__ == "__main__":
    sys.exit(main())
