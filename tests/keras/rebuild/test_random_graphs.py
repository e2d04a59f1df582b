"""Random graphs and random edits: the emitted code makes what a hand builds from the edited description."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from keras import layers

from keras_guard import InsertAfter, InsertBefore, RebuildRefused, Remove, Replace, rebuild

from .checks import assert_same, outputs

pytestmark = pytest.mark.keras

X = np.random.default_rng(2).uniform(size=(3, 4)).astype("float32")
_SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@dataclass(frozen=True)
class Node:
    """One call: of a Dense, a nested Sequential, a merge, on earlier nodes (0 is the input)."""

    kind: str
    name: str
    width: int
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """A description of a graph, and which of its nodes it gives out."""

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    width: int = 4
    keyed: bool = False


def build(plan: Plan) -> Any:
    """Build a description by hand; raises where its widths do not go together."""
    inputs = keras.Input((plan.width,), name="entry")
    made: list[Any] = [inputs]
    known: dict[str, Any] = {}
    reached = _reached(plan)
    for number, node in enumerate(plan.nodes, 1):
        if number not in reached:
            made.append(None)
            continue
        layer = known.setdefault(node.name, _layer(node))
        taken = [made[n] for n in node.inputs]
        made.append(layer(taken if len(taken) > 1 else taken[0]))
    given_out = [made[number] for number in plan.outputs]
    if plan.keyed:
        return keras.Model(inputs, {f"out_{n}": tensor for n, tensor in enumerate(given_out)})
    return keras.Model(inputs, given_out if len(given_out) > 1 else given_out[0])


def _layer(node: Node) -> Any:
    if node.kind == "nested":
        inner = [
            layers.Dense(node.width, name=f"{node.name}_in"),
            layers.Dense(node.width, activation="tanh", name=f"{node.name}_out"),
        ]
        return keras.Sequential(inner, name=node.name)
    if node.kind == "add":
        return layers.Add(name=node.name)
    if node.kind == "concatenate":
        return layers.Concatenate(name=node.name)
    return layers.Dense(node.width, activation="tanh", name=node.name)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a graph with branches, merges, shared layers and nested models."""
    nodes: list[Node] = []
    widths = [4]
    for number in range(1, draw(st.integers(2, 7)) + 1):
        source = draw(st.integers(0, len(widths) - 1))
        kind = draw(st.sampled_from(["dense", "dense", "nested", "add", "concatenate", "again"]))
        same = [n for n in range(len(widths)) if n != source and widths[n] == widths[source]]
        earlier = [
            n for n in nodes if n.kind in ("dense", "nested") and widths[n.inputs[0]] == widths[source]
        ]
        if kind == "again" and earlier:
            node = replace(draw(st.sampled_from(earlier)), inputs=(source,))
            width = node.width
        elif kind == "add" and same:
            node = Node("add", f"n{number}", 0, (source, draw(st.sampled_from(same))))
            width = widths[source]
        elif kind == "concatenate" and len(widths) > 1:
            other = draw(st.integers(0, len(widths) - 1))
            node = Node("concatenate", f"n{number}", 0, (source, other))
            width = widths[source] + widths[other]
        else:
            width = draw(st.sampled_from([3, 4, 5]))
            node = Node("nested" if kind == "nested" else "dense", f"n{number}", width, (source,))
        nodes.append(node)
        widths.append(width)
    last = len(nodes)
    outputs = (last,) if draw(st.booleans()) else tuple(dict.fromkeys([draw(st.integers(1, last)), last]))
    return Plan(tuple(nodes), outputs, keyed=draw(st.booleans()))


