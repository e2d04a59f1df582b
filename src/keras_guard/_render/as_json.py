"""A diagnostic as the JSON that front ends and tools read."""

from __future__ import annotations

from typing import Any

from .._data.diagnostic import SCHEMA, Diagnostic, LayerFacts, Span


def render_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return the JSON object of a diagnostic (schema 1)."""
    return {
        "schema": SCHEMA,
        "id": diagnostic.id,
        "code": diagnostic.code,
        "rule": diagnostic.rule,
        "state": diagnostic.state.value,
        "model": diagnostic.model,
        "models": list(diagnostic.models),
        "span": _span(diagnostic.span),
        "message": diagnostic.message,
        "label": diagnostic.label,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "graph_layer": _layer(diagnostic.graph_layer),
        "new_layer": _layer(diagnostic.new_layer),
        "rebuild": diagnostic.rebuild,
        "resolution": diagnostic.resolution,
        "happened": diagnostic.happened,
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "execution_count": span.execution_count,
        "cell_id": span.cell_id,
        "line": span.line,
        "end_line": span.end_line,
        "column": span.column,
        "end_column": span.end_column,
    }


def _layer(layer: LayerFacts | None) -> dict[str, Any] | None:
    if layer is None:
        return None
    return {"name": layer.name, "class": layer.cls}
