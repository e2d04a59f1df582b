"""The labextension: marks in the cell, a count with a list, a button that inserts the rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import ASSETS, Page, Server, wait_for
from .contrast import texts_of
from .test_story import BUILD, EDIT, SETUP, USE

EDITED_LINE = 'encoder = layers.Dense(128, activation="relu", name="wide")'


def spans(page: Page) -> list[str]:
    """Return the underlined code in the page."""
    return [node.text for node in page.driver.find_elements("css selector", ".cm-content .kg-span")]


def dots(page: Page) -> list[tuple[str, str]]:
    """Return the gutter marks as (classes, words of the tooltip)."""
    found = page.driver.find_elements("css selector", ".kg-gutter .kg-dot")
    return [(node.get_attribute("class"), node.get_attribute("title")) for node in found]


def count(page: Page) -> str:
    """Return what the status bar says."""
    found = page.driver.find_elements("css selector", ".kg-indicator")
    return next((node.text for node in found if node.is_displayed()), "")


def play(page: Page, *cells: str, up_to: int | None = None) -> None:
    """Open a notebook and run its cells; its kernel lives on, so that Keras is imported once."""
    page.open(page.server.write("lost.ipynb", *cells))
    for index in range(len(cells) if up_to is None else up_to):
        page.run(index)


@pytest.fixture
def stale(page: Page) -> Page:
    """A notebook whose third cell holds an edit that was lost."""
    play(page, SETUP, BUILD, EDIT, USE)
    wait_for(lambda: count(page) == "keras_guard: 1 open", "the count")
    return page


def test_marks_follow_the_state(page: Page) -> None:
    """The line is underlined and has a mark while pending and open, and neither once resolved."""
    play(page, SETUP, BUILD, EDIT, USE, up_to=3)
    wait_for(lambda: spans(page), "the underline")
    assert spans(page) == [EDITED_LINE]
    ((classes, name),) = dots(page)
    assert "kg-pending" in classes
    assert "KG102" in name
    assert count(page) == "keras_guard: 0 open, 1 pending"
    page.run(3)
    wait_for(lambda: count(page) == "keras_guard: 1 open", "the count to say open")
    ((classes, name),) = dots(page)
    assert "kg-open" in classes
    page.run(1)
    wait_for(lambda: count(page) == "keras_guard: 0 open", "the count to fall")
    assert spans(page) == []
    assert dots(page) == []


def test_list_goes_to_the_line_and_inserts_the_rebuild(stale: Page) -> None:
    """The count opens a list; its entry goes to the line, its button inserts code that resolves the edit."""
    driver = stale.driver
    driver.find_element("css selector", ".kg-indicator").click()
    listed = driver.find_element("css selector", ".kg-list")
    assert listed.aria_role == "dialog"
    assert "KG102" in listed.text
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        stale.theme(theme)
        stale.picture(f"labextension-list-{'dark' if 'Dark' in theme else 'light'}")
        assert [(text, ratio) for text, ratio in texts_of(stale, listed) if ratio < 4.5] == []
    driver.find_element("css selector", ".kg-list .kg-go").click()
    active = "const n = window.jupyterapp.shell.currentWidget.content;"
    assert stale.js(active + "return [n.activeCellIndex, n.activeCell.editor.getCursorPosition().line]") == [
        2,
        1,
    ]
    driver.find_element("css selector", ".kg-indicator").click()
    before = len(stale.sources())
    driver.find_element("css selector", ".kg-list .kg-rebuild").click()
    wait_for(lambda: len(stale.sources()) == before + 1, "the rebuild cell")
    compile(stale.sources()[3], "rebuild", "exec")
    assert stale.js(active + "return n.activeCellIndex") == 3
    stale.picture("labextension-rebuild")
    stale.run(3)
    wait_for(lambda: count(stale) == "keras_guard: 0 open", "the edit to be resolved")
    assert "resolved" in stale.cards(2)[0].text


def test_marks_survive_a_reload(stale: Page) -> None:
    """After a reload of the page the marks and the count are there again, from the same kernel."""
    stale.command("docmanager:save")
    stale.driver.refresh()
    stale.until_ready()
    wait_for(lambda: "1 open" in count(stale), "the count after the reload", 20)
    wait_for(lambda: spans(stale) == [EDITED_LINE], "the underline after the reload", 20)


def test_mark_moves_with_the_text(stale: Page) -> None:
    """Typing above the line moves the mark along."""
    from selenium.webdriver import ActionChains, Keys

    stale.select(2)
    keys = ActionChains(stale.driver)
    keys.send_keys(Keys.ENTER).key_down(Keys.CONTROL).send_keys(Keys.HOME).key_up(Keys.CONTROL)
    keys.send_keys("x = 1").send_keys(Keys.ENTER).perform()
    wait_for(lambda: stale.sources()[2].startswith("x = 1\n"), "the typed line")
    assert spans(stale) == [EDITED_LINE]


def test_restart_forgets(stale: Page) -> None:
    """A restarted kernel knows of nothing, and the marks and the count go."""
    failed = stale.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        ".then(() => done(null), error => done(String(error)))"
    )
    assert failed is None
    wait_for(lambda: spans(stale) == [] and count(stale) == "", "the marks to go")
    stale.until_ready()
    for index in range(4):
        stale.run(index)
    wait_for(lambda: "1 open" in count(stale), "the count of the new kernel")


def test_list_is_closed_by_escape(stale: Page) -> None:
    """Escape closes the list and brings the focus back to the count."""
    from selenium.webdriver import ActionChains, Keys

    stale.driver.find_element("css selector", ".kg-indicator").send_keys(Keys.ENTER)
    wait_for(lambda: stale.driver.find_elements("css selector", ".kg-list"), "the list")
    ActionChains(stale.driver).send_keys(Keys.ESCAPE).perform()
    assert stale.driver.find_elements("css selector", ".kg-list") == []
    assert "kg-indicator" in stale.driver.switch_to.active_element.get_attribute("class")


@pytest.fixture(scope="module")
def bare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab without the labextension."""
    server = Server(tmp_path_factory.mktemp("bare"), None)
    yield server
    server.close()


