"""The pages that describe the public API."""

from __future__ import annotations

from pathlib import Path

import pytest

import keras_guard
from keras_guard._data.diagnostic import Diagnostic, Span, State
from keras_guard._render.as_json import render_json

DOCS = Path(__file__).parents[2] / "docs"
API = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "api").glob("*.md")))


@pytest.mark.parametrize("name", sorted(set(keras_guard.__all__) - {"__version__"}))
def test_every_public_name_has_an_entry(name: str) -> None:
    """The entry of a public name is made from its docstring."""
    assert f"\n::: keras_guard.{name}\n" in API + "\n"


def test_every_field_of_the_json_is_listed() -> None:
    """The table of the JSON names every field of a card and of its span."""
    diagnostic = Diagnostic("1", "KG101", "layer-list", State.OPEN, "model", Span(), "message")
    table = API.partition("## Cards as JSON")[2].partition("\n# ")[0]
    fields = {*render_json(diagnostic), *render_json(diagnostic)["span"]}
    assert {field for field in fields if f"`{field}`" not in table} == set()
