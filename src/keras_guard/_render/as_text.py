"""A diagnostic as text: the card for terminals, screen readers and logs."""

from __future__ import annotations

import re
from dataclasses import replace

from .._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from .as_sketch import pictures_as_text
from .paint import Painter, clean, painter

_MAX_LINES = 6
#: A magic in the help of a card, for which programs have a function.
_REBUILD = re.compile(r"`%keras_guard rebuild ([^`]+)`")


def render_text(diagnostic: Diagnostic, *, colour: bool = False, magics: bool = True) -> str:
    """Return the card as text, in the format of a compiler's messages.

    Args:
        diagnostic: What to render.
        colour: Whether to use ANSI colours; they never have a meaning of their own.
        magics: Whether the reader can run magics.
    """
    paint = painter(colour)
    if not magics:
        diagnostic = for_programs(diagnostic)
    if diagnostic.state is State.RESOLVED:
        words = f"keras_guard resolved [{diagnostic.code}]: {diagnostic.message} -- {diagnostic.resolution}"
        return "\n".join([paint("resolved", clean(words)), *_happened(diagnostic, indent="  ")])
    if diagnostic.state is State.PENDING:
        return "\n".join(_pending(diagnostic, paint))
    more = f"{'%keras_guard' if magics else 'keras-guard'} explain {diagnostic.code}"
    return "\n".join([*_open(diagnostic, paint), paint("dim", clean(f"more: {more}"))])


def for_programs(diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic whose help names functions in place of magics."""
    return replace(diagnostic, help=_REBUILD.sub(r"`keras_guard.rebuild(\1, edits)`", diagnostic.help))


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
    lines += pictures_as_text(diagnostic.pictures, paint) or diff_lines(diagnostic.diff, paint)
    lines += _happened(diagnostic)
    lines += [clean(f"note: {note}") for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(clean(f"help: {diagnostic.help}"))
    return lines


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
