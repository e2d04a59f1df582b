"""One edit's story as a reader of the notebook sees it: pending, open, the rebuild, resolved in place."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from .conftest import Page, wait_for
from .contrast import texts_of

SETUP = """%load_ext keras_guard
import keras
from keras import layers
keras.utils.set_random_seed(1)"""
BUILD = """encoder = layers.Dense(64, activation="relu", name="encoder")
model = keras.Sequential([keras.Input((16,)), encoder, layers.Dense(10, name="logits")])
model.compile(loss="mse")"""
EDIT = """# a wider encoder
encoder = layers.Dense(128, activation="relu", name="wide")"""
USE = "history = model.fit(keras.ops.ones((32, 16)), keras.ops.ones((32, 10)), verbose=0)"
ASK = "%keras_guard rebuild model"


@dataclass
class Stage:
    """What the page held at one moment.

    Attributes:
        text: The card's visible text.
        html: Its HTML.
        role: Its role, by the browser's own accessibility tree.
        places: Which cells had a card.
        drawn: Each picture's width in pixels, as the browser decoded it, and its words.
        texts: Every visible text of the card with its contrast, by theme.
    """

    text: str
    html: str
    role: str
    places: list[int]
    drawn: list[tuple[int, str]]
    texts: dict[str, list[tuple[str, float]]] = field(default_factory=dict)


def _images(card: Any) -> list[Any]:
    return list(card.find_elements("css selector", "img"))


def _stage(page: Page, name: str) -> Stage:
    (card,) = page.cards(2)
    found = Stage(
        text=card.text,
        html=card.get_attribute("outerHTML"),
        role=card.aria_role,
        places=[i for i in range(len(page.sources())) if page.cards(i)],
        drawn=[],
    )
    wait_for(lambda: all(page.js("return arguments[0].complete", i) for i in _images(card)), "the pictures")
    for image in _images(card):
        found.drawn.append((page.js("return arguments[0].naturalWidth", image), image.get_attribute("alt")))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.theme(theme)
        page.js("arguments[0].scrollIntoView({block: 'center'})", card)
        for details in card.find_elements("css selector", "details"):
            page.js("arguments[0].open = true", details)
        found.texts[theme] = texts_of(page, card)
        page.picture(f"{name}-{'dark' if 'Dark' in theme else 'light'}")
    page.theme("JupyterLab Light")
    return found


@dataclass
class Story:
    """The stages, and what happened between them."""

    stages: dict[str, Stage]
    inserted: list[str]
    after: list[str]
    untrusted: Stage | None = None


@pytest.fixture(scope="module")
def story(page: Page) -> Story:
    """Play the story once."""
    page.open(page.server.write("story.ipynb", SETUP, BUILD, EDIT, USE, ASK))
    for index in range(3):
        page.run(index)
    stages = {"pending": _stage(page, "pending")}
    page.run(3)
    stages["open"] = _stage(page, "open")
    page.command("docmanager:save")
    shutil.copy(page.server.notebooks / "story.ipynb", page.server.notebooks / "received.ipynb")
    before = page.sources()
    page.run(4)
    wait_for(lambda: len(page.sources()) > len(before), "the rebuild cell")
    after = page.sources()
    page.picture("rebuild-cell")
    page.run(5)
    wait_for(lambda: "resolved" in page.cards(2)[0].text, "the card to be resolved")
    stages["resolved"] = _stage(page, "resolved")
    told = Story(stages, [cell for cell in after if cell and cell not in before], after)
    told.untrusted = _reopened(page)
    return told


def _reopened(page: Page) -> Stage:
    """Open the notebook as if a stranger had sent it."""
    import nbformat

    # As it was saved with the open card, and cut off from its signature.
    notebook = nbformat.read(page.server.notebooks / "received.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("sent to somebody else"))
    nbformat.write(notebook, page.server.notebooks / "received.ipynb")
    page.open("received.ipynb")
    trusted = page.js("return window.jupyterapp.shell.currentWidget.content.widgets[2].model.trusted")
    assert trusted is False
    return _stage(page, "untrusted")


STAGES = ["pending", "open", "resolved"]


@pytest.mark.parametrize("name", STAGES)
def test_card_stays_where_the_edit_was(story: Story, name: str) -> None:
    """Every state of the card stands below the cell of the edit, and nowhere else."""
    assert story.stages[name].places == [2]


@pytest.mark.parametrize("name", STAGES)
def test_card_says_its_state(story: Story, name: str) -> None:
    """The card's state is said in words and in its class, not by colour alone."""
    stage = story.stages[name]
    assert {"pending": "pending", "open": "warning", "resolved": "resolved"}[name] in stage.text
    assert f"keras-guard-{name}" in stage.html


