"""JupyterLab without the labextension: by itself, since it leaves the driver at another server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Page, Server
from .test_story import BUILD, EDIT, SETUP


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
    page.open(bare_server.write("lost.ipynb", SETUP, BUILD, EDIT))
    for index in range(3):
        page.run(index)
    assert len(page.cards(2)) == 1
    assert page.driver.find_elements("css selector", ".kg-indicator, .kg-card, .kg-span") == []
    logged = [entry["message"] for entry in driver.get_log("browser") if "keras" in entry["message"].lower()]
    assert logged == []
    errors = page.driver.find_elements("css selector", "[data-mime-type*=stderr]")
    assert [node.text for node in errors if "keras_guard" in node.text or "comm" in node.text.lower()] == []