def test_front_end_without_the_labextension_is_silent(bare_server: Server, driver: Any) -> None:
    """Where the labextension is missing the card is all there is: no error in the notebook or the console."""
    page = Page(driver, bare_server)
    driver.get_log("browser")
    play(page, SETUP, BUILD, EDIT)
    assert len(page.cards(2)) == 1
    assert page.driver.find_elements("css selector", ".kg-indicator, .kg-dot, .kg-span") == []
    said = [entry["message"] for entry in driver.get_log("browser") if "keras" in entry["message"].lower()]
    assert said == []
    errors = page.driver.find_elements("css selector", "[data-mime-type*=stderr]")
    assert [node.text for node in errors if "keras_guard" in node.text or "comm" in node.text.lower()] == []


@pytest.fixture(scope="module")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Notebook 7 with the labextension."""
    server = Server(tmp_path_factory.mktemp("notebook"), ASSETS, "notebook")
    yield server
    server.close()


def test_notebook_has_the_count_in_its_toolbar(notebook_server: Server, driver: Any) -> None:
    """Notebook, which has no status bar, shows marks and count alike, and inserts the rebuild."""
    page = Page(driver, notebook_server)
    play(page, SETUP, BUILD, EDIT, USE)
    wait_for(lambda: count(page) == "keras_guard: 1 open", "the count")
    assert spans(page) == [EDITED_LINE]
    assert "warning" in page.cards(2)[0].text
    driver.find_element("css selector", ".jp-NotebookPanel-toolbar .kg-indicator").click()
    page.picture("notebook-list")
    before = len(page.sources())
    driver.find_element("css selector", ".kg-list .kg-rebuild").click()
    wait_for(lambda: len(page.sources()) == before + 1, "the rebuild cell")
    page.run(3)
    wait_for(lambda: count(page) == "keras_guard: 0 open", "the edit to be resolved")
