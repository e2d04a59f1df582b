"""The rebuilt model is the one the edits ask for, or the rebuild is refused: never another one in silence."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_guard import InsertAfter, InsertBefore, RebuildRefused, Remove, Replace, rebuild
from keras_guard._data.edits import ListEdit
from keras_guard._rebuild import planner

from .checks import assert_same, outputs

pytestmark = pytest.mark.keras

STYLES = ["replay", "copy", "source"]
X = np.random.default_rng(1).uniform(size=(8, 4)).astype("float32")


def _dense(name: str, units: int = 4) -> Any:
    return layers.Dense(units, name=name)


def _sequential() -> Any:
    return keras.Sequential([keras.Input((4,), name="entry"), *(_dense(name) for name in "abc")])


def _chain() -> Any:
    value = entry = keras.Input((4,), name="entry")
    for name in "abc":
        value = _dense(name)(value)
    return keras.Model(entry, value)


def _fork() -> Any:
    entry = keras.Input((4,), name="entry")
    return keras.Model(entry, layers.Add(name="add")([_dense("a")(entry), _dense("b")(entry)]))


def _two_outputs() -> Any:
    entry = keras.Input((4,), name="entry")
    trunk = _dense("trunk")(entry)
    return keras.Model(entry, [_dense("p")(trunk), _dense("q")(trunk)])


def _names(model: Any, **more: Any) -> dict[str, Any]:
    return {"model": model, "keras": keras, "layers": layers, **more}


def _made(model: Any, edits: list[Any], style: str = "replay", **more: Any) -> Any:
    names = _names(model, **more)
    return rebuild(model, edits, namespace=names, style=style).run(dict(names))


def _layer_names(model: Any) -> list[str]:
    return [layer.name for layer in model.layers if not isinstance(layer, layers.InputLayer)]


# The post-condition


@pytest.mark.parametrize("lost", [InsertAfter, InsertBefore, Replace, Remove])
def test_an_edit_that_the_plan_loses_is_refused(monkeypatch: Any, lost: type) -> None:
    """The plan is compared with the edits themselves; what did not arrive is named."""
    apply = planner.apply_edits
    monkeypatch.setattr(
        planner,
        "apply_edits",
        lambda graph, edits: apply(graph, [e for e in edits if not isinstance(e, lost)]),
    )
    new = _dense("new")
    edits = {
        InsertAfter: InsertAfter("a", new),
        InsertBefore: InsertBefore("b", new),
        Replace: Replace("a", new),
        Remove: Remove("b"),
    }
    name = "b" if lost is Remove else "new"
    with pytest.raises(RebuildRefused, match=f"'{name}' is called"):
        rebuild(_chain(), [edits[lost]])


TAMPERED: dict[str, tuple[Callable[[str], str], str]] = {
    "left-out": (
        lambda source: source.replace("new(model.input)", "model.input"),
        "reads another input",
    ),
    "another-layer": (lambda source: source.replace("new(", "layers.Dense(4)("), "'new' did not arrive"),
    "called-twice": (
        lambda source: source.replace("new(model.input)", "new(new(model.input))"),
        "another|reads",
    ),
    "elsewhere": (lambda source: source.replace('get_layer("b")', 'get_layer("c")'), "'b' did not arrive"),
}


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_model_other_than_the_planned_one_is_refused_when_it_is_run(
    tamper: Callable[[str], str], said: str
) -> None:
    """After running, the graph is compared with the plan; the name stays bound to the old model."""
    names = _names(_chain(), new=_dense("new"))
    found = rebuild(names["model"], [Replace("a", names["new"])], namespace=names)
    wrong = dataclasses.replace(found, source=tamper(found.source))
    assert wrong.source != found.source
    old = names["model"]
    with pytest.raises(RebuildRefused, match=said):
        wrong.run(names)
    assert names["model"] is old


def test_a_copy_without_the_weights_is_refused() -> None:
    """The weights of the copied layers are compared, too."""
    names = _names(_chain())
    found = rebuild(names["model"], namespace=names, style="copy")
    wrong = dataclasses.replace(found, source=re.sub(r"(?m)^.*set_weights.*$", "        pass", found.source))
    with pytest.raises(RebuildRefused, match="without the weights it had"):
        wrong.run(names)


# Edits of lists


def _edit(model: Any, change: Callable[[list[Any]], Any]) -> ListEdit:
    """Return what an edit of ``model.layers`` is seen as: each starts from the model's own list."""
    before = list(model.layers)
    after = list(before)
    change(after)
    return ListEdit(tuple(before), tuple(after))


