"""Lines of code, wrapped as black wraps them.

Statements are written in one line each. A line that is too long is split at one pair of brackets,
one element a line, each with a comma behind it; elements that are still too long are split in turn.
Formatters leave such code as it is, whatever their line length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

#: The line length of black.
WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"
#: A comment in front of an element is between these; no name or literal holds them unescaped.
_COMMENT, _END = "\x01", "\x02"
_PIECE = 60


def commented(comment: str, element: str) -> str:
    """Return an element of a call or list with a comment in front of it."""
    return f"{_COMMENT}{comment}{_END}{element}" if comment else element


def laid_out(lines: Iterable[str]) -> str:
    """Return statements as text.

    Args:
        lines: One statement a line, indented by multiples of four spaces.
    """
    found: list[str] = []
    for line in lines:
        found += _wrapped(line)
    return "\n".join(found) + "\n"


def indented(lines: Iterable[str]) -> list[str]:
    """Return lines one level deeper."""
    return [f"    {line}" if line else "" for line in lines]


def _wrapped(line: str) -> list[str]:
    if line.lstrip().startswith("#"):
        return _comment_lines(line)
    if len(line) <= WIDTH and _COMMENT not in line:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    group = _group_to_split(line)
    if group is None:
        return [line.replace(_COMMENT, "").replace(_END, "")]
    body = line[group.start + 1 : group.end]
    found = [line[: group.start + 1]]
    elements = _elements(body)
    for element in elements:
        found += _element(element, f"{indent}    ", bare=line[group.start] == "(")
    if len(elements) == 1 and not body.rstrip().endswith(",") and found[-1].strip() in ("],", "},", "),"):
        found[-1] = found[-1][:-1]  # black puts no comma behind the one argument that it splits
    tail = f"{indent}{line[group.end :]}"
    if len(tail) <= WIDTH and _COMMENT not in tail:
        return [*found, tail]
    first, *rest = _wrapped(f"{indent}{line[group.end + 1 :]}")  # without the bracket, which opens no pair
    return [*found, f"{indent}{line[group.end]}{first.lstrip()}", *rest]


def _element(element: str, indent: str, *, bare: bool) -> Iterator[str]:
    if element.startswith(_COMMENT):
        comment, _, element = element[1:].partition(_END)
        yield from _comment_lines(f"{indent}# {comment}")
    name, equals, value = element.partition("=")
    given = f"{name}=" if equals and bare and name.isidentifier() else ""
    text = value if given else element
    if len(indent) + len(element) + 1 > WIDTH and _is_long_text(text):
        yield f"{indent}{given}("
        yield from (f"{indent}    {piece}" for piece in _pieces(text))
        yield f"{indent}),"
    else:
        *first, last = (
            _wrapped(f"{indent}{element},")
            if len(indent) + len(element) < WIDTH
            else (_wrapped(f"{indent}{element}"))
        )
        yield from first
        yield last if last.endswith(",") else f"{last},"


def _comment_lines(line: str) -> list[str]:
    """Wrap a comment between words."""
    indent = line[: len(line) - len(line.lstrip())]
    found: list[str] = []
    current = f"{indent}#"
    for word in line.lstrip()[1:].split():
        if len(current) + 1 + len(word) > WIDTH and current.strip() != "#":
            found.append(current)
            current = f"{indent}#"
        current += f" {word}"
    return [*found, current]


# Brackets


@dataclass(frozen=True)
class _Group:
    """A pair of brackets that is in no other one."""

    start: int
    end: int
    is_subscript: bool


def _group_to_split(line: str) -> _Group | None:
    """Return the pair to split: the longest one whose line before it is short, of those with a comment if any."""
    groups = [group for group in _groups(line) if not group.is_subscript and group.end - group.start > 1]
    groups = [group for group in groups if group.start < WIDTH] or groups[:1]
    marked = [group for group in groups if _COMMENT in line[group.start : group.end]]
    return max(marked or groups, key=lambda group: group.end - group.start, default=None)


def _groups(text: str) -> Iterator[_Group]:
    depth, start = 0, 0
    for position, character in _code(text):
        if character in _OPEN:
            if depth == 0:
                start = position
            depth += 1
        elif character in _CLOSE:
            depth -= 1
            if depth == 0:
                before = text[start - 1 : start]
                subscript = text[start] == "[" and (before.isalnum() or before in ("_", ")", "]"))
                yield _Group(start, position, subscript)


def _elements(body: str) -> list[str]:
    """Split what is between brackets at its commas."""
    depth, start, found = 0, 0, []
    for position, character in _code(body):
        depth += (character in _OPEN) - (character in _CLOSE)
        if character == "," and depth == 0:
            found.append(body[start:position].strip())
            start = position + 1
    found.append(body[start:].strip())
    return [element for element in found if element]


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Yield the characters outside of texts and comments."""
    quote, skip = "", False
    for position, character in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = character == "\\" and quote != _END
            quote = "" if character == quote else quote
        elif character == _COMMENT:
            quote = _END
        elif character in "\"'":
            quote = character
        else:
            yield position, character


# Long texts


def _is_long_text(text: str) -> bool:
    return text[:1] in ("'", '"') and next(_code(text), None) is None


def _pieces(text: str) -> Iterator[str]:
    """Split a text literal into several; no escape is cut in two."""
    quote, inner = text[0], text[1:-1]
    piece, rest = "", inner
    while rest:
        size = _escape_size(rest)
        piece, rest = piece + rest[:size], rest[size:]
        if len(piece) >= _PIECE or not rest:
            yield f"{quote}{piece}{quote}"
            piece = ""


def _escape_size(rest: str) -> int:
    if not rest.startswith("\\"):
        return 1
    return {"x": 4, "u": 6, "U": 10}.get(rest[1], 2)
