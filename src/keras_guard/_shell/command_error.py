"""The error of a command that was given something it cannot work with."""

from __future__ import annotations


class CommandError(Exception):
    """A command was given something it cannot work with; the text says what to do."""