N, M = "n", "m"
SUMS: dict[str, tuple[list[Callable[[list[Any]], Any]], list[str]]] = {
    "pop-twice": ([lambda items: items.pop()] * 2, ["a"]),
    "append-twice": (
        [lambda items: items.append(_dense(N)), lambda items: items.append(_dense(M))],
        ["a", "b", "c", N, M],
    ),
    "one-place-twice": (
        [lambda items: items.__setitem__(-1, _dense(N)), lambda items: items.__setitem__(-1, _dense(M))],
        ["a", "b", M],
    ),
    "pop-then-append": ([lambda items: items.pop(), lambda items: items.append(_dense(N))], ["a", "b", N]),
    "two-places": (
        [lambda items: items.__setitem__(-1, _dense(N)), lambda items: items.__setitem__(-2, _dense(M))],
        ["a", M, N],
    ),
}


@pytest.mark.parametrize("build", [_sequential, _chain])
@pytest.mark.parametrize(("changes", "expected"), SUMS.values(), ids=SUMS.keys())
def test_edits_of_a_list_add_up(build: Any, changes: list[Any], expected: list[str]) -> None:
    """Each edit of ``layers`` starts from a fresh list; together they mean what they would mean on one list."""
    model = build()
    assert _layer_names(_made(model, [_edit(model, change) for change in changes])) == expected


def test_a_shared_layer_is_replaced_in_the_list_at_each_of_its_calls() -> None:
    """The list shows it once, and the new layer is called as often as it was."""
    entry, shared = keras.Input((4,)), _dense("shared")
    model = keras.Model(entry, shared(_dense("between")(shared(entry))))
    made = _made(model, [_edit(model, lambda items: items.__setitem__(1, _dense(N)))])
    assert [layer.name for layer in made.layers[1:]] == [N, "between"]
    assert len(made.get_layer(N).trainable_variables) == 2
    again, between = made.get_layer(N), made.get_layer("between")
    assert_same(outputs(made, X), [keras.ops.convert_to_numpy(again(between(again(X))))])


@pytest.mark.parametrize("build", [_sequential, _chain])
def test_edits_of_a_list_with_two_readings_are_refused(build: Any) -> None:
    """An index counts with the earlier edits, or without them: both readings are shown."""
    model = build()
    edits = [
        _edit(model, lambda items: items.insert(-2, _dense(N))),
        _edit(model, lambda items: items.insert(len(items) - 1, _dense(M))),
    ]
    with pytest.raises(RebuildRefused, match="two readings") as refused:
        rebuild(model, edits)
    assert "'a', 'n', 'm', 'b', 'c'" in refused.value.choices[0]
    assert "'a', 'n', 'b', 'm', 'c'" in refused.value.choices[1]


def test_a_named_edit_and_an_edit_of_the_list_are_both_made() -> None:
    """The list of a Sequential is edited on top of what was inserted by name."""
    model = _sequential()
    edits = [InsertAfter("a", _dense("n")), _edit(model, lambda items: items.pop())]
    assert _layer_names(_made(model, edits)) == ["a", "n", "b"]


def test_a_tensor_in_the_list_means_its_layer() -> None:
    """``layers[1] = layers[0].output`` puts the layer there that makes the tensor."""
    model = _chain()
    tensor = layers.Dense(4, name="other")(model.input)
    edit = _edit(model, lambda items: items.__setitem__(2, tensor))
    assert _layer_names(_made(model, [edit])) == ["a", "other", "c"]


