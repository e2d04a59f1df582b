"""The words of a command's line; a place such as ``nets["a b"].model`` is one word."""

from __future__ import annotations

from .command_basics import CommandError


def words_of(line: str) -> list[str]:
    """Split a line at blanks outside of quotes and brackets; quotes around a whole word are removed.

    Raises:
        CommandError: For a quote that is not closed.
    """
    words: list[str] = []
    current, quote, depth = "", "", 0
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth = max(0, depth - 1)
        elif character.isspace() and not depth:
            words += [current] if current else []
            current = ""
            continue
        current += character
    if quote:
        raise CommandError("cannot read the line: No closing quotation")
    words += [current] if current else []
    return [_unquoted(word) for word in words]


def _unquoted(word: str) -> str:
    whole = len(word) > 1 and word[0] in "\"'" and word[-1] == word[0] and word[0] not in word[1:-1]
    return word[1:-1] if whole else word
