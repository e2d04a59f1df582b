"""A picture as SVG, in an ``<img>`` that front ends keep in untrusted notebooks.

Inline SVG and style sheets are stripped there, and an image cannot know the page's theme. So boxes
bring their own background and text colour, and lines have a grey that shows on white and on black.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from html import escape

from .._data.picture import Node, Panel, Picture
from .as_sketch import spoken
from .layout import Layout, Position, lay_out
from .paint import FONT, clean

_TITLE_SIZE, _FACTS_SIZE = 12, 11
#: Widths of one character of the fonts named below, relative to their size.
_CHARACTER = 0.605
_MAX_CHARACTERS = 64
_PAD, _ROW, _BETWEEN, _MARGIN, _CAPTION = 7, 15, 24, 4, 32


@dataclass(frozen=True)
class _Ink:
    """The colours of a node and of the lines to it."""

    fill: str
    border: str
    text: str
    dash: str = ""

    def dashes(self) -> str:
        return f' stroke-dasharray="{self.dash}"' if self.dash else ""


_INKS = {
    " ": _Ink("#f3f4f6", "#6e7781", "#24292f"),
    "-": _Ink("#fde8e4", "#c4432b", "#5c1a0c", "5 3"),
    "+": _Ink("#e2f3e5", "#2c8a4b", "#0e3d1c"),
    "!": _Ink("#fdf0cd", "#9a6700", "#4d3300"),
}
_GLYPHS = {"-": "\N{MINUS SIGN} ", "+": "+ ", "!": "! "}
_LINE = "#767e87"


def picture_as_html(picture: Picture) -> str:
    """Return an ``<img>`` for each panel, with the panel in words for those who cannot see it.

    Panels are images of their own, so that a narrow page shows them below each other and not too small to read.
    """
    return "".join(
        _image(panel, mark, spoken(replace(picture, panels=(panel,))))
        for panel, mark in zip(picture.panels, "-+", strict=False)
    )


def _image(panel: Panel, mark: str, words: str) -> str:
    svg, width = panel_as_svg(panel, mark)
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(words, quote=True)}" width="{width}" '
        'style="max-width:100%;height:auto;margin:4px 28px 4px 0;display:inline-block;vertical-align:top">'
    )


def panel_as_svg(panel: Panel, mark: str) -> tuple[str, int]:
    """Return a panel as an SVG document, and its width in pixels; lines that only it has are in a mark's colour."""
    drawn = _DrawnPanel(panel, _INKS[mark])
    width, height = round(drawn.right + _MARGIN), round(drawn.bottom + _MARGIN)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{escape(FONT, quote=True)}">'
    )
    return head + "".join(drawn.parts) + "</svg>", width


