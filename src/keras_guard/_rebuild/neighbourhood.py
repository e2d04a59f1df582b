"""The neighbourhood of an edit: what runs now, and what the edit asks for.

Both sides are read as wirings, plain lists of calls and what each reads, and compared by key: the
same call keeps its key on both sides, a call of another layer gets another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._adapter.describe import describe_layer
from .._adapter.graph import Call, Graph, Spec
from .._adapter.graph_facts import maker_of
from .._adapter.keras_types import TYPES, is_layer
from .._adapter.membership import own_layers
from .._adapter.read_graph import functional_of, read_graph
from .._data.edits import LayerRecord
from .._data.picture import Node, Panel, Picture
from .._data.types import Model
from .._data.views import ModelViews
from .graph_edits import Intent, apply_edits, running_order
from .intent import infer
from .positions import models_in
from .refused import RebuildRefused

#: A panel shows at most so many nodes, and a card at most so many models.
_MAX_NODES = 9
_MAX_PICTURES = 3
#: Reading a graph takes about 0.1 ms a call; a card may not take longer than a blink.
_MAX_CALLS = 3000

NOW, MEANT, HERE = "runs now", "your edit", "the graph"


@dataclass(frozen=True)
class _Box:
    """A call as a wiring holds it."""

    node: Node
    reads: tuple[str, ...]


_Wiring = dict[str, _Box]


def pictures_of(model: Model, edits: Iterable[object]) -> tuple[Picture, ...]:
    """Return the neighbourhoods of edits, before and after, one for each model whose graph they change.

    Only what runs now, with the layers concerned marked, where the edits have more than one reading; nothing for
    models without a graph.
    """
    edits = tuple(edits)
    if not edits:
        return ()
    try:
        intent = infer(model, edits)
    except RebuildRefused:
        return _before_only(model, edits)
    found = []
    for owner in models_in(model):
        panels = _panels(owner, intent) if intent.edits(owner) else ()
        if panels:
            found.append(Picture(_name(owner) if owner is not model else "", panels))
    return tuple(found[:_MAX_PICTURES])


def pictures_of_views(model: Model, views: ModelViews, compiled_only: bool) -> tuple[Picture, ...]:
    """Return the graph around the layers whose views disagree.

    Only what was traced is asked for with ``compiled_only``, because edits are drawn already.
    """
    layers = own_layers(model)
    words = {}
    for row in views.rows:
        if row.index is None or not row.differs or (compiled_only and "compiled" not in row.differs):
            continue
        said = [row.compiled] if "compiled" in row.differs else []
        words[id(layers[row.index])] = ", ".join([*said, *row.codes])
    return marked_picture(model, words)


def marked_picture(model: Model, words: Mapping[int, str], name: str = "") -> tuple[Picture, ...]:
    """Return the graph around some layers, each with what is to be said of it, by ``id``."""
    before = _wiring_of(model, Intent())
    if before is None or not words:
        return ()
    marked = {}
    for key, box in before.items():
        said = _words_of(key, words)
        if said is not None:
            measured = "" if said else box.node.measured
            node = replace(box.node, mark="!", measured=measured, detail=said or box.node.detail)
            marked[key] = _Box(node, box.reads)
    if not marked:
        return ()
    panel = _panel(HERE, {**before, **marked}, set(marked), _around(before, set(marked), ()))
    return (Picture(name, (panel,)),)


def _words_of(key: str, words: Mapping[int, str]) -> str | None:
    """Return what a picture says of the layer of a key; inputs and outputs have none."""
    identity, colon, _ = key.partition(":")
    return words.get(int(identity)) if colon and identity.isdecimal() else None


def _name(model: Model) -> str:
    return str(getattr(model, "name", ""))


def _before_only(model: Model, edits: Sequence[object]) -> tuple[Picture, ...]:
    """Mark the layers that edits with several readings speak of."""
    touched: dict[int, Any] = {}
    for edit in edits:
        before, after = getattr(edit, "before", ()), getattr(edit, "after", ())
        kept = {id(item) for item in after}
        touched.update((id(item), item) for item in before if is_layer(item) and id(item) not in kept)
        for name in ("old", "layer"):
            if is_layer(getattr(edit, name, None)):
                touched[id(getattr(edit, name))] = getattr(edit, name)
    for owner in models_in(model):
        own = {id(layer) for layer in own_layers(owner)} & touched.keys()
        found = marked_picture(owner, dict.fromkeys(own, ""), _name(owner) if owner is not model else "")
        if found:
            return found
    return ()


def _panels(owner: object, intent: Intent) -> tuple[Panel, ...]:
    """Return what runs now and what the edit asks for; nothing where the graph stays as it is."""
    before, after = _wiring_of(owner, Intent()), _wiring_of(owner, intent)
    if before is None or after is None:
        return ()
    removed = {key for key in before if key not in after}
    added = {key for key in after if key not in before}
    rewired = {key for key in before if key in after and before[key].reads != after[key].reads}
    if not (removed or added or rewired):
        return ()
    now = _marked(before, removed, "-")
    meant = _marked(_unmeasured(after, added | rewired), added, "+")
    around = _around(before, removed, rewired) | _around(after, added, rewired)
    return (
        _panel(NOW, now, removed | rewired, around, other=after),
        _panel(MEANT, meant, added | rewired, around, other=before),
    )


def _around(wiring: _Wiring, moved: Collection[str], rewired: Collection[str]) -> set[str]:
    """Return what the changed nodes read, and what reads the ones that come or go."""
    found = {maker for key in {*moved, *rewired} for maker in wiring[key].reads}
    return found | {key for key, box in wiring.items() if any(maker in moved for maker in box.reads)}


def _marked(wiring: _Wiring, keys: Collection[str], mark: str) -> _Wiring:
    return {
        key: _Box(replace(box.node, mark=mark), box.reads) if key in keys else box
        for key, box in wiring.items()
    }


def _unmeasured(wiring: _Wiring, changed: Collection[str]) -> _Wiring:
    """Leave out the measures of what reads a changed node: they are not known before it is rebuilt."""
    moved = set(changed)
    result = {}
    for key, box in wiring.items():
        if key in moved or any(maker in moved for maker in box.reads):
            moved.add(key)
            result[key] = _Box(replace(box.node, measured=""), box.reads)
        else:
            result[key] = box
    return result


# Wirings


def _wiring_of(model: Model, intent: Intent) -> _Wiring | None:
    """Return the wiring that is meant, without edits the one that runs now; ``None`` for a model without one."""
    specs = {key: new.spec for key, new in intent.inputs.get(id(model), {}).items()}
    if issubclass(type(model), TYPES.sequential):
        return _chain(model, intent.lists.get(id(model), list(model.layers)), specs.get(0))
    functional = functional_of(model)
    if functional is None or len(own_layers(functional)) > _MAX_CALLS:
        return None
    graph = read_graph(functional)
    swaps = apply_edits(graph, intent.graph.get(id(model), []))
    graph.calls = running_order(graph)
    return _graph_wiring(graph, swaps, specs)


def _chain(model: Model, items: Sequence[object], spec: object = None) -> _Wiring:
    """Return the wiring of a list of layers."""
    wiring: _Wiring = {}
    functional = functional_of(model)
    shape = spec or (functional and getattr(functional, "input_shape", None))
    first = "input" if spec is None else f"input {spec}"
    if shape:
        wiring[first] = _Box(Node(first, "input", "input", str(shape)), ())
    last = first if shape else None
    counts: dict[int, int] = {}
    for item in items:
        turn = counts[id(item)] = counts.get(id(item), 0) + 1
        key = f"{id(item)}:{turn}"
        wiring[key] = _Box(_node(key, item, ""), (last,) if last else ())
        last = key
    if last is not None:
        wiring["output"] = _Box(Node("output", "output", "output"), (last,))
    return wiring


def _graph_wiring(graph: Graph, swaps: Mapping[int, Any], inputs: Mapping[int, Spec]) -> _Wiring:
    """Return the wiring of a graph whose edits are in place."""
    wiring: _Wiring = {}
    keys: dict[int, str] = {}
    for value in graph.flat_inputs():
        spec = inputs.get(id(maker_of(value)), value.spec)
        key = keys[id(value)] = f"input {value.name} {spec}"
        name = value.name.partition(":")[0]
        wiring[key] = _Box(Node(key, f'input "{name}"', name, str(spec)), ())
    for call in graph.calls:
        item = swaps.get(id(call.operation), call.operation)
        turn = call.node_index if call.node_index >= 0 else f"+{len(wiring)}"
        key = f"{id(item)}:{turn}"
        makers = [id(v.call) if v.call is not None else id(v) for v in call.inputs()]
        reads = tuple(dict.fromkeys(keys[maker] for maker in makers if maker in keys))
        wiring[key] = _Box(_node(key, item, _turn(graph, call)), reads)
        keys[id(call)] = key
    outputs = graph.flat_outputs()
    for number, value in enumerate(outputs):
        title = "output" if len(outputs) == 1 else f"output {number}"
        source = keys.get(id(value.call) if value.call is not None else id(value))
        wiring[title] = _Box(Node(title, title, title), (source,) if source else ())
    return wiring


def _turn(graph: Graph, call: Call) -> str:
    calls = graph.calls_of(call.operation)
    return f"call {calls.index(call) + 1} of {len(calls)}" if len(calls) > 1 else ""


def _node(key: str, item: object, turn: str) -> Node:
    if not is_layer(item) and not isinstance(item, LayerRecord):
        name = str(getattr(item, "name", "")) or type(item).__name__
        return Node(key, f'{type(item).__name__} "{name}"', name, detail=turn)
    facts = describe_layer(item)
    measures = [] if facts.shape is None else [str(facts.shape)]
    if facts.params:
        measures.append(f"{facts.params:,} params")
    return Node(key, facts.title(), facts.name, ", ".join(measures), turn, settings=facts.settings)


# Panels


def _panel(
    caption: str,
    wiring: _Wiring,
    seeds: Collection[str],
    around: Collection[str],
    other: _Wiring | None = None,
) -> Panel:
    """Return the part of a wiring around its seeds; the seeds come first where there is not room for all."""
    chosen = [key for key in wiring if key in seeds][:_MAX_NODES]
    others = [key for key in wiring if key in around and key not in seeds]
    shown = {*chosen, *others[: _MAX_NODES - len(chosen)]}
    edges = tuple(
        (maker, key) for key in wiring if key in shown for maker in wiring[key].reads if maker in shown
    )
    read_outside = {maker for key, box in wiring.items() if key not in shown for maker in box.reads}
    nodes = tuple(
        replace(
            box.node,
            cut_above=any(maker not in shown for maker in box.reads),
            cut_below=key in read_outside,
        )
        for key, box in wiring.items()
        if key in shown
    )
    known = {(maker, key) for key, box in (other or wiring).items() for maker in box.reads}
    left_out = len(others) + sum(key in seeds for key in wiring) - len(shown)
    return Panel(caption, nodes, edges, frozenset(edges) - known, left_out)
