"""Wording shared by the rules: diffs of layer lists, cells, layers that may be gone."""

from __future__ import annotations

import difflib
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .._adapter.describe import describe_layer, record_layer
from .._adapter.face import is_layer
from .._adapter.graph_facts import maker_of_tensor
from .._data.diagnostic import DiffRow, LayerFacts
from .._data.edits import LayerRecord

_CONTEXT = 1


def opcodes(before: Sequence[Any], after: Sequence[Any]) -> list[tuple[str, int, int, int, int]]:
    """Return how one list became the other, comparing items by identity."""
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    return [code for code in matcher.get_opcodes() if code[0] != "equal"]


def diff_rows(before: Sequence[Any], after: Sequence[Any]) -> tuple[DiffRow, ...]:
    """Return the layers around an edit, before and after, as rows."""
    changes = opcodes(before, after)
    if not changes:
        return ()
    first, last = changes[0][1], changes[-1][2]
    rows = [DiffRow(" ", facts(before[i]), i) for i in range(max(0, first - _CONTEXT), first)]
    position = first
    for _, start, end, new_start, new_end in changes:
        rows += [DiffRow(" ", facts(before[i]), i) for i in range(position, start)]
        rows += [DiffRow("-", facts(before[i]), i) for i in range(start, end)]
        rows += [DiffRow("+", facts(after[i]), i) for i in range(new_start, new_end)]
        position = end
    rows += [DiffRow(" ", facts(before[i]), i) for i in range(last, min(len(before), last + _CONTEXT))]
    return tuple(rows[:12])


def facts(item: Any) -> LayerFacts:
    """Describe a layer, or whatever stands in a layer's place."""
    if is_layer(item) or isinstance(item, LayerRecord):
        return describe_layer(item)
    return LayerFacts(name=str(getattr(item, "name", "")) or "?", cls=type(item).__name__)


def removed_and_added(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the items only one of the two lists holds."""
    old, new = {id(i) for i in before}, {id(i) for i in after}
    return [i for i in before if id(i) not in new], [i for i in after if id(i) not in old]


def keep_weakly(items: Sequence[Any]) -> list[Callable[[], Any]]:
    """Return for each item a way to get it back: the object while it lives, else its record."""
    return [_remembered(item) for item in items]


def _remembered(item: Any) -> Callable[[], Any]:
    maker = maker_of_tensor(item)
    item = item if maker is None else maker  # a tensor means the layer that made it
    if not is_layer(item):
        kind = type(item).__name__
        return lambda: kind
    reference, record = weakref.ref(item), record_layer(item)

    def layer() -> Any:
        living = reference()
        return record if living is None else living

    return layer


def cell(number: int | None) -> str:
    """Name a cell as the user sees it."""
    return "an earlier cell" if number is None else f"Cell In[{number}]"


def any_lives(references: Sequence[Callable[[], Any]]) -> Iterator[Any]:
    """Yield the objects that still live."""
    for reference in references:
        value = reference()
        if value is not None:
            yield value
