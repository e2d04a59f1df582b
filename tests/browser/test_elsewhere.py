"""The card in front ends that know nothing of JupyterLab: no variables of its themes, and no scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keras_guard._data.diagnostic import Diagnostic, DiffRow, LayerFacts, Span, State
from keras_guard._render import render_html

from .contrast import ratio, texts_of, to_rgba

_OLD = LayerFacts("encoder", "Dense", "units=64", (None, 64), 1088)
_NEW = LayerFacts("wide", "Dense", "units=128", None, None)

#: The page around the card, as each front end sets it: the text's colour, the ground, and its variables.
PAGES = {
    "colab-light": "color:#1f1f1f;background:#ffffff;font-family:Roboto,sans-serif",
    "colab-dark": "color:#e3e3e3;background:#383838;font-family:Roboto,sans-serif",
    "vscode-light": "color:#3b3b3b;background:#ffffff;--vscode-charts-red:#e51400;--vscode-charts-green:#388a34",
    "vscode-dark": "color:#cccccc;background:#1f1f1f;--vscode-charts-red:#f14c4c;--vscode-charts-green:#89d185",
    "plain": "",
}


def _diagnostic(state: State) -> Diagnostic:
    line = 'encoder = layers.Dense(128, name="wide")'
    return Diagnostic(
        id="kg-elsewhere",
        code="KG102",
        rule="rebound-layer",
        state=state,
        model="model",
        models=("model",),
        span=Span(3, None, 2, 2, 1, len(line) + 1, text=(line,)),
        message="`model` still uses the layer that `encoder` named before",
        label='binds `encoder` to Dense "wide"; `model` keeps Dense "encoder"',
        notes=("a model holds layer objects, not names",),
        help="run `%keras_guard rebuild model`",
        diff=(DiffRow("-", _OLD), DiffRow("+", _NEW)),
        resolution="`model` was built again (Cell In[6])",
    )


@pytest.fixture(params=list(PAGES))
def surroundings(request: pytest.FixtureRequest, driver: Any, tmp_path: Path) -> Any:
    """A page with a card of each state, as a front end without JupyterLab's variables shows it."""
    cards = "".join(render_html(_diagnostic(state)) for state in State)
    file = tmp_path / "page.html"
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><body style="{PAGES[request.param]}">{cards}', encoding="utf-8"
    )
    driver.get(file.as_uri())
    for details in driver.find_elements("css selector", "details"):
        driver.execute_script("arguments[0].open = true", details)
    return request.param


class _Plain:
    """What ``texts_of`` needs of a page."""

    def __init__(self, driver: Any) -> None:
        self.js = driver.execute_script


def test_every_text_can_be_read(surroundings: str, driver: Any) -> None:
    """Texts of all states stand out at least 4.5:1 on the front end's own ground, light or dark."""
    texts = texts_of(_Plain(driver), driver.find_element("css selector", "body"))
    assert len(texts) > 20
    assert [(text, round(contrast, 2)) for text, contrast in texts if contrast < 4.5] == []


def test_states_are_told_apart_by_fixed_colours(surroundings: str, driver: Any) -> None:
    """Without JupyterLab's variables the accents are the fixed ones: three, each at least 3:1 to the ground on white."""
    borders = [
        driver.execute_script("return getComputedStyle(arguments[0]).borderLeftColor", card)
        for card in driver.find_elements("css selector", ".keras-guard")
    ]
    assert len(set(borders)) == 3
    if "dark" not in surroundings:
        assert all(ratio(to_rgba(border)[:3], (255, 255, 255)) >= 3 for border in borders)