def test_pending_card_is_compact(story: Story) -> None:
    """A pending card takes two lines at most and names the layer."""
    text = story.stages["pending"].text
    assert len(text.splitlines()) <= 2
    assert "encoder" in text


def test_open_card_shows_the_line_and_the_layers(story: Story) -> None:
    """The open card quotes the edited line, shows both layers and says what to do."""
    text = story.stages["open"].text
    assert 'encoder = layers.Dense(128, activation="relu", name="wide")' in text
    assert "64" in text
    assert "128" in text
    assert "rebuild" in text


def test_resolved_card_is_one_line(story: Story) -> None:
    """The resolved card is a single sentence that names the cell of the cure, and what ran until then."""
    first, *rest = story.stages["resolved"].text.splitlines()
    assert re.search(r"In\[\d+\]", first)
    assert rest == ["1 fit ran with the old encoder"]


def test_rebuild_cell_is_inserted_below(story: Story) -> None:
    """The code of the rebuild comes as one new cell right below the magic, and is Python."""
    (source,) = story.inserted
    assert story.after.index(source) == story.after.index(ASK) + 1
    compile(source, "rebuild", "exec")
    assert "encoder" in source


@pytest.mark.parametrize("name", STAGES)
def test_card_has_a_role(story: Story, name: str) -> None:
    """A screen reader announces the card as a status, with its words as text."""
    assert story.stages[name].role == "status"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("name", [*STAGES, "untrusted"])
def test_contrast(story: Story, name: str, theme: str) -> None:
    """Every text of the card stands out at least 4.5:1 against what is behind it."""
    stage = story.untrusted if name == "untrusted" else story.stages[name]
    assert stage is not None
    assert stage.texts[theme]
    poor = [(text, round(ratio, 2)) for text, ratio in stage.texts[theme] if ratio < 4.5]
    assert not poor


def test_untrusted_card_keeps_its_words(story: Story) -> None:
    """A notebook from a stranger shows the same words."""
    assert story.untrusted is not None
    assert story.untrusted.text == story.stages["open"].text


@pytest.mark.parametrize("name", ["open", "untrusted"])
def test_open_card_draws_before_and_after(story: Story, name: str) -> None:
    """The browser decodes the picture, and it has words for those who cannot see it, trusted or not."""
    stage = story.untrusted if name == "untrusted" else story.stages[name]
    assert stage is not None
    (now, now_words), (meant, meant_words), *folded = stage.drawn
    assert min(now, meant) > 100
    assert 'only now, Dense "encoder" (units=64)' in now_words
    assert 'new, Dense "wide" (units=128)' in meant_words
    assert any('Dense "logits"' in words for _, words in folded)


def test_open_card_is_read_in_seconds(story: Story) -> None:
    """The open card has at most 12 lines of text before anything is unfolded."""
    assert len(story.stages["open"].text.splitlines()) <= 12


@pytest.mark.parametrize("name", ["pending", "resolved"])
def test_short_cards_draw_nothing(story: Story, name: str) -> None:
    """A card of one or two lines has no picture."""
    assert story.stages[name].drawn == []


def test_completion_of_the_magic(story: Story, page: Page) -> None:
    """Tab after `%keras_guard re` completes to the subcommand."""
    from selenium.webdriver import ActionChains, Keys

    page.open(page.server.write("completion.ipynb", "%load_ext keras_guard", ""))
    page.run(0)
    page.select(1)
    keys = ActionChains(page.driver)
    keys.send_keys(Keys.ENTER).send_keys("%keras_guard re").perform()
    wait_for(lambda: page.sources()[1] == "%keras_guard re", "the typed text")

    def offered() -> list[Any] | bool:
        items = [item.text for item in page.driver.find_elements("css selector", ".jp-Completer-item")]
        return page.sources()[1].startswith("%keras_guard rebuild") or any("rebuild" in i for i in items)

    def offered_after_tab() -> list[Any] | bool:
        # JupyterLab drops an answer that takes the kernel more than a second: press Tab again then.
        ActionChains(page.driver).send_keys(Keys.TAB).perform()
        deadline = time.monotonic() + 3
        while not offered() and time.monotonic() < deadline:
            time.sleep(0.05)
        return offered()

    wait_for(offered_after_tab, "the completion")
