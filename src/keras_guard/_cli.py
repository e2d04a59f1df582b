"""The ``keras-guard`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ._autoload import add_commands
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
    demo.set_defaults(run=_demo)
    add_commands(commands)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    from ._demo import DemoError, run_demo

    try:
        return run_demo()
    except DemoError as error:
        print(f"keras-guard: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
