"""A diagnostic as the JSON that front ends and tools read."""

from __future__ import annotations

from typing import Any, TypedDict

from .._data.diagnostic import SCHEMA, Cure, Diagnostic, LayerFacts, Span


class SpanJson(TypedDict):
    """Where an edit is; lines and columns are 1-based, in the cell as the user sees it, or in the file."""

    execution_count: int | None
    cell_id: str | None
    line: int | None
    end_line: int | None
    column: int | None
    end_column: int | None
    file: str | None


#: The functional form, because one key is a keyword of Python.
LayerJson = TypedDict("LayerJson", {"name": str, "class": str})


class CureJson(TypedDict):
    """Code for a button: what it says, the cell, and whether it runs at once."""

    label: str
    code: str
    run: bool


class CardJson(TypedDict):
    """A diagnostic; the fields are those of :class:`Diagnostic`."""

    schema: int
    id: str
    code: str
    rule: str
    state: str
    model: str
    models: list[str]
    span: SpanJson
    message: str
    label: str
    notes: list[str]
    help: str
    graph_layer: LayerJson | None
    new_layer: LayerJson | None
    rebuild: bool
    resolution: str | None
    happened: str
    cures: list[CureJson]


def render_json(diagnostic: Diagnostic) -> CardJson:
    """Return the JSON object of a diagnostic (schema 1)."""
    return {
        "schema": SCHEMA,
        "id": diagnostic.id,
        "code": diagnostic.code,
        "rule": diagnostic.rule,
        "state": diagnostic.state.value,
        "model": diagnostic.model,
        "models": list(diagnostic.models),
        "span": _fields(diagnostic.span, SpanJson),
        "message": diagnostic.message,
        "label": diagnostic.label,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "graph_layer": _layer(diagnostic.graph_layer),
        "new_layer": _layer(diagnostic.new_layer),
        "rebuild": diagnostic.rebuild,
        "resolution": diagnostic.resolution,
        "happened": diagnostic.happened,
        "cures": [_fields(cure, CureJson) for cure in diagnostic.cures],
    }


def _fields(value: Span | Cure, kind: type) -> Any:
    """Return what an object holds under the keys of its JSON."""
    return {key: getattr(value, key) for key in kind.__annotations__}


def _layer(layer: LayerFacts | None) -> LayerJson | None:
    return None if layer is None else {"name": layer.name, "class": layer.cls}