# Behind an input


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("build", [_sequential, _chain, _fork])
def test_a_layer_is_inserted_behind_an_input(build: Any, style: str) -> None:
    """All that reads the input reads the new layer, on a chain and on a fork."""
    model = build()
    made = _made(model, [InsertAfter("entry", layers.Rescaling(2.0, name="twice"))], style)
    assert "twice" in _layer_names(made)
    if style != "source":
        assert_same(outputs(made, X), outputs(model, 2 * X))


def test_an_insert_into_the_list_behind_the_input_of_a_chain() -> None:
    """Position 1 of a Functional's list is behind its input."""
    model = _chain()
    edit = _edit(model, lambda items: items.insert(1, layers.Rescaling(2.0, name="twice")))
    assert_same(outputs(_made(model, [edit]), X), outputs(model, 2 * X))


# What a refusal recommends


def _append_here(model: Any) -> list[Any]:
    return [_edit(model, lambda items: items.append(layers.Dropout(0.1, name="drop")))]


READINGS: dict[str, tuple[Callable[[], Any], Callable[[Any], list[Any]], list[list[str]]]] = {
    "insert-into-a-fork": (
        _fork,
        lambda model: [_edit(model, lambda items: items.insert(1, layers.Dropout(0.1, name="drop")))],
        [["drop", "a", "b", "add"], ["drop", "a", "b", "add"]],
    ),
    "insert-between-strangers": (
        _fork,
        lambda model: [_edit(model, lambda items: items.insert(2, layers.Dropout(0.1, name="drop")))],
        [["a", "drop", "b", "add"], ["a", "drop", "b", "add"]],
    ),
    "removed-merge": (_fork, lambda model: [Remove("add")], [["a"], ["b"]]),
    "removed-output": (_two_outputs, lambda model: [Remove("p")], [["trunk", "q"], ["trunk", "q"]]),
    "append-to-two-outputs": (
        _two_outputs,
        _append_here,
        [["trunk", "p", "drop", "q"], ["trunk", "p", "q", "drop"]],
    ),
    "insert-at-the-front": (
        _chain,
        lambda model: [_edit(model, lambda items: items.insert(0, layers.Dropout(0.1, name="drop")))],
        [["drop", "a", "b", "c"]],
    ),
    "layer-for-an-input": (
        _chain,
        lambda model: [Replace("entry", layers.Dropout(0.1, name="drop"))],
        [["drop", "a", "b", "c"]],
    ),
    "before-an-input": (
        _chain,
        lambda model: [InsertBefore("entry", layers.Dropout(0.1, name="drop"))],
        [["drop", "a", "b", "c"]],
    ),
}


@pytest.mark.parametrize(("build", "edits", "expected"), READINGS.values(), ids=READINGS.keys())
def test_every_reading_that_a_refusal_recommends_works_as_written(
    build: Any, edits: Any, expected: list[list[str]]
) -> None:
    """Each choice is Python: an edit that can be made, or the model itself."""
    model = build()
    with pytest.raises(RebuildRefused) as refused:
        rebuild(model, edits(model))
    assert len(refused.value.choices) == len(expected)
    scope = {**_names(model), "InsertAfter": InsertAfter, "InsertBefore": InsertBefore, "Remove": Remove}
    for choice, names in zip(refused.value.choices, expected, strict=True):
        asked = eval(choice, dict(scope))
        made = asked if isinstance(asked, keras.Model) else _made(build(), [asked])
        assert sorted(_layer_names(made)) == sorted(names)


def test_an_insert_before_one_reader_leaves_the_other_as_it_was() -> None:
    """``InsertBefore`` puts the layer into one branch of a fork."""
    model = _fork()
    made = _made(model, [InsertBefore("a", layers.Rescaling(0.0, name="nothing"))])
    assert_same(outputs(made, X), [np.asarray(model.get_layer("a").bias + model.get_layer("b")(X))])


@pytest.mark.parametrize("kept", ["a", "b"])
def test_a_removed_merge_goes_on_with_the_named_branch(kept: str) -> None:
    """``Remove(merge, keep=branch)`` says which input is read instead."""
    model = _fork()
    made = _made(model, [Remove("add", keep=kept)])
    assert_same(outputs(made, X), [np.asarray(model.get_layer(kept)(X))])


