"""The demo notebook itself, run from the first cell to the last in JupyterLab."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from .conftest import ROOT, Page, wait_for

NAME = "reassigned_layers.ipynb"


@pytest.fixture(scope="module")
def demo(page: Page) -> Page:
    """The demo after "Run All Cells"."""
    shutil.copy(ROOT / "demo" / NAME, page.server.notebooks / NAME)
    page.open(NAME)
    page.command("notebook:run-all-cells")
    last = len(page.sources()) - 1
    wait_for(lambda: page.count(last) is not None, "the last cell of the demo", 180)
    return page


def _outputs(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.js(
        "return window.jupyterapp.shell.currentWidget.content.widgets"
        ".flatMap(w => w.model.type === 'code' ? w.model.outputs.toJSON() : [])"
    )
    return found


def test_demo_runs_to_its_end(demo: Page) -> None:
    """No cell fails, and each of the three rebuilds is proved by the cell behind it."""
    outputs = _outputs(demo)
    assert [output for output in outputs if output["output_type"] == "error"] == []
    texts = ["".join(output.get("text", "")) for output in outputs]
    assert sum(text.startswith("proved") for text in texts) == 3


def test_demo_shows_one_card_for_each_edit_and_resolves_it(demo: Page) -> None:
    """Three edits, three cards, each below its own cell and greyed once the rebuild has run."""
    cards = demo.cards()
    assert [card.get_attribute("class") for card in cards] == ["keras-guard keras-guard-resolved"] * 3
    with_card = [source for index, source in enumerate(demo.sources()) if demo.cards(index)]
    assert [source.partition(" =")[0] for source in with_card] == [
        "model.layers[0]",
        "classifier.layers[1]",
        "shared",
    ]
    demo.js("arguments[0].scrollIntoView({block: 'center'})", cards[1])
    demo.picture("demo")
