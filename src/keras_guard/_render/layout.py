"""The positions of the nodes of a panel: ranks from top to bottom, as in layered drawings of graphs.

The method is that of Sugiyama, Tagawa and Toda (1981), for graphs of a dozen nodes: ranks by longest path, a position
in each rank for the lines that cross it, order within a rank by the mean of the neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from .._data.picture import Panel

_SWEEPS = 4
_GAP = 18.0
_LINE_WIDTH = 14.0


@dataclass(eq=False)
class Position:
    """The position of a node, or of a line that crosses a rank.

    Attributes:
        key: Key of the node, ``None`` for a line.
        rank: Row, from 0 at the top.
        width: Its width in pixels.
        x: Its centre, from the panel's left edge.
    """

    key: str | None
    rank: int
    width: float
    x: float = 0.0
    above: list[Position] = field(default_factory=list)
    below: list[Position] = field(default_factory=list)


@dataclass
class Layout:
    """A panel with the positions of its nodes.

    Attributes:
        ranks: The positions of each rank, left to right.
        lines: For each edge of the panel, its positions, ends included.
        width: Of the whole panel, in pixels.
    """

    ranks: list[list[Position]]
    lines: list[list[Position]]
    width: float


def lay_out(panel: Panel, widths: Mapping[str, float]) -> Layout:
    """Return the positions of the nodes of a panel, whose nodes are in running order: edges point forward.

    ``widths`` has the width of each node in pixels, by key.
    """
    places = {key: Position(key, rank, widths[key]) for key, rank in _ranks(panel).items()}
    ranks: list[list[Position]] = [[] for _ in range(1 + max((p.rank for p in places.values()), default=0))]
    for node in panel.nodes:
        ranks[places[node.key].rank].append(places[node.key])
    lines = [_line(places[maker], places[reader], ranks) for maker, reader in panel.edges]
    for turn in range(_SWEEPS):
        _sort(ranks if turn % 2 == 0 else reversed(ranks), upward=turn % 2 == 1)
    return Layout(ranks, lines, _spread(ranks))


def _ranks(panel: Panel) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for node in panel.nodes:
        ranks[node.key] = 1 + max((ranks.get(maker, -1) for maker in panel.makers_of(node.key)), default=-1)
    # A source is directly above its first reader, not at the top of the panel.
    for node in panel.nodes:
        readers = panel.readers_of(node.key)
        if readers and not panel.makers_of(node.key):
            ranks[node.key] = max(0, min(ranks[reader] for reader in readers) - 1)
    return ranks


def _line(start: Position, end: Position, ranks: list[list[Position]]) -> list[Position]:
    passed = [Position(None, rank, _LINE_WIDTH) for rank in range(start.rank + 1, end.rank)]
    for place in passed:
        ranks[place.rank].append(place)
    line = [start, *passed, end]
    for upper, lower in pairwise(line):
        upper.below.append(lower)
        lower.above.append(upper)
    return line


def _sort(ranks: Iterable[list[Position]], *, upward: bool) -> None:
    """Order each rank by the positions of its neighbours in the rank before."""
    positions: dict[int, float] = {}
    for rank in ranks:
        for index, place in enumerate(rank):
            near = [positions[id(p)] for p in (place.below if upward else place.above) if id(p) in positions]
            place.x = sum(near) / len(near) if near else index / max(1, len(rank))
        rank.sort(key=lambda place: place.x)
        for index, place in enumerate(rank):
            positions[id(place)] = (index + 0.5) / len(rank)


def _spread(ranks: list[list[Position]]) -> float:
    """Set the x of every position; each rank is centred."""
    rooms = [sum(p.width for p in rank) + _GAP * (len(rank) - 1) for rank in ranks]
    width = max(rooms, default=0.0)
    for rank, room in zip(ranks, rooms, strict=True):
        left = (width - room) / 2
        for place in rank:
            place.x = left + place.width / 2
            left += place.width + _GAP
    return width
