"""What all subcommands of ``%keras_guard`` share."""

from __future__ import annotations

from collections.abc import Iterable


class CommandError(Exception):
    """A command was given something it cannot work with; the text says what to do."""


def say(lines: list[str]) -> None:
    """Print the answer of a command."""
    print("\n".join(lines))  # noqa: T201 - what a magic says is its output


def no_arguments(name: str, words: list[str]) -> None:
    """Refuse arguments.

    Raises:
        CommandError: When there are some.
    """
    if words:
        raise CommandError(f"{name} takes no arguments, not `{' '.join(words)}`")


def closest(word: str, known: Iterable[str]) -> str:
    """Return a question after the known word that a misspelt one resembles; empty when none does."""
    import difflib

    found = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{found[0]}`?)" if found else ""
