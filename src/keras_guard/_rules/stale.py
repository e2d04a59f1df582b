"""What the rules of the third view share: edits that a traced function does not see."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from .._adapter.membership import graph_layers
from .._adapter.reads import ALL_KINDS
from .._adapter.traces import layers_identity
from .._adapter.uses import Use
from .._data.diagnostic import LayerFacts, Span
from .._instrument.names import Ahead
from .base import Desk

Kinds = frozenset[str]
#: What throws every traced function of a model away, or makes a new one.
RETRACES = frozenset({"compile", "make_train_function", "make_test_function", "make_predict_function"})


def stale_kinds(desk: Desk, model: Any, target: Any, name: str, kinds: Kinds = ALL_KINDS) -> Kinds:
    """Return the traced functions of ``model`` made while an attribute of ``target`` had another value."""
    traces = desk.traces.of(model)
    return frozenset(
        kind
        for kind in kinds
        if any(desk.attribute_changed_since(target, name, facts.number) for facts in traces.all_facts(kind))
    )


def was_said(model: Any, desk: Desk, *codes: str) -> bool:
    """Whether something of these codes is pending or open of a model or of what it runs."""
    return any(entry.finding.code in codes for entry in desk.entries_of(model))


def stale_structure(model: Any, desk: Desk) -> Kinds:
    """Return the traced functions that run other layers than the model holds now."""
    now, traces = layers_identity(model), desk.traces.of(model)
    return frozenset(
        kind for kind in traces.kinds() if any(seen.layers != now for seen in traces.all_facts(kind))
    )


def opened_by_stale(
    desk: Desk, model: Any, target: Any, name: str, kinds: Kinds = ALL_KINDS
) -> Callable[[Use], bool]:
    """Return a judgement whether a use replays a trace made while an attribute had another value."""
    own, changed = weakref.ref(model), weakref.ref(target)

    def opened_by(use: Use) -> bool:
        living, edited = own(), changed()
        if living is None or edited is None or use.model is not living or use.kind not in kinds:
            return False
        return any(desk.attribute_changed_since(edited, name, facts.number) for facts in use.serving)

    return opened_by


def holds_stale(
    desk: Desk, model: Any, target: Any, name: str, kinds: Kinds = ALL_KINDS
) -> Callable[[], bool]:
    """Return a proof that some trace was made while an attribute had another value."""
    own, changed = weakref.ref(model), weakref.ref(target)

    def holds() -> bool:
        living, edited = own(), changed()
        if living is None or edited is None:
            return False
        return bool(stale_kinds(desk, living, edited, name, kinds))

    return holds


def until_the_cell_ends(ahead: Ahead) -> bool:
    """A stale trace does no harm until it runs, and the use opens the finding by itself."""
    return True


def compiles_ahead(desk: Desk, models: Iterable[Any]) -> Callable[[Ahead], bool]:
    """Return a judgement whether the code ahead compiles one of the models again, or binds its name."""
    references = [weakref.ref(model) for model in models]

    def waits(ahead: Ahead) -> bool:
        living = [m for m in (r() for r in references) if m is not None]
        names = [name for model in living for name in desk.names_of(model)]
        return ahead.calls(names, RETRACES) or desk.rebinds_ahead(ahead, living)

    return waits


def cause(code: str, span: Span, name: str, target: Any) -> tuple[Any, ...]:
    """Return the key under which the edits of one line are one finding."""
    if span.line is None:
        return (code, name, id(target))
    return (code, name, span.execution_count, span.file, span.line)


def functions(kinds: Iterable[str]) -> str:
    """Name traced functions in words: ``the traced `fit` and `predict` ``."""
    words = {"train": "`fit`", "test": "`evaluate`", "predict": "`predict`"}
    found = [words[kind] for kind in ("train", "test", "predict") if kind in set(kinds)]
    return "the traced " + (
        " and ".join(found) if len(found) < 3 else f"{found[0]}, {found[1]} and {found[2]}"
    )


def position(model: Any, layer: Any) -> int | None:
    """Return a layer's place in the running order of a model."""
    for index, item in enumerate(graph_layers(model)):
        if item is layer:
            return index
    return None


def layer_title(facts: LayerFacts) -> str:
    """Name a layer shortly: ``Dense "head"``."""
    return f'{facts.cls} "{facts.name}"'
