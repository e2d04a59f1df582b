"""Edits of the list of a Functional model: the list shows an order, not how layers are connected.

An edit is taken only where the order leaves one reading; every other one is refused with the
readings there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from .._adapter.graph import Graph
from .._adapter.graph_facts import made_by
from .._adapter.membership import is_input
from .._adapter.read_graph import read_graph
from .._data.edits import InsertAfter, InsertBefore, Remove, Replace
from .._data.types import Layer, Model
from .given import spelled
from .graph_edits import GraphEdit
from .refused import RebuildRefused


def list_changes(
    before: Sequence[Layer], after: Sequence[Layer]
) -> Iterator[tuple[int, list[Layer], list[Layer]]]:
    """Yield each change of a list: where it is, what was there, and what is there now."""
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            yield start, list(before[start:end]), list(after[new_start:new_end])


def edits_of_change(
    before: Sequence[Layer], start: int, old: list[Layer], new: list[Layer]
) -> Iterator[GraphEdit]:
    """Yield the edits that a change of a list means."""
    paired = min(len(old), len(new))
    for was, now in zip(old, new, strict=False):
        yield Replace(was, now)
    for gone in reversed(old[paired:]):
        yield Remove(gone)
    if start + paired == 0:
        for item in new:
            yield InsertBefore(before[0], item)
        return
    # What follows a swapped layer comes after it: the first of its place.
    for item in reversed(new[paired:]):
        yield InsertAfter(before[start + paired - 1], item)


class FunctionalList:
    """Reads how the list of a Functional's layers was changed."""

    def __init__(self, owner: Model, before: Sequence[Layer], after: Sequence[Layer]) -> None:
        self._owner = owner
        self._before = list(before)
        self._after = list(after)
        self._graph: Graph = read_graph(owner)

    def edits(self) -> Iterator[GraphEdit]:
        """Yield the edits of the graph that the list means.

        Raises:
            RebuildRefused: Where there are several readings, or none.
        """
        if not self._after:
            raise RebuildRefused(
                f"the list of {self._owner.name!r} is empty: a model needs at least one layer",
                ("put layers into the list, then rebuild",),
            )
        if self._is_permutation():
            yield from self._reordered()
            return
        for start, old, new in list_changes(self._before, self._after):
            if not old:
                self._check_inserted(start, new)
            yield from edits_of_change(self._before, start, old, new)

    def _check_inserted(self, position: int, new: list[Layer]) -> None:
        if position >= len(self._before):
            self._check_appended(new)
        elif position == 0:
            raise RebuildRefused(
                f"before {self._before[0].name!r} there is nothing to connect {new[0].name!r} to",
                (f"InsertAfter({self._before[0].name!r}, {spelled(new[0])})",),
            )
        else:
            self._check_edge(self._before[position - 1], self._before[position], new[0])

    def _check_appended(self, new: list[Layer]) -> None:
        outputs = self._graph.flat_outputs()
        last = self._before[-1]
        if len(outputs) != 1:
            raise RebuildRefused(
                f"{self._owner.name!r} has {len(outputs)} outputs; after which one is {new[0].name!r} to be called?",
                tuple(f"InsertAfter({made_by(v).name!r}, {spelled(new[0])})" for v in outputs[:6]),
            )
        if outputs[0].call is None or outputs[0].call.operation is not last:
            raise RebuildRefused(
                f"{last.name!r} is last in the list but does not make the output of {self._owner.name!r}",
                tuple(
                    f"InsertAfter({layer.name!r}, {spelled(new[0])})" for layer in (made_by(outputs[0]), last)
                ),
            )

    def _check_edge(self, above: Layer, below: Layer, new: Layer) -> None:
        """An insert between two neighbours of the list has one reading only where these are connected."""
        made = [v for call in self._graph.calls_of(above) for v in call.outputs]
        if is_input(above):
            made = [v for v in self._graph.flat_inputs() if made_by(v) is above]
        readers = [call for v in made for call in self._graph.consumers(v)]
        connected = any(call.operation is below for call in readers)
        is_output = any(v in self._graph.flat_outputs() for v in made)
        if connected and len(readers) == 1 and not is_output and len(made) == 1:
            return
        if not connected:
            reason = f"{above.name!r} and {below.name!r} are neighbours in the list but not connected"
        else:
            others = sorted({call.operation.name for call in readers if call.operation is not below})
            also = ", ".join(repr(name) for name in others) or "the model's output"
            reason = f"{above.name!r} feeds {below.name!r} and also {also}"
        raise RebuildRefused(
            f"{reason}; where is {new.name!r} to be called?",
            (
                f"InsertAfter({above.name!r}, {spelled(new)})",
                f"InsertBefore({below.name!r}, {spelled(new)})",
            ),
        )

    # Order

    def _is_permutation(self) -> bool:
        return (
            len(self._before) == len(self._after)
            and {id(i) for i in self._before} == {id(i) for i in self._after}
            and len({id(i) for i in self._after}) == len(self._after)
        )

    def _reordered(self) -> Iterator[GraphEdit]:
        chain = [layer for layer in self._before if not is_input(layer)]
        wanted = [layer for layer in self._after if not is_input(layer)]
        if not self._is_chain(chain):
            raise RebuildRefused(
                f"the layers of {self._owner.name!r} form no simple chain; another order says nothing about connections",
                ("say what shall be connected: Replace, InsertAfter, Remove",),
            )
        for was, now in zip(chain, wanted, strict=True):
            if was is not now:
                yield Replace(was, now)

    def _is_chain(self, layers: Sequence[Layer]) -> bool:
        calls = self._graph.calls
        if [id(c.operation) for c in calls] != [id(layer) for layer in layers]:
            return False
        previous = self._graph.flat_inputs()
        for call in calls:
            if len(previous) != 1 or list(call.inputs()) != previous:
                return False
            previous = call.outputs
        return previous == self._graph.flat_outputs()
