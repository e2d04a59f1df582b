"""The pages that describe the public API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

import keras_guard
from keras_guard._data.diagnostic import Diagnostic, Span, State
from keras_guard._render.as_json import CardJson, CureJson, LayerJson, SpanJson, render_json
from tests.support.card_schema import CARD_SCHEMA

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


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        pytest.param(CARD_SCHEMA.schema, CardJson, id="card"),
        pytest.param(CARD_SCHEMA.schema["$defs"]["span"], SpanJson, id="span"),
        pytest.param(CARD_SCHEMA.schema["$defs"]["layer"], LayerJson, id="layer"),
        pytest.param(CARD_SCHEMA.schema["$defs"]["cure"], CureJson, id="cure"),
    ],
)
def test_the_published_schema_has_the_fields_of_the_types(part: dict[str, Any], kind: type) -> None:
    """The JSON schema requires and describes the fields that the typed dictionaries have, and no others."""
    fields = list(kind.__annotations__)
    assert part["required"] == fields
    assert list(part["properties"]) == fields
    assert all("description" in field or "$ref" in field for field in part["properties"].values())


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", "closed"), ("code", "KG1"), ("schema", 2), ("models", [1]), ("rebuild", None), ("span", {})],
)
def test_the_published_schema_refuses_what_is_no_card(field: str, value: object) -> None:
    """A card with a wrong value is not valid; the same card without it is."""
    card = render_json(Diagnostic("1", "KG101", "layer-list", State.OPEN, "model", Span(), "message"))
    CARD_SCHEMA.validate(card)
    with pytest.raises(jsonschema.ValidationError):
        CARD_SCHEMA.validate({**card, field: value})
