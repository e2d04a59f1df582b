"""A picture as text: one column of layers with marks, and the layers that each of them reads."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from .._data.picture import Node, Panel, Picture
from .paint import Line, clean

_LEGEND = {2: " (- runs now, + your edit)", 1: " (! concerned)"}


def sketch(picture: Picture) -> list[Line]:
    """Return the picture as lines that are not fitted yet."""
    rows = _rows(picture.panels)
    wide = max(len(clean(node.title)) for node, _ in rows)
    measures = max(len(node.facts) for node, _ in rows)
    straight = all(_is_chain(panel) for panel in picture.panels)
    where = f" in `{picture.model}`" if picture.model else ""
    lines = [Line(f"  around the edit{where}{_LEGEND[len(picture.panels)]}:", indent=4)]
    for node, reads in rows:
        text = f"  {node.mark} {clean(node.title):{wide}}  {node.facts:{measures}}"
        if reads and not straight:
            text += f"  <- {reads}"
        lines.append(Line(text.rstrip(), node.mark, indent=8))
    left_out = max(panel.left_out for panel in picture.panels)
    return [*lines, Line(f"    ... {left_out} more")] if left_out else lines


def spoken(picture: Picture) -> str:
    """Return the picture in a sentence a panel, for screen readers."""
    sentences = []
    for panel in picture.panels:
        parts = []
        for node in panel.nodes:
            reads = _reads(panel, node)
            parts.append(clean(f"{_MARKS[node.mark]}{node.title}{f' reads {reads}' if reads else ''}"))
        caption = clean(panel.caption)
        sentences.append(f"{caption[:1].upper()}{caption[1:]}: {'; '.join(parts)}.")
    return " ".join(sentences)


_MARKS = {" ": "", "-": "only now, ", "+": "new, ", "!": "concerned, "}


def _reads(panel: Panel, node: Node) -> str:
    names = {other.key: other.name for other in panel.nodes}
    reads = [names[maker] for maker in panel.makers_of(node.key)]
    return ", ".join([*reads, "..."] if node.cut_above and reads else reads)


def _rows(panels: tuple[Panel, ...]) -> list[tuple[Node, str]]:
    """Return the nodes of both panels in one column; a node of both panels is in it once."""
    before, after = panels[0], panels[-1]
    old, new = [n.key for n in before.nodes], [n.key for n in after.nodes]
    rows: list[tuple[Node, str]] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for offset, node in enumerate(before.nodes[start:end]):
            reads = _reads(before, node)
            if tag == "equal":
                now = _reads(after, after.nodes[new_start + offset])
                reads = reads if now == reads else f"{reads or 'nothing'}; your edit: {now or 'nothing'}"
                rows.append((node, reads))
            else:  # a kept layer at another position gets both marks
                rows.append((replace(node, mark="-"), reads))
        if tag != "equal":
            rows += [(replace(n, mark="+"), _reads(after, n)) for n in after.nodes[new_start:new_end]]
    return rows


def _is_chain(panel: Panel) -> bool:
    keys = [node.key for node in panel.nodes]
    return list(panel.edges) == list(pairwise(keys))