# Inputs

REGULARIZED = [
    ("kernel_regularizer", keras.regularizers.L2(0.5)),
    ("bias_regularizer", keras.regularizers.L1(0.5)),
    ("kernel_constraint", keras.constraints.NonNeg()),
]


def _first(new: Any) -> Callable[[Any], list[Any]]:
    return lambda model: [_edit(model, lambda items: items.__setitem__(0, new()))]


def _put_first(new: Any) -> Callable[[Any], list[Any]]:
    return lambda model: [_edit(model, lambda items: items.insert(0, new()))]


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("build", "edits", "expected"),
    [
        pytest.param(
            _sequential,
            _first(lambda: layers.Dense(8, input_shape=(5,), name="n")),
            ["n", "b", "c"],
            id="input-shape",
        ),
        pytest.param(
            _sequential, _put_first(lambda: keras.Input((5,))), ["a", "b", "c"], id="input-inserted"
        ),
        pytest.param(_sequential, _first(lambda: keras.Input((5,))), ["b", "c"], id="input-for-a-layer"),
        pytest.param(_chain, _first(lambda: keras.Input((5,))), ["a", "b", "c"], id="input-for-an-input"),
        pytest.param(
            _chain,
            lambda model: [Replace("entry", keras.Input((5,)))],
            ["a", "b", "c"],
            id="replaced-by-name",
        ),
        pytest.param(
            _chain,
            lambda model: [_edit(model, lambda items: items.__setitem__(slice(0, 2), [keras.Input((5,))]))],
            ["b", "c"],
            id="cut-at-the-front",
        ),
    ],
)
def test_a_new_input_is_honoured(build: Any, edits: Any, expected: list[str], style: str) -> None:
    """The model takes the new shape, and the layers that cannot are recreated."""
    model = build()
    made = _made(model, edits(model), style)
    assert tuple(made.inputs[0].shape) == (None, 5)
    assert _layer_names(made) == expected
    assert made(np.zeros((2, 5), "float32")).shape == (2, 4)


def test_a_new_input_keeps_its_name() -> None:
    """The name of the user's Input is that of the new model's input."""
    made = _made(_chain(), [Replace("entry", keras.Input((5,), name="pixels"))])
    assert made.input_names == ["pixels"] if hasattr(made, "input_names") else made.layers[0].name == "pixels"


def test_an_input_of_more_channels() -> None:
    """Eight channels: the first convolution is recreated, the rest is kept."""
    model = keras.Sequential(
        [keras.Input((6, 6, 3)), layers.Conv2D(2, 3, name="c"), layers.Flatten(), _dense("d")]
    )
    made = _made(model, [_edit(model, lambda items: items.insert(0, keras.Input((6, 6, 8))))])
    assert made.input_shape == (None, 6, 6, 8)
    assert made.get_layer("d") is model.get_layer("d")


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize(
    ("build", "edits", "reason"),
    [
        pytest.param(
            _chain,
            lambda model: [Replace("a", layers.Dense(4, input_shape=(5,)))],
            "input_shape",
            id="functional",
        ),
        pytest.param(
            _sequential,
            lambda model: [Replace("b", layers.Dense(4, input_shape=(5,)))],
            "input_shape",
            id="not-first",
        ),
        pytest.param(
            _chain,
            lambda model: [Replace("b", keras.Input((5,)))],
            "only replace an input",
            id="in-the-middle",
        ),
        pytest.param(
            _sequential,
            lambda model: [_edit(model, lambda items: items.append(keras.Input((5,))))],
            "only the first item",
            id="last",
        ),
    ],
)
def test_an_input_that_cannot_be_honoured_is_refused(build: Any, edits: Any, reason: str) -> None:
    """The reason is said; the old input does not stay in silence."""
    model = build()
    with pytest.raises(RebuildRefused, match=reason):
        rebuild(model, edits(model))


