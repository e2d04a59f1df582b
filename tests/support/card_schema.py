"""The published JSON schema of a card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_FILE = Path(__file__).parents[2] / "docs" / "schemas" / "card-v1.schema.json"


def _validator() -> Any:
    schema = json.loads(_FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


CARD_SCHEMA = _validator()
