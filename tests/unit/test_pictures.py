"""The drawing of a neighbourhood: boxes do not overlap, lines run down, and screen readers get sentences."""

from __future__ import annotations

import base64
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_guard._data.picture import Node, Panel, Picture
from keras_guard._render.as_sketch import sketch, spoken
from keras_guard._render.as_svg import panel_as_svg, picture_as_html
from keras_guard._render.changed_part import changed_part
from keras_guard._render.layout import lay_out
from keras_guard._render.paint import Look, laid_out
from tests.support.generated import examples

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Draw a panel whose edges point forward."""
    count = draw(st.integers(1, 9))
    nodes = tuple(
        Node(
            str(i),
            draw(st.text(max_size=60)),
            draw(st.text(max_size=9)),
            draw(st.sampled_from(["", "(None, 8), 72 params"])),
            draw(st.sampled_from(["", "call 1 of 2"])),
            draw(st.sampled_from(" -+!")),
            draw(st.booleans()),
            draw(st.booleans()),
        )
        for i in range(count)
    )
    pairs = [(str(a), str(b)) for a in range(count) for b in range(a + 1, count)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=14)) if pairs else []
    edges.sort(key=lambda pair: int(pair[1]))
    own = frozenset(edges[:2])
    return Panel(draw(st.text(max_size=20)), nodes, tuple(edges), own, draw(st.integers(0, 3)))


PICTURES = st.builds(Picture, st.text(max_size=9), st.lists(panels(), min_size=1, max_size=2).map(tuple))


@given(panels())
@settings(max_examples=examples(150), deadline=None)
def test_nothing_overlaps(panel: Panel) -> None:
    """Two boxes, or a box and a line that passes, never share a place."""
    layout = lay_out(panel, {node.key: 80.0 for node in panel.nodes})
    for rank in layout.ranks:
        for left, right in pairwise(rank):
            assert left.x + left.width / 2 < right.x - right.width / 2
    assert sorted(p.key for rank in layout.ranks for p in rank if p.key) == sorted(n.key for n in panel.nodes)


@given(panels())
@settings(max_examples=examples(150), deadline=None)
def test_lines_run_down_one_rank_at_a_time(panel: Panel) -> None:
    """Every edge becomes a line from its maker to its reader through each rank between them."""
    layout = lay_out(panel, {node.key: 80.0 for node in panel.nodes})
    assert [(line[0].key, line[-1].key) for line in layout.lines] == list(panel.edges)
    for line in layout.lines:
        assert all(lower.rank == upper.rank + 1 for upper, lower in pairwise(line))


@given(panels(), st.sampled_from("-+"))
@settings(max_examples=examples(150), deadline=None)
def test_svg_is_well_formed_and_holds_only_shapes_and_text(panel: Panel, mark: str) -> None:
    """Whatever the names are, an XML parser finds shapes and texts, and everything inside the image."""
    svg, width = panel_as_svg(panel, mark)
    root = ElementTree.fromstring(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "rect", "path", "text"}
    assert int(root.attrib["width"]) == width
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["x"]) >= 0
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + len(panel.nodes)


@given(PICTURES)
@settings(max_examples=examples(150), deadline=None)
def test_every_node_is_in_the_words(picture: Picture) -> None:
    """The text drawing has a line for each node, and the sentence for screen readers names each."""
    lines = laid_out(sketch(picture), Look())
    keys = {node.key for panel in picture.panels for node in panel.nodes}
    assert len(lines) >= 1 + len(keys)
    assert all("\n" not in line and "\x1b" not in line for line in lines)
    assert spoken(picture).count(";") >= sum(len(panel.nodes) - 1 for panel in picture.panels)


def _relative(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_relative(a), _relative(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mark", " -+!", ids=["kept", "removed", "added", "concerned"])
def test_contrast_in_every_theme(mark: str) -> None:
    """Texts have a contrast of 4.5:1 to their box; borders 3:1 to white and to JupyterLab's dark page."""
    svg, _ = panel_as_svg(Panel("here", (Node("0", "Dense", "d", mark=mark),), ()), "-")
    root = ElementTree.fromstring(svg)
    boxes, texts = list(root.iter(f"{SVG}rect")), list(root.iter(f"{SVG}text"))
    for box, text in zip(boxes, texts, strict=True):
        assert _contrast(box.attrib["fill"], text.attrib["fill"]) >= 4.5
    border = boxes[1].attrib["stroke"]
    assert _contrast(border, "#ffffff") >= 3
    assert _contrast(border, "#111111") >= 3


def test_image_is_a_data_uri_with_words() -> None:
    """The image needs no network, has its sentences as `alt`, and escapes names."""
    node = Node("0", '"><script>alert(1)</script>', "x")
    html = picture_as_html(Picture("", (Panel("runs now", (node,), ()),)))
    assert html.startswith('<img src="data:image/svg+xml;base64,')
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    match = re.search(r"base64,([^\"]+)", html)
    assert match is not None
    assert b"&lt;script&gt;" in base64.b64decode(match.group(1))


def _chain(mark: str, *names: str) -> Panel:
    nodes = tuple(Node(n, n, n, mark=mark if n.startswith("x") else " ") for n in names)
    return Panel("", nodes, tuple(pairwise(names)))


@given(PICTURES)
@settings(max_examples=examples(150), deadline=None)
def test_changed_part_keeps_every_change(picture: Picture) -> None:
    """The short picture has every marked box, and a box of its own only where the whole picture has it."""
    for whole, part in zip(picture.panels, changed_part(picture).panels, strict=True):
        marked = {node.key for node in whole.nodes if node.mark != " "}
        shown = {node.key for node in part.nodes}
        assert marked <= shown <= {node.key for node in whole.nodes}
        assert shown
        assert all(shown.issuperset(edge) for edge in part.edges)


def test_changed_part_shows_the_settings_that_differ() -> None:
    """Of a layer and its replacement only the settings that differ are shown; neighbours are left out."""

    def panel(mark: str, name: str, units: str) -> Panel:
        settings = (units, "activation='relu'")
        layer = Node(
            name, f'Dense "{name}" ({", ".join(settings)})', name, "8 params", mark=mark, settings=settings
        )
        edges = (("in", name), (name, "out"))
        return Panel(
            "", (Node("in", "input", "in"), layer, Node("out", "output", "out")), edges, frozenset(edges)
        )

    before, after = changed_part(Picture("", (panel("-", "a", "units=8"), panel("+", "b", "units=9")))).panels
    assert [node.title for node in before.nodes] == ['Dense "a" (units=8)']
    assert [node.title for node in after.nodes] == ['Dense "b" (units=9)']
    assert before.nodes[0].cut_above
    assert before.nodes[0].cut_below


def test_a_chain_is_told_without_arrows() -> None:
    """Where every layer reads the one above, the text says no more than the order."""
    lines = laid_out(sketch(Picture("", (_chain("-", "a", "x1", "b"), _chain("+", "a", "x2", "b")))), Look())
    assert [line.strip() for line in lines[1:]] == ["a", "- x1", "+ x2", "b"]


def test_a_moved_layer_is_marked_on_both_sides() -> None:
    """A kept layer that moved has a minus at its old position and a plus at its new one."""
    lines = laid_out(sketch(Picture("", (_chain("-", "a", "b", "c"), _chain("+", "b", "a", "c")))), Look())
    told = sorted(line.strip() for line in lines[1:])
    assert told in (["+ a", "- a", "b", "c"], ["+ b", "- b", "a", "c"])
