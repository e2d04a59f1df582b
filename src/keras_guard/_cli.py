"""The ``keras-guard`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ._autoload import add_commands
from ._runs.command import add_command
from ._version import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit status.
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keras-guard",
        description="Warns in the notebook when an edit of a Keras model was silently lost.",
    )
    parser.add_argument("--version", action="version", version=f"keras-guard {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    demo = commands.add_parser(
        "demo", help="run the demo notebook in a real kernel and print what a user sees"
    )
    demo.add_argument("--verbose", action="store_true", help="print every cell and every card whole")
    demo.set_defaults(run=_demo)
    explain = commands.add_parser("explain", help="explain a rule, or list all of them")
    explain.add_argument("code", nargs="*", metavar="CODE", help="a code or a name, as KG101 or layer-list")
    explain.set_defaults(run=_explain)
    add_command(commands)
    add_commands(commands)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    from ._demo import DemoError, run_demo

    try:
        return run_demo(verbose=arguments.verbose)
    except DemoError as error:
        print(f"keras-guard: {error}", file=sys.stderr)
        return 2


def _explain(arguments: argparse.Namespace) -> int:
    from ._render.as_page import explanation

    text = explanation(arguments.code)
    if text is None:
        print("keras-guard: no such rule; `keras-guard explain` lists them", file=sys.stderr)
        return 2
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
