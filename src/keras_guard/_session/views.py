"""Putting the three views of a model beside each other."""

from __future__ import annotations

from collections.abc import Iterable

from .._adapter.describe import brief_value, describe_layer, weight_shapes
from .._adapter.membership import compile_objects, own_layers, visible_layers
from .._adapter.trace_facts import TraceFacts
from .._adapter.traces import existing_trace_kinds
from .._data.types import Layer, Model
from .._data.views import ModelViews, ViewRow
from .._ledger import Entry

_KINDS = ("train", "test", "predict")


def views_of(
    model: Model, name: str, entries: Iterable[Entry], facts: dict[str, list[TraceFacts]]
) -> ModelViews:
    """Return the views of a model.

    Args:
        model: The model.
        name: The user's name for it.
        entries: The live entries that concern it.
        facts: What is known of its traces, by kind.
    """
    entries = list(entries)
    layers = own_layers(model)
    declared = _declared(entries)
    # The index is that of `model.layers`: it counts inputs where Keras lists them, and not the layers inside others.
    index_of = {id(layer): index for index, layer in enumerate(visible_layers(model))}
    rows = [_row(index_of.get(id(layer)), layer, declared, entries, facts) for layer in layers]
    known = {describe_layer(layer).name for layer in layers}
    notes = [f"{e.diagnostic.code}: {e.diagnostic.message}" for e in entries if not _names(e) & known]
    traced = sorted(existing_trace_kinds(model), key=_KINDS.index)
    return ModelViews(
        name, tuple(rows), tuple(traced), tuple(_arguments(model, entries, facts)), tuple(notes)
    )


def _declared(entries: list[Entry]) -> dict[str, str]:
    """Return, by the name of a graph layer, what the user's edits put in its place."""
    found: dict[str, str] = {}
    for entry in entries:
        removed: list[str] = []
        for row in entry.finding.wording.diff:
            if row.mark == "-":
                removed.append(row.layer.name)
                found[row.layer.name] = "(removed)"
            elif row.mark == "+" and removed:
                found[removed.pop(0)] = row.layer.title()
    return found


def _names(entry: Entry) -> set[str]:
    words = entry.finding.wording
    names = {row.layer.name for row in words.diff if row.mark != " "}
    return names | ({words.graph_layer.name} if words.graph_layer else set())


def _row(
    index: int | None,
    layer: Layer,
    declared: dict[str, str],
    entries: list[Entry],
    facts: dict[str, list[TraceFacts]],
) -> ViewRow:
    about = describe_layer(layer)
    codes = tuple(dict.fromkeys(e.finding.code for e in entries if about.name in _names(e)))
    said = declared.get(about.name, about.title())
    frozen = "" if layer.trainable or not layer.weights else ", frozen"
    compiled, stale = _in_traces(layer, facts)
    differs = set()
    if about.name in declared or (codes and not stale):
        differs.add("declared")
    if stale:
        differs.add("compiled")
    shapes = weight_shapes(layer)
    return ViewRow(
        index,
        said + frozen,
        f"{about.name}{f' {shapes}' if shapes else ''}",
        compiled,
        frozenset(differs),
        codes,
    )


def _in_traces(layer: Layer, facts: dict[str, list[TraceFacts]]) -> tuple[str, bool]:
    """Say what the traces hold of a layer, and whether that is something else than what is true now."""
    words, stale = [], False
    variables = {id(v) for v in layer.trainable_variables}
    own = {id(v) for v in layer.variables}
    for kind, found in facts.items():
        for seen in found[-1:]:
            if id(layer) not in seen.layers:
                words.append(f"{kind}: not in it")
                stale = True
            elif kind == "train" and own:
                trained = own & set(seen.trainable or ())
                words.append("train: trained" if trained else "train: frozen")
                stale = stale or (trained != variables)
            else:
                words.append(kind)
    return ", ".join(words) or "-", stale


def _arguments(model: Model, entries: list[Entry], facts: dict[str, list[TraceFacts]]) -> Iterable[ViewRow]:
    codes = tuple(dict.fromkeys(e.finding.code for e in entries if e.finding.code == "KG204"))
    for name, value in compile_objects(model).items():
        said = [
            e.finding.wording
            for e in entries
            if e.finding.code == "KG204" and e.finding.wording.argument == name
        ]
        compiled, stale = "-", False
        train = facts.get("train", [])
        if name == "optimizer" and train:
            stale = train[-1].differs(model, "optimizer")
            compiled = "train: another one" if stale else "train: this one"
        differs = ({"compiled"} if stale else set()) | ({"declared"} if said else set())
        declared = said[-1].declared if said else brief_value(value)
        yield ViewRow(
            None,
            f"{name}={declared}",
            brief_value(value),
            compiled,
            frozenset(differs),
            codes if said else (),
        )
