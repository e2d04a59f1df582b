"""JupyterLab as a person opens it for the first time: an empty workspace, one notebook, the first edit."""

from __future__ import annotations

from typing import Any

from .conftest import Page, wait_for
from .test_labextension import count
from .test_story import BUILD, EDIT, SETUP


def test_count_is_there_at_the_first_edit(page: Page) -> None:
    """The notebook that was opened from the file browser has its count, though no other tab was ever visited."""
    from selenium.webdriver import ActionChains

    name = page.server.write("first.ipynb", SETUP, BUILD, EDIT)
    page.driver.get(f"{page.server.url}/lab?reset")

    def listed() -> Any:
        items = page.driver.find_elements("css selector", ".jp-DirListing-item")
        return next((item for item in items if name in item.text), None)

    ActionChains(page.driver).double_click(wait_for(listed, "the file browser")).perform()
    page.until_ready()
    for index in range(3):
        page.run(index)
    wait_for(lambda: page.cards(2), "the card")
    wait_for(lambda: count(page) == "keras_guard: 0 open, 1 pending", "the count", 10)
