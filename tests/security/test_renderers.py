"""Names, configs and source lines of strangers stay text in every renderer."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_guard._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from keras_guard._data.picture import Node, Panel, Picture
from keras_guard._data.views import ModelViews, ViewRow
from keras_guard._render import bundle, render_html, render_json, render_text
from keras_guard._render.as_views import views_as_html, views_as_text
from keras_guard._render.paint import clean
from tests.support.generated import examples

HOSTILE = [
    "<script>alert(1)</script>", "</pre></div><img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "' onclick='x",
    "`</code><b>`", "&lt;script&gt;", "&#60;b&#62;", "]]>", "<!--", "--!>", "javascript:alert(1)", "\x1b[2J\x1b[1;1H",
    "a\nb", "a\rb", "a\x00b", "a\x08\x08b", "\u202egnp.exe", "\u2028", "</details><iframe src=//x>", "%keras_guard off",
    "{{constructor}}", "<style>*{display:none}</style>", "</title>", "\ud7ff", "\U0001f600", "<a href=javascript:x>",
]  # fmt: skip

TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30) | st.builds("`{}`".format, st.sampled_from(HOSTILE))
LAYERS = st.builds(
    LayerFacts,
    TEXTS,
    TEXTS,
    TEXTS,
    st.none() | st.tuples(st.none(), st.integers(0, 9)),
    st.none() | st.integers(0, 9),
)
SPANS = st.builds(
    Span,
    st.none() | st.integers(1, 9), st.none() | TEXTS, st.none() | st.integers(1, 9), st.none() | st.integers(1, 9),
    st.integers(1, 40), st.integers(1, 60), st.lists(TEXTS, max_size=8).map(tuple), st.none() | TEXTS,
    st.none() | TEXTS,
)  # fmt: skip
NODES = st.builds(
    Node, st.just("a"), TEXTS, TEXTS, TEXTS, TEXTS, st.sampled_from("-+! "), st.booleans(), st.booleans()
)
PICTURES = st.builds(
    Picture,
    TEXTS,
    st.lists(st.builds(Panel, TEXTS, st.tuples(NODES), st.just(())), min_size=1, max_size=2).map(tuple),
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    id=TEXTS, code=TEXTS, rule=TEXTS, state=st.sampled_from(State), model=TEXTS, span=SPANS, message=TEXTS,
    label=TEXTS, models=st.lists(TEXTS, max_size=3).map(tuple), notes=st.lists(TEXTS, max_size=3).map(tuple),
    help=TEXTS, graph_layer=st.none() | LAYERS, new_layer=st.none() | LAYERS, rebuild=st.booleans(),
    diff=st.lists(st.builds(DiffRow, st.sampled_from(["-", "+", " "]), LAYERS, st.none() | st.integers(0, 9)), max_size=3)
    .map(tuple),
    resolution=st.none() | TEXTS, happened=TEXTS, pictures=st.lists(PICTURES, max_size=1).map(tuple),
)  # fmt: skip
ROWS = st.builds(
    ViewRow, st.none() | st.integers(0, 9), TEXTS, TEXTS, TEXTS, st.frozensets(st.sampled_from(["declared", "graph"])),
    st.lists(TEXTS, max_size=2).map(tuple),
)  # fmt: skip
VIEWS = st.builds(
    ModelViews, TEXTS, st.lists(ROWS, max_size=3).map(tuple), st.lists(TEXTS, max_size=2).map(tuple),
    st.lists(ROWS, max_size=2).map(tuple), st.lists(TEXTS, max_size=2).map(tuple),
)  # fmt: skip

TAGS = frozenset(
    [
        "div",
        "span",
        "b",
        "u",
        "code",
        "pre",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "ul",
        "li",
        "img",
    ]
)
ATTRIBUTES = frozenset({"style", "class", "role", "colspan", "scope", "aria-label"})


class Strict(HTMLParser):
    """Parses as a browser would, and accepts only what the renderers themselves write."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check a tag and its attributes."""
        assert tag in TAGS, tag
        if tag == "img":
            self._check_image(dict(attrs))
            return
        for name, value in attrs:
            assert name in ATTRIBUTES, name
            if name != "aria-label":
                assert value is not None
                assert not any(text in value for text in HOSTILE if len(text) > 3), value
                assert "url(" not in value
                assert "expression" not in value
        self.open.append(tag)

    def _check_image(self, attrs: dict[str, str | None]) -> None:
        """An image brings its own bytes, and they hold shapes and texts only."""
        assert set(attrs) == {"src", "alt", "width", "style"}
        head, _, data = (attrs["src"] or "").partition(",")
        assert head == "data:image/svg+xml;base64"
        root = ElementTree.fromstring(base64.b64decode(data, validate=True))
        for element in root.iter():
            assert element.tag.rpartition("}")[2] in ("svg", "rect", "path", "text")
            assert not any(name.startswith("on") or "href" in name for name in element.attrib)

    def handle_endtag(self, tag: str) -> None:
        """Check the nesting."""
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        """No comments."""
        raise AssertionError(f"comment {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text.append(data)


def _check(html: str) -> str:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert all(c.isprintable() or c in "\n\t" for c in html), "control characters"
    return "".join(parser.text)


@given(DIAGNOSTICS)
@settings(max_examples=examples(400), deadline=None)
def test_card_holds_hostile_text_as_text(diagnostic: Diagnostic) -> None:
    """Only the card's own tags and attributes come out of a parser, and the message reads as it was given."""
    text = _check(render_html(diagnostic)).casefold()
    message = clean(diagnostic.message).casefold()
    assert message in text or message.replace("`", "") in text


@given(VIEWS)
@settings(max_examples=examples(300), deadline=None)
def test_views_hold_hostile_text_as_text(views: ModelViews) -> None:
    """The same for the table of views."""
    text = _check(views_as_html(views))
    assert clean(views.name) in text


@given(DIAGNOSTICS)
@settings(max_examples=examples(300), deadline=None)
def test_text_moves_no_cursor(diagnostic: Diagnostic) -> None:
    """A terminal gets no control character from a name, coloured or not; a name adds no line."""
    text = render_text(diagnostic)
    assert all(c.isprintable() or c in "\n\t" for c in text)
    calm = render_text(diagnostic, colour=True)
    for code in ("\x1b[1;33m", "\x1b[1;31m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[0m"):
        calm = calm.replace(code, "")
    assert calm == text


@given(VIEWS)
@settings(max_examples=examples(200), deadline=None)
def test_views_as_text_move_no_cursor(views: ModelViews) -> None:
    """The same for the table of views as text."""
    assert all(c.isprintable() or c in "\n\t" for c in views_as_text(views))


@given(DIAGNOSTICS)
@settings(max_examples=examples(200), deadline=None)
def test_json_is_plain_data(diagnostic: Diagnostic) -> None:
    """The JSON part survives a round trip, and the bundle holds nothing but its three parts."""
    data = render_json(diagnostic)
    assert json.loads(json.dumps(data)) == data
    assert len(bundle(diagnostic)) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_clean_leaves_nothing_that_acts(text: str) -> None:
    """What ``clean`` returns prints on one line, from left to right."""
    assert clean(text).isprintable()
