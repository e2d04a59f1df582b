"""Several edits of one model's list of layers, added up."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from .._adapter.membership import same_items, visible_layers
from .._data.edits import ListEdit
from .refused import RebuildRefused


def fold(owner: Any, edits: Sequence[ListEdit]) -> tuple[list[Any], list[Any]]:
    """Return the model's list before all edits and what the user believes it holds now.

    Every read of ``model.layers`` is a fresh list, so edits made one after another each start
    from the model's own list; the user meant them to add up.
    """
    first = _restored(owner, edits[0].before)
    current = list(first)
    for edit in edits:
        current = _apply(current, _restored(owner, edit.before), list(edit.after), owner)
    return first, current


def _restored(owner: Any, before: Sequence[Any]) -> list[Any]:
    """Put the model's own layers where the record of a list lost them."""
    shown = visible_layers(owner)
    if len(shown) == len(before):
        return [own if item is None else item for item, own in zip(before, shown, strict=True)]
    return [item for item in before if item is not None]


def _apply(current: list[Any], before: list[Any], after: list[Any], owner: Any) -> list[Any]:
    """Make the change from ``before`` to ``after`` in a list that earlier edits changed already."""
    if same_items(tuple(current), tuple(before)):
        return after
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    result = list(current)
    offset_from_end = len(before)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        added = after[new_start:new_end]
        low = _position(result, before, start, end, owner, at_end=start >= offset_from_end)
        count = min(end - start, len(result) - low)
        result[low : low + count] = added
    return result


def _position(
    current: list[Any], before: list[Any], start: int, end: int, owner: Any, *, at_end: bool
) -> int:
    """Return the index in ``current`` of a change of ``before[start:end]``."""
    if start == end:
        if start == len(before):
            return len(current)
        if start == 0:
            return 0
        anchor = _find(current, before[start - 1])
        if anchor is not None:
            return anchor + 1
    found = _find(current, before[start]) if start < len(before) else None
    if found is not None:
        return found
    if len(current) == len(before):
        return start
    if end == len(before):
        return max(0, len(current) - (end - start))
    if start == 0:
        return 0
    raise RebuildRefused(
        f"the edits of the list of {owner.name!r} overlap: item {start} was already taken out by an earlier one",
        ("make them on one list: `layers = model.layers`, then build a model from it",),
    )


def _find(items: Sequence[Any], wanted: Any) -> int | None:
    return next((i for i, item in enumerate(items) if item is wanted), None)
