"""A diagnostic as text: the card for terminals, screen readers and logs."""

from __future__ import annotations

from .._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from .as_sketch import pictures_as_text
from .paint import Painter, clean, painter

_MAX_LINES = 4
#: A card has at most as many lines: some programs that drive kernels read no more.
MAX_CARD_LINES = 15


def render_text(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """Return the card as text, in the format of a compiler's messages.

    Args:
        diagnostic: What to render.
        colour: Whether to use ANSI colours; they never have a meaning of their own.
    """
    paint = painter(colour)
    if diagnostic.state is State.RESOLVED:
        words = f"keras_guard resolved [{diagnostic.code}]: {diagnostic.message} -- {diagnostic.resolution}"
        return "\n".join([paint("resolved", clean(words)), *_happened(diagnostic, indent="  ")])
    if diagnostic.state is State.PENDING:
        return "\n".join(_pending(diagnostic, paint))
    return "\n".join(_open(diagnostic, paint))


def _pending(diagnostic: Diagnostic, paint: Painter) -> list[str]:
    head = f"keras_guard pending [{diagnostic.code}]: {diagnostic.message} ({diagnostic.span.label()})"
    lines = [paint("title", clean(head))]
    if diagnostic.help:
        lines.append(clean(f"  help: {diagnostic.help}"))
    return lines + _happened(diagnostic, indent="  ")


def _open(diagnostic: Diagnostic, paint: Painter) -> list[str]:
    lines = [paint("open", clean(f"keras_guard warning [{diagnostic.code}]: {diagnostic.message}"))]
    lines.append(clean(f" --> {diagnostic.span.label()}"))
    lines += excerpt(diagnostic.span, diagnostic.label, paint)
    below = _happened(diagnostic)
    below += [clean(f"note: {note}") for note in diagnostic.notes]
    if diagnostic.help:
        below.append(clean(f"help: {diagnostic.help}"))
    below.append(paint("dim", clean(f"more: %keras_guard explain {diagnostic.code}")))
    picture = pictures_as_text(diagnostic.pictures, paint) or diff_lines(diagnostic.diff, paint)
    return [*lines, *_shortened(picture, MAX_CARD_LINES - len(lines) - len(below)), *below]


def _shortened(picture: list[str], room: int) -> list[str]:
    """Return a picture in at most ``room`` lines: without the layers around the edit, then without the last ones.

    Lines of what changed begin with a mark or a colour, those of the layers around it with blanks.
    """
    around = [index for index, line in enumerate(picture) if index and line.startswith("    ")]
    left_out = set(around[::-1][: max(0, len(picture) - room)])
    lines = [line for index, line in enumerate(picture) if index not in left_out]
    if len(lines) <= room:
        return lines
    kept = lines[: room - 1]
    return [*kept, f"    ... {len(lines) - len(kept)} more"] if len(kept) > 1 else []


def _happened(diagnostic: Diagnostic, indent: str = "") -> list[str]:
    """Return the line that says which uses ran the stale view; none when there were none."""
    return [clean(f"{indent}note: {diagnostic.happened}")] if diagnostic.happened else []


def excerpt(span: Span, label: str, paint: Painter) -> list[str]:
    """Return the marked lines with a caret under the edit."""
    if not span.known or not span.text:
        return [clean(f"  {label}")] if label else []
    first = span.line or 1
    width = len(str(first + len(span.text) - 1))
    lines = [f"{'':{width}} |"]
    for number, text in list(enumerate(span.text, first))[:_MAX_LINES]:
        lines.append(clean(f"{number:{width}} | {text}"))
        if number == first:
            lines.append(f"{'':{width}} | " + paint("caret", clean(_carets(span, text) + f" {label}")))
    if len(span.text) > _MAX_LINES:
        lines.append(f"{'':{width}} | ...")
    return lines


def _carets(span: Span, text: str) -> str:
    start = (span.column or 1) - 1
    end = (span.end_column or start + 2) - 1 if span.end_line == span.line else len(text.rstrip())
    return " " * start + "^" * max(1, end - start)


def diff_lines(rows: tuple[DiffRow, ...], paint: Painter) -> list[str]:
    """Return the layers before (``-``) and after (``+``), aligned."""
    if not rows:
        return []
    cells = [(row, *_columns(row.layer)) for row in rows]
    widths = [max(len(str(cell[i])) for cell in cells) for i in (1, 2, 3)]
    lines = ["  layers of the graph (-) and of the edit (+):"]
    for row, name, shape, params in cells:
        index = "" if row.index is None else str(row.index)
        text = (
            f"  {row.mark} {index:>3} {name:{widths[0]}}  {shape:{widths[1]}}  {params:>{widths[2]}}".rstrip()
        )
        lines.append(paint(row.mark, clean(text)))
    return lines


def _columns(layer: LayerFacts) -> tuple[str, str, str]:
    shape = "" if layer.shape is None else str(layer.shape)
    params = "not built" if layer.params is None else f"{layer.params:,} params"
    return layer.title(), shape, params
