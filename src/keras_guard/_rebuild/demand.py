"""What the edits ask of the new graph: how often each layer is called in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .._adapter.graph_facts import made_by
from .._adapter.membership import is_input
from .._adapter.read_graph import functional_of, read_graph
from .._claims.list_asked import called, calls_of, changed_counts, replaced_items
from .._data.types import Layer, Model
from .plan import ModelPlan, all_plans
from .refused import RebuildRefused


class Demand:
    """The calls that the new graph must have, of a model and the models called in it.

    It is kept from the edits themselves, apart from the intent and the plan, so that an edit which
    these lose is found.
    """

    def __init__(self, models: Sequence[Model]) -> None:
        self._root = models[0]
        self._tables = {id(model): calls_of(model) for model in models}
        self._items: dict[int, Layer] = {}
        self._bypassed: dict[int, dict[int, Layer]] = {}
        self._lost: dict[int, set[tuple[int, int]]] = {}
        for model in models:
            self._items.update((id(item), item) for item in called(model))

    def replaced(self, owners: Iterable[Model], old: Layer, new: Layer) -> None:
        """Note that ``new`` is to be called wherever ``old`` is."""
        if is_input(old):
            return
        for owner in owners:
            self._add(owner, new, self._tables[id(owner)].pop(id(old), 0))

    def inserted(self, owners: Iterable[Model], beside: Layer, new: Layer) -> None:
        """Note that ``new`` is to be called once for each call of ``beside``."""
        for owner in owners:
            self._add(owner, new, 1 if is_input(beside) else self._tables[id(owner)][id(beside)])

    def removed(self, owners: Iterable[Model], layer: Layer, keep: Layer = None) -> None:
        """Note that ``layer`` is not to be called any more, nor what only other inputs than ``keep`` need."""
        for owner in owners:
            self._tables[id(owner)].pop(id(layer), None)
            if keep is not None:
                self._bypassed.setdefault(id(owner), {})[id(layer)] = keep
                self._drop_unread(owner)

    def _drop_unread(self, owner: Model) -> None:
        """Take out the calls that no output needs when the bypassed ones pass on one input only."""
        graph = read_graph(functional_of(owner))
        bypassed, reached = self._bypassed[id(owner)], set[int]()
        waiting = [value.call for value in graph.flat_outputs() if value.call is not None]
        while waiting:
            call = waiting.pop()
            if id(call) not in reached:
                reached.add(id(call))
                keep = bypassed.get(id(call.operation))
                needed = [v for v in call.inputs() if keep is None or made_by(v) is keep]
                waiting += [v.call for v in needed if v.call is not None]
        for call in graph.calls:
            lost = (call.node_index, id(call.operation))
            if id(call) not in reached and lost not in self._lost.setdefault(id(owner), set()):
                self._lost[id(owner)].add(lost)
                self._tables[id(owner)][id(call.operation)] -= 1

    def listed(self, owner: Model, items: Sequence[Layer]) -> None:
        """Note what a Sequential is to be made of."""
        self._tables[id(owner)] = Counter()
        for item in items:
            self._add(owner, item, 1)

    def relisted(self, owner: Model, before: Sequence[Layer], after: Sequence[Layer]) -> None:
        """Note which layers came into a Functional's list, and which went out of it."""
        table = self._tables[id(owner)]
        instead = Counter[int]()
        for old, new in replaced_items(before, after):
            if not is_input(old):
                instead[id(new)] += table[id(old)] - 1  # it is called as often as the other one was
        for item, was, now in changed_counts(before, after):
            if now > was:
                self._add(owner, item, now - was + instead[id(item)])
            elif not now:
                table.pop(id(item), None)

    def _add(self, owner: Model, item: Layer, count: int) -> None:
        self._items[id(item)] = item
        self._tables[id(owner)][id(item)] += count

    def check(self, plan: ModelPlan) -> None:
        """Refuse a plan that has fewer or more calls of a layer than asked for."""
        plans = {id(inner.model): inner for inner in all_plans(plan)}
        faults: list[str] = []
        for owner in self._reachable():
            planned = plans.get(owner)
            if planned is None:
                found = calls_of(self._items.get(owner))
            else:
                found = Counter(id(step.part.item) for step in planned.steps)
            faults += self._differences(self._tables[owner], found)
        if faults:
            raise RebuildRefused(f"the rebuild would not do what the edits ask for: {'; '.join(faults)}")

    def _reachable(self) -> Iterator[int]:
        """Yield the ids of the models that the new graph calls, the outermost first."""
        waiting, seen = [id(self._root)], set()
        while waiting:
            owner = waiting.pop()
            if owner not in seen:
                seen.add(owner)
                yield owner
                waiting += [
                    key for key, count in self._tables[owner].items() if count and key in self._tables
                ]

    def _differences(self, wanted: Counter[int], found: Counter[int]) -> Iterator[str]:
        for key in wanted.keys() | found.keys():
            if wanted[key] != found[key]:
                name = getattr(self._items.get(key), "name", "a layer")
                yield f"{name!r} is called {found[key]} time{'s' * (found[key] != 1)} instead of {wanted[key]}"
