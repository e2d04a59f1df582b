"""The same labextension in Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .axe import violations
from .conftest import ASSETS, Page, Server, wait_for
from .test_labextension import ACTIVE, button, count, keys, open_list, press, said, spans, stale_in
from .test_story import SETUP


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory, driver: Any) -> Iterator[Page]:
    """A notebook with an edit that was lost, in Notebook 7."""
    server = Server(tmp_path_factory.mktemp("notebook"), ASSETS, "notebook")
    page = Page(driver, server)
    page.open(server.write("lost.ipynb", SETUP))
    page.run(0)
    yield stale_in(page)
    server.close()


def test_notebook_has_card_marks_and_list(stale: Page) -> None:
    """Notebook, which has no status bar, has the count in its toolbar; keys, list and buttons work as in JupyterLab."""
    from selenium.webdriver import Keys

    assert spans(stale) != []
    stale.select(0)
    keys(stale, Keys.F8)
    assert stale.js(ACTIVE + "return n.activeCellIndex") == 2
    press(stale, "Explain")
    wait_for(lambda: stale.driver.find_elements("css selector", ".jp-Dialog .kg-page"), "the page")
    keys(stale, Keys.ESCAPE)
    press(stale, "Dismiss")
    wait_for(lambda: count(stale) == "keras_guard: 0 open", "the count to fall")
    press(stale, "Show")
    wait_for(lambda: count(stale) == "keras_guard: 1 open", "the count")
    listed = open_list(stale)
    assert "1 fit ran with the old encoder" in listed.text
    stale.picture("notebook-list")
    (card,) = stale.driver.find_elements("css selector", ".kg-card")
    assert violations(stale, card) + violations(stale, listed) == []
    press(stale, "Insert rebuild", ".kg-list")
    wait_for(lambda: len(stale.sources()) == 6, "the rebuild cell")
    assert button(stale, "Run rebuild").is_enabled()
    press(stale, "Run rebuild")
    wait_for(lambda: "resolved" in said(stale), "the edit to be resolved")
    assert len(stale.sources()) == 6
