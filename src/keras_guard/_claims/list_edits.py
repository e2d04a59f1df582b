"""Several edits of one model's list of layers, added up.

Every read of ``model.layers`` is a fresh list, so edits made one after another each start from the
model's own list; the user meant them to add up. An edit says where it is by its index and by the
layers beside it. Where these lead to two lists, the edit is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .._adapter.graph_facts import maker_of_tensor
from .._adapter.graph_input import sequential_input
from .._adapter.membership import same_items, visible_layers
from .._data.edits import ListEdit
from .._data.refused import RebuildRefused
from .._data.types import Layer, Model

Change = tuple[int, int, list[Layer]]


def fold(owner: Model, edits: Sequence[ListEdit]) -> tuple[list[Layer], list[Layer]]:
    """Return the model's list before all edits, and what the user believes it holds now.

    Raises:
        RebuildRefused: For an edit whose place in the list is not clear after the earlier ones.
    """
    first = restored(owner, min(edits, key=lambda edit: edit.number).before)
    return first, fold_on(list(first), owner, edits)


def fold_on(current: list[Layer], owner: Model, edits: Sequence[ListEdit]) -> list[Layer]:
    """Make all edits, in the order they were made, in a list that others may have changed already; see :func:`fold`."""
    for number, edit in enumerate(sorted(edits, key=lambda edit: edit.number), 1):
        current = _apply(current, restored(owner, edit.before), list(edit.after), f"edit {number}", owner)
    return current


def restored(owner: Model, before: Sequence[object]) -> list[Layer]:
    """Put the model's own layers where the record of a list lost them."""
    shown = visible_layers(owner)
    if len(shown) == len(before):
        return [own if item is None else item for item, own in zip(before, shown, strict=True)]
    return [item for item in before if item is not None]


def without_input(owner: Model, edit: ListEdit) -> ListEdit:
    """Leave a Sequential's own input out of the edit of a list that shows it; ``layers`` does not."""
    own = sequential_input(owner)
    first = edit.before[0] if edit.before else None
    if own is None or (first is not own and maker_of_tensor(first) is not own):
        return edit
    kept = bool(edit.after) and (edit.after[0] is first or edit.after[0] is own)
    return replace(edit, before=edit.before[1:], after=edit.after[1:] if kept else edit.after)


def _apply(
    current: list[Layer], before: list[Layer], after: list[Layer], which: str, owner: Model
) -> list[Layer]:
    if same_items(tuple(current), tuple(before)):
        return after
    changes = list(_changes(before, after))
    by_layer = _made(current, changes, lambda change: _place_by_layer(current, before, change))
    by_index = _made(current, changes, lambda change: _place_by_index(current, before, change))
    if by_layer is None and by_index is None:
        raise RebuildRefused(
            f"the edits of the list of {owner.name!r} overlap: what {which} changes is no longer there",
            ("make them on one list: `layers = model.layers`, then build a model from it",),
        )
    if by_layer is not None and by_index is not None and not same_items(tuple(by_layer), tuple(by_index)):
        raise RebuildRefused(
            f"{which} of the list of {owner.name!r} has two readings: each read of `layers` is a new list, "
            "without the earlier edits",
            (f"counted with the earlier edits: {_names(by_index)}", f"without them: {_names(by_layer)}"),
        )
    return by_layer if by_layer is not None else by_index or []


def _changes(before: list[Layer], after: list[Layer]) -> Iterator[Change]:
    """Yield (start, end, new items) of each change, the last one first."""
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag != "equal":
            yield start, end, after[new_start:new_end]


def _made(
    current: list[Layer], changes: Sequence[Change], place: Callable[[Change], int | None]
) -> list[Layer] | None:
    result = list(current)
    for change in changes:
        low = place(change)
        if low is None:
            return None
        result[low : low + change[1] - change[0]] = change[2]
    return result


def _place_by_layer(current: list[Layer], before: list[Layer], change: Change) -> int | None:
    """Return where the changed layers are now; for an insert, where the layer before it is."""
    start, end, _ = change
    if start == end:
        if start in (0, len(before)):
            return 0 if start == 0 else len(current)
        beside = _find(current, before[start - 1])
        return None if beside is None else beside + 1
    low = _find(current, before[start])
    if low is None or not same_items(tuple(current[low : low + end - start]), tuple(before[start:end])):
        return None
    return low


def _place_by_index(current: list[Layer], before: list[Layer], change: Change) -> int | None:
    """Return the index of a change, counted from the end where it is at the end."""
    start, end, _ = change
    low = start if end < len(before) else len(current) - (end - start)
    return low if 0 <= low <= len(current) - (end - start) else None


def _find(items: Sequence[object], wanted: object) -> int | None:
    """Return where an item is, where it is in one place only."""
    found = [i for i, item in enumerate(items) if item is wanted]
    return found[0] if len(found) == 1 else None


def _names(items: Sequence[object]) -> str:
    return ", ".join(repr(getattr(item, "name", type(item).__name__)) for item in items)