# Attributes without effect


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("build", [_sequential, _chain])
@pytest.mark.parametrize(("attribute", "value"), REGULARIZED, ids=[name for name, _ in REGULARIZED])
def test_an_attribute_set_on_a_built_layer_reaches_the_new_model(
    build: Any, attribute: str, value: Any, style: str
) -> None:
    """The variables of the new model have it, and the weights are the old ones."""
    model = build()
    setattr(model.get_layer("b"), attribute, value)
    made = _made(model, [], style)
    name, kind = attribute.split("_")
    assert getattr(getattr(made.get_layer("b"), name), kind).get_config() == value.get_config()
    assert len(made.losses) == (kind == "regularizer")
    if style != "source":
        assert_same(outputs(made, X), outputs(model, X))


def test_an_attribute_set_inside_a_nested_model_reaches_it() -> None:
    """The nested model is rebuilt with the layer that was changed."""
    inner = _sequential()
    entry = keras.Input((4,))
    model = keras.Model(entry, _dense("head")(inner(entry)))
    inner.get_layer("b").kernel_regularizer = keras.regularizers.L2(0.5)
    made = _made(model, [])
    assert len(made.losses) == 1
    assert_same(outputs(made, X), outputs(model, X))


# Outputs in a dict


def _dict_outputs(loss: Any, metrics: Any = None, weights: Any = None) -> Any:
    entry = keras.Input((4,))
    trunk = _dense("trunk")(entry)
    model = keras.Model(entry, {"p": _dense("p")(trunk), "q": _dense("q", 3)(trunk)})
    model.compile("sgd", loss, metrics=metrics, loss_weights=weights)
    return model


@pytest.mark.parametrize("style", STYLES)
def test_outputs_in_a_dict_keep_their_keys(style: str) -> None:
    """A replaced head gives the output its key, in losses, loss weights and metrics; ``fit`` runs."""
    model = _dict_outputs(
        {"p": "mse", "q": "sparse_categorical_crossentropy"}, {"p": ["mae"]}, {"p": 0.5, "q": 2.0}
    )
    new = _dense("new")
    names = _names(model, new=new)
    found = rebuild(model, [Replace("p", new)], namespace=names, style=style)
    assert found.dry_run == "forward pass and loss"
    made = found.run(dict(names))
    assert sorted(made.output) == ["p", "q"]
    targets = {"p": np.zeros((8, 4)), "q": np.zeros((8,), "int32")}
    history = made.fit(X, targets, verbose=0).history
    assert "p_mae" in history


def test_a_loss_that_fails_is_refused_before_it_is_shown() -> None:
    """A loss of a fixed width cannot take the new output: the dry run computes it."""

    def four_wide(y: Any, p: Any) -> Any:
        return keras.ops.mean(keras.ops.reshape(p, (2, 4)) - keras.ops.reshape(y, (2, 4)), axis=-1)

    model = _chain()
    model.compile("sgd", four_wide)
    names = _names(model, four_wide=four_wide)
    with pytest.raises(RebuildRefused, match="compiled loss"):
        rebuild(model, [Replace("c", _dense("n", 5))], namespace=names)


def test_the_dry_run_leaves_the_users_metrics_as_they_were() -> None:
    """Metric objects that the new model shares are neither built nor updated."""
    metric = keras.metrics.MeanSquaredError()
    model = _chain()
    model.compile("sgd", "mse", metrics=[metric])
    model.fit(X, X, verbose=0)
    before = [np.asarray(v) for v in metric.variables]
    rebuild(model, [Replace("c", _dense("n"))], namespace=_names(model, metric=metric))
    assert_same([np.asarray(v) for v in metric.variables], before)


def test_no_layer_is_called_twice_where_it_was_called_once() -> None:
    """A layer that is called again, because no name reaches its old output, is read by all that read it."""
    entry = keras.Input((4,))
    shared = _dense("shared")
    value = shared(entry)
    shared(keras.Input((4,)))  # from here on ``shared.output`` is ambiguous
    head = _dense("head")(value[:, ::-1])
    model = keras.Model(entry, {"value": value, "head": head})
    made = _made(model, [Replace("head", _dense("new"))])

    assert_same(outputs(made, X)[1:], outputs(model, X)[1:])
