"""From sites and frames to spans the user can find."""

from __future__ import annotations

from .._data.diagnostic import Span
from .._instrument.code_ahead import NOTHING_AHEAD, Ahead, code_ahead, code_in_turn
from .._instrument.code_range import CodeRange, range_of_line
from .._instrument.runtime import Site
from .shell_interface import CellFrame, CellText, ShellInterface


def span_of_site(shell: ShellInterface, site: Site) -> Span:
    """Return the span of an instrumented place."""
    text = shell.text_of(site.cell) if site.file is None else shell.text_of_file(site.file)
    if text is None:
        return Span(execution_count=site.cell, line=site.line, end_line=site.end_line)
    lines = text.source.splitlines()
    first, last = site.line - text.offset, site.end_line - text.offset
    start = _characters(lines, first, site.column)
    end_line = first if site.end_column > site.column else last
    end = _characters(lines, end_line, site.end_column)
    return _span(text, CodeRange(first, end_line, start + 1, end + 1, site.function), lines)


def span_of_frame(shell: ShellInterface, frame: CellFrame | None, target: str | None = None) -> Span:
    """Return the span of the statement a cell's frame is at; unknown where there is no frame."""
    if frame is None:
        running = shell.cell
        return Span() if running is None else Span(execution_count=running.number, cell_id=running.cell_id)
    place = range_of_line(frame.cell.source, frame.line, target)
    if place is None:
        return Span(frame.cell.number, frame.cell.cell_id, frame.line + frame.cell.offset)
    lines = frame.cell.source.splitlines()
    if place.function is None and frame.function is not None:
        place = CodeRange(place.line, place.end_line, place.column, place.end_column, frame.function)
    return _span(frame.cell, place, lines)


def _span(text: CellText, place: CodeRange, lines: list[str]) -> Span:
    return Span(
        execution_count=text.number,
        cell_id=text.cell_id,
        line=place.line + text.offset,
        end_line=place.end_line + text.offset,
        column=place.column,
        end_column=place.end_column,
        text=tuple(lines[place.line - 1 : place.end_line]),
        function=place.function,
        file=text.file,
    )


def _characters(lines: list[str], line: int, byte_offset: int) -> int:
    if not 1 <= line <= len(lines):
        return byte_offset
    return len(lines[line - 1].encode()[:byte_offset].decode(errors="replace"))


def code_ahead_of(frames: list[CellFrame]) -> Ahead:
    """Return what all running cell code still does: the rest of each function, then of the cell."""
    ahead = NOTHING_AHEAD
    for depth, frame in enumerate(frames):
        ahead |= code_ahead(frame.cell.source, frame.line, from_call=depth > 0)
    return ahead


def code_in_turn_of(frames: list[CellFrame]) -> Ahead:
    """Return what the loops do that running cell code is in, the functions that they call included."""
    found, again = NOTHING_AHEAD, False
    for frame in reversed(frames):
        turn = code_in_turn(frame.cell.source, frame.line, again=again)
        again = again or turn is not None
        found |= turn or NOTHING_AHEAD
    return found
