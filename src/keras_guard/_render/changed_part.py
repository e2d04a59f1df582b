"""The part of a picture that an edit changes: what a reader has to see first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .._data.picture import Node, Panel, Picture


def changed_part(picture: Picture) -> Picture:
    """Return the boxes that an edit changes, with the settings that differ; the picture itself if it has no others."""
    panels = tuple(_part(panel) for panel in picture.panels)
    if len(panels) == 2:
        before, after = panels
        panels = (_differing(before, after), _differing(after, before))
    return replace(picture, panels=panels)


def _part(panel: Panel) -> Panel:
    """Return the marked nodes of a panel; without any, the nodes whose wiring changed, else all."""
    shown = {node.key for node in panel.nodes if node.mark != " "}
    # Lines between kept layers: they are the change where no layer comes or goes.
    shown |= {key for edge in panel.own_edges if not shown.intersection(edge) for key in edge}
    if not shown:
        return panel
    edges = tuple(edge for edge in panel.edges if shown.issuperset(edge))
    nodes = tuple(_cut(node, panel, shown) for node in panel.nodes if node.key in shown)
    left_out = sum(node.mark != " " for node in panel.nodes) - sum(node.mark != " " for node in nodes)
    return replace(panel, nodes=nodes, edges=edges, own_edges=panel.own_edges & set(edges), left_out=left_out)


def _cut(node: Node, panel: Panel, shown: Collection[str]) -> Node:
    """Say that a node has neighbours that are not shown."""
    return replace(
        node,
        cut_above=node.cut_above or any(key not in shown for key in panel.makers_of(node.key)),
        cut_below=node.cut_below or any(key not in shown for key in panel.readers_of(node.key)),
    )


def _differing(panel: Panel, other: Panel) -> Panel:
    """Leave out the settings that a layer shares with the one it replaces, or is replaced by."""
    partners = [node for node in other.nodes if node.mark in "+-"]
    changed = [node for node in panel.nodes if node.mark in "+-"]
    titles = {node.key: node.short_title for node in panel.nodes}
    for node, partner in zip(changed, partners, strict=False):
        if len(changed) == len(partners) and _class(node) == _class(partner):
            own = [words for words in node.settings if words not in partner.settings]
            titles[node.key] += f" ({', '.join(own)})" if own else ""
        else:
            titles[node.key] = node.title
    for node in changed[len(partners) :]:
        titles[node.key] = node.title
    return replace(panel, nodes=tuple(replace(node, title=titles[node.key]) for node in panel.nodes))


def _class(node: Node) -> str:
    return node.title.partition(" ")[0]