class _DrawnPanel:
    """One panel."""

    def __init__(self, panel: Panel, own_ink: _Ink) -> None:
        self._own_edges, self._own_ink = panel.own_edges, own_ink
        self._nodes = {node.key: node for node in panel.nodes}
        widths = {node.key: _width(node) for node in panel.nodes}
        caption = panel.caption + (f" ({panel.left_out} more not drawn)" if panel.left_out else "")
        room = len(caption) * _TITLE_SIZE * _CHARACTER + 2 * _PAD
        layout = lay_out(panel, widths)
        self._left = _MARGIN + max(0.0, (room - layout.width) / 2)
        self._tops = self._rank_tops(layout)
        self.right = _MARGIN + max(room, layout.width)
        self.bottom = self._tops[-1]
        self.parts = [_caption(caption, (_MARGIN + self.right) / 2, room)]
        self.parts += map(self._line, layout.lines)
        for rank in layout.ranks:
            for place in rank:
                if place.key is not None:
                    self.parts += self._box(place, self._nodes[place.key])

    def _rank_tops(self, layout: Layout) -> list[float]:
        """Return where each rank begins, and where the last one ends."""
        tops = [float(_CAPTION + _BETWEEN * self._any(layout.ranks[0], "cut_above"))]
        for rank in layout.ranks:
            tall = max((_height(self._nodes[p.key]) for p in rank if p.key is not None), default=_ROW)
            tops.append(tops[-1] + tall + _BETWEEN)
        tops[-1] -= _BETWEEN / 2 if self._any(layout.ranks[-1], "cut_below") else _BETWEEN
        return tops

    def _any(self, rank: list[Position], attribute: str) -> bool:
        return any(p.key is not None and getattr(self._nodes[p.key], attribute) for p in rank)

    def _line(self, line: list[Position]) -> str:
        first, last = line[0], line[-1]
        assert first.key is not None
        assert last.key is not None
        ink = self._own_ink if (first.key, last.key) in self._own_edges else _Ink("", _LINE, "")
        x, y = self._left + first.x, self._tops[first.rank] + _height(self._nodes[first.key])
        path = [f"M{x:.1f} {y:.1f}"]
        for place in line[1:]:
            to_x, to_y = self._left + place.x, self._tops[place.rank] - (4 if place is last else 0)
            middle = (y + to_y) / 2
            path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
            x, y = to_x, to_y
            if place is not last:
                y = self._tops[place.rank + 1] - _BETWEEN
                path.append(f"L{x:.1f} {y:.1f}")
        curve = (
            f'<path d="{"".join(path)}" fill="none" stroke="{ink.border}" stroke-width="1.6"{ink.dashes()}/>'
        )
        return curve + _head(x, y, ink.border)

    def _box(self, place: Position, node: Node) -> list[str]:
        ink = _INKS[node.mark]
        x, y, tall = self._left + place.x, self._tops[place.rank], _height(node)
        parts = [
            f'<rect x="{x - place.width / 2:.1f}" y="{y:.1f}" width="{place.width:.1f}" height="{tall}" rx="5" '
            f'fill="{ink.fill}" stroke="{ink.border}" stroke-width="1.4"{ink.dashes()}/>',
            _text(_GLYPHS.get(node.mark, "") + node.title, x, y + _PAD + 9, _TITLE_SIZE, ink.text),
        ]
        if node.facts:
            parts.append(_text(node.facts, x, y + _PAD + 9 + _ROW, _FACTS_SIZE, ink.text))
        if node.cut_above:
            end = y - 4
            start = place.x + self._left - (0 if not place.above else place.width / 2 - 10)
            parts.append(_loose(start, end - _BETWEEN / 2, end) + _head(start, end, _LINE))
        if node.cut_below:
            start = place.x + self._left - (0 if not place.below else place.width / 2 - 10)
            parts.append(_loose(start, y + tall, y + tall + _BETWEEN / 2))
        return parts


def _width(node: Node) -> float:
    title = min(_MAX_CHARACTERS, len(clean(node.title)) + len(_GLYPHS.get(node.mark, "")))
    facts = min(_MAX_CHARACTERS, len(clean(node.facts)))
    return max(title * _TITLE_SIZE, facts * _FACTS_SIZE) * _CHARACTER + 2 * _PAD


def _height(node: Node) -> int:
    return 2 * _PAD + 11 + (_ROW if node.facts else 0)


def _caption(text: str, x: float, room: float) -> str:
    return (
        f'<rect x="{x - room / 2:.1f}" y="{_MARGIN}" width="{room:.1f}" height="20" rx="10" fill="#57606a"/>'
        + _text(text, x, _MARGIN + 14, _TITLE_SIZE, "#ffffff", limit=60)
    )


def _text(text: str, x: float, y: float, size: int, colour: str, limit: int = _MAX_CHARACTERS) -> str:
    shown = clean(text)
    if len(shown) > limit:
        shown = shown[: limit - 1] + "…"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="middle">'
        f"{escape(shown)}</text>"
    )


def _loose(x: float, top: float, bottom: float) -> str:
    """Draw a line that comes from, or goes to, what the panel leaves out."""
    return (
        f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{_LINE}" stroke-width="1.6" '
        'stroke-dasharray="2 3" fill="none"/>'
    )


def _head(x: float, y: float, colour: str) -> str:
    return f'<path d="M{x - 4:.1f} {y - 3:.1f}h8l-4 7z" fill="{colour}"/>'
