"""A diagnostic as text: the card for terminals, screen readers and logs."""

from __future__ import annotations

import re
from dataclasses import replace

from .._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from .._data.picture import Picture
from .as_sketch import sketch
from .paint import Line, Look, laid_out, marked

_MAX_LINES = 4
#: A card has at most as many lines, before they are wrapped: some programs that drive kernels read no more.
MAX_CARD_LINES = 15
#: A magic in the help of a card, for which programs have a function.
_REBUILD = re.compile(r"`%keras_guard rebuild ([^`]+)`")


def render_text(
    diagnostic: Diagnostic, *, colour: bool = False, magics: bool = True, look: Look | None = None
) -> str:
    """Return the card as text, in the format of a compiler's messages.

    Args:
        diagnostic: What to render.
        colour: Whether to use ANSI colours; they never have a meaning of their own.
        magics: Whether the reader can run magics.
        look: How the text is shown, in place of ``colour``.
    """
    look = look or Look(colour=colour)
    if not magics:
        diagnostic = for_programs(diagnostic)
    if diagnostic.state is State.RESOLVED:
        words = f"keras_guard resolved [{diagnostic.code}]: {diagnostic.message} -- {diagnostic.resolution}"
        lines = [Line(words, "resolved", indent=2), *_happened(diagnostic, indent="  ")]
    elif diagnostic.state is State.PENDING:
        lines = _pending(diagnostic)
    else:
        more = f"{'%keras_guard' if magics else 'keras-guard'} explain {diagnostic.code}"
        lines = [*_open(diagnostic, look.width), Line(f"more: {more}", "dim")]
    return "\n".join(laid_out(lines, look))


def for_programs(diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic whose help names functions in place of magics."""
    return replace(diagnostic, help=_REBUILD.sub(r"`keras_guard.rebuild(\1, edits)`", diagnostic.help))


def _pending(diagnostic: Diagnostic) -> list[Line]:
    head = f"keras_guard pending [{diagnostic.code}]: {diagnostic.message} ({diagnostic.span.label()})"
    lines = [Line(head, "title", indent=2)]
    if diagnostic.help:
        lines.append(Line(f"  help: {diagnostic.help}", indent=8))
    return lines + _happened(diagnostic, indent="  ")


def _open(diagnostic: Diagnostic, width: int | None) -> list[Line]:
    lines = [Line(f"keras_guard warning [{diagnostic.code}]: {diagnostic.message}", "open", indent=2)]
    lines.append(Line(f" --> {diagnostic.span.label()}"))
    lines += excerpt(diagnostic.span, diagnostic.label, width)
    below = _happened(diagnostic)
    below += [Line(f"note: {note}", indent=6) for note in diagnostic.notes]
    if diagnostic.help:
        below.append(Line(f"help: {diagnostic.help}", indent=6))
    picture = picture_lines(diagnostic.pictures) or diff_lines(diagnostic.diff)
    # One line more says where the rule is explained.
    return [*lines, *_shortened(picture, MAX_CARD_LINES - 1 - len(lines) - len(below)), *below]


def _shortened(picture: list[Line], room: int) -> list[Line]:
    """Return a picture in at most ``room`` lines: without the layers around the edit, then without the last ones."""
    around = [index for index, line in enumerate(picture) if index and line.text.startswith("    ")]
    left_out = set(around[::-1][: max(0, len(picture) - room)])
    lines = [line for index, line in enumerate(picture) if index not in left_out]
    if len(lines) <= room:
        return lines
    kept = lines[: room - 1]
    return [*kept, Line(f"    ... {len(lines) - len(kept)} more")] if len(kept) > 1 else []


def _happened(diagnostic: Diagnostic, indent: str = "") -> list[Line]:
    """Return the line that says which uses ran the stale view; none when there were none."""
    words = f"{indent}note: {diagnostic.happened}"
    return [Line(words, indent=len(indent) + 6)] if diagnostic.happened else []


def excerpt(span: Span, label: str, width: int | None = None) -> list[Line]:
    """Return the marked lines with a caret under the edit; the label is below the carets if not beside them."""
    if not span.known or not span.text:
        return [Line(f"  {label}", indent=2)] if label else []
    first = span.line or 1
    wide = len(str(first + len(span.text) - 1))
    gutter = f"{'':{wide}} | "
    start, end = marked(span)
    lines = [Line("", gutter=gutter.rstrip())]
    for number, text in list(enumerate(span.text, first))[:_MAX_LINES]:
        part = (start, end) if number == first else (0, 0)
        shown, moved = _window(text, *part, None if width is None else width - len(gutter))
        lines.append(Line(shown, gutter=f"{number:{wide}} | "))
        if number == first:
            lines += _caret_lines(max(0, start - moved), end - start, label, gutter, width)
    if len(span.text) > _MAX_LINES:
        lines.append(Line("...", gutter=gutter))
    return lines


def _caret_lines(start: int, length: int, label: str, gutter: str, width: int | None) -> list[Line]:
    room = None if width is None else max(1, width - len(gutter) - start)
    carets = " " * start + "^" * (length if room is None else min(length, room))
    if room is None or len(gutter) + len(carets) + 1 + len(label) <= (width or 0):
        return [Line(f"{carets} {label}", "caret", gutter)]
    # On a line of its own, from the left: below the carets there may be no room.
    return [Line(carets, "caret", gutter), Line(label, "caret", gutter)]


def _window(text: str, start: int, end: int, room: int | None) -> tuple[str, int]:
    """Return the part of a source line that fits, and how far it has moved to the left.

    The marked part, from ``start`` to ``end``, is seen whole if there is room, else from its beginning.
    """
    if room is None or len(text) <= room:
        return text, 0
    room = max(8, room)
    until = end if end - start < room - 1 else start + room - 2
    if until < room:
        return f"{text[: room - 1]}…", 0
    cut = min(until - room + 2, len(text) - room + 1)
    shown = f"…{text[cut + 1 :]}"
    return (shown if len(shown) <= room else f"{shown[: room - 1]}…"), cut


def picture_lines(pictures: tuple[Picture, ...]) -> list[Line]:
    """Return the pictures of a card."""
    return [line for picture in pictures for line in sketch(picture)]


def diff_lines(rows: tuple[DiffRow, ...]) -> list[Line]:
    """Return the layers before (``-``) and after (``+``), aligned."""
    if not rows:
        return []
    cells = [(row, *_columns(row.layer)) for row in rows]
    widths = [max(len(str(cell[i])) for cell in cells) for i in (1, 2, 3)]
    lines = [Line("  layers of the graph (-) and of the edit (+):", indent=4)]
    for row, name, shape, params in cells:
        index = "" if row.index is None else str(row.index)
        text = (
            f"  {row.mark} {index:>3} {name:{widths[0]}}  {shape:{widths[1]}}  {params:>{widths[2]}}".rstrip()
        )
        lines.append(Line(text, row.mark, indent=10))
    return lines


def _columns(layer: LayerFacts) -> tuple[str, str, str]:
    shape = "" if layer.shape is None else str(layer.shape)
    params = "not built" if layer.params is None else f"{layer.params:,} params"
    return layer.title(), shape, params
