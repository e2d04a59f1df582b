"""Loading at kernel start: the startup file of the wheel, and the commands that turn it on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .commands import Subparsers


def add_commands(subparsers: Subparsers) -> None:
    """Add ``enable``, ``disable`` and ``status`` to the command line.

    Args:
        subparsers: What ``ArgumentParser.add_subparsers`` returned.
    """
    from .commands import add_commands as add

    add(subparsers)


__all__ = ["add_commands"]
