"""The published cases: one JSON object a line in ``cases.jsonl``, made of ``tests/corpus``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PUBLISHED = FOLDER / "cases.jsonl"
RESULTS = FOLDER / "results"

#: The fields of a case, in the order in which they are published.
FIELDS = (
    "id", "set", "source", "source_url", "source_kind", "symptom", "intent", "what_happens", "cells", "edits",
    "raises", "probes", "check", "measured", "ambiguous",
)  # fmt: skip


def published() -> list[dict[str, Any]]:
    """Return the published cases."""
    return [json.loads(line) for line in PUBLISHED.read_text(encoding="utf-8").splitlines()]


def sourced(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cases that name where they were found and hold a check of what happens."""
    return [case for case in cases if case["set"] == "sourced"]