@st.composite
def edited(draw: st.DrawFn) -> tuple[Plan, tuple[str, str, Node], Plan]:
    """Draw a graph, an edit of one of its layers, and the description the edit means."""
    plan = draw(plans())
    reached = _reached(plan)
    names = sorted(
        {n.name for i, n in enumerate(plan.nodes, 1) if i in reached and n.kind in ("dense", "nested")}
    )
    assume(names)
    name = draw(st.sampled_from(names))
    width = draw(st.sampled_from([3, 4, 6]))
    new = Node("dense", "new", width, ())
    kind = draw(st.sampled_from(["replace", "insert", "before", "remove", "input", "behind-input"]))
    if kind == "replace":
        nodes = tuple(replace(new, inputs=n.inputs) if n.name == name else n for n in plan.nodes)
        return plan, (kind, name, new), replace(plan, nodes=nodes)
    if kind == "input":
        return plan, (kind, "entry", replace(new, width=6)), replace(plan, width=6)
    if kind == "behind-input":
        nodes = tuple(replace(n, inputs=tuple(k + 1 for k in n.inputs)) for n in plan.nodes)
        moved = tuple(n + 1 for n in plan.outputs)
        return (
            plan,
            (kind, "entry", new),
            replace(plan, nodes=(replace(new, inputs=(0,)), *nodes), outputs=moved),
        )
    return plan, (kind, name, new), _spliced(plan, name, new, kind)


def _spliced(plan: Plan, name: str, new: Node, kind: str) -> Plan:
    """Call ``new`` behind or before each call of a layer, or let its readers read what it read."""
    moved = {0: 0}
    nodes: list[Node] = []
    for number, node in enumerate(plan.nodes, 1):
        taken = tuple(moved[n] for n in node.inputs)
        if node.name == name and kind == "remove":
            moved[number] = taken[0]
            continue
        if node.name == name and kind == "before":
            nodes.append(replace(new, inputs=taken))
            taken = (len(nodes),)
        nodes.append(replace(node, inputs=taken))
        if node.name == name and kind == "insert":
            nodes.append(replace(new, inputs=(len(nodes),)))
        moved[number] = len(nodes)
    return replace(plan, nodes=tuple(nodes), outputs=tuple(moved[n] for n in plan.outputs))


def _reached(plan: Plan) -> set[int]:
    found = set(plan.outputs)
    for number in range(len(plan.nodes), 0, -1):
        if number in found:
            found.update(plan.nodes[number - 1].inputs)
    return found


def _edit(kind: str, name: str, new: Node) -> Any:
    if kind == "remove":
        return Remove(name)
    if kind == "input":
        return Replace(name, keras.Input((new.width,), name=name))
    edits = {"replace": Replace, "insert": InsertAfter, "behind-input": InsertAfter, "before": InsertBefore}
    return edits[kind](name, _layer(new))


def _check(plan: Plan, drawn: tuple[str, str, Node], meant: Plan, style: str) -> None:
    model, edit = build(plan), _edit(*drawn)
    names = {"model": model, "keras": keras, "layers": layers, "new": getattr(edit, "new", None)}
    try:
        found = rebuild(model, [edit], namespace=names, style=style)
    except RebuildRefused as refused:
        if not refused.reason:
            pytest.fail("refused without a reason")
        return
    made = found.run(dict(names))
    by_hand = build(meant)
    for layer in by_hand.layers:
        if layer.weights:
            layer.set_weights(made.get_layer(layer.name).get_weights())
    data = np.resize(X, (3, meant.width))
    assert_same(outputs(made, data), outputs(by_hand, data))
    assert keras.tree.map_structure(np.shape, made.output) == keras.tree.map_structure(
        np.shape, by_hand.output
    )
    for layer in made.layers:
        if style == "replay" and layer.name in found.kept and not isinstance(layer, layers.InputLayer):
            assert layer is model.get_layer(layer.name)


@given(edited())
@settings(_SETTINGS, max_examples=60)
def test_the_code_makes_what_a_hand_builds(case: tuple[Plan, tuple[str, str, Node], Plan]) -> None:
    """Outputs equal those of the model built by hand from the edited description, or the edit is refused."""
    _check(*case, style="replay")


@pytest.mark.slow
@pytest.mark.parametrize("style", ["replay", "copy", "source"])
def test_the_code_makes_what_a_hand_builds_in_every_style(style: str) -> None:
    """The same for a thousand graphs in each style."""

    @given(edited())
    @settings(_SETTINGS, max_examples=1000)
    def run(case: tuple[Plan, tuple[str, str, Node], Plan]) -> None:
        _check(*case, style=style)

    run()
