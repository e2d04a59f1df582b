"""What hung on the old model: outer models, extractors, GAN stacks, and places that hold it."""

from __future__ import annotations

import types
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from IPython.core.error import UsageError
from keras import layers

from keras_guard import RebuildRefused, Replace, rebuild
from keras_guard._adapter.membership import holds
from keras_guard._data.edits import LayerRecord, ListEdit
from keras_guard._data.place import Place
from keras_guard._rebuild import run_with_dependents
from keras_guard._rebuild.cell import check_names
from keras_guard._rebuild.plan import ModelPlan, Part, Step

from .checks import assert_same, outputs
from .test_cells import SETUP

pytestmark = pytest.mark.keras

X = np.random.default_rng(4).uniform(size=(5, 4)).astype("float32")


def _base() -> Any:
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(4, name="a"), layers.Dense(4, name="b"), layers.Dense(4, name="c")],
        name="base",
    )


def _outer(model: Any) -> Any:
    entry = keras.Input((4,))
    outer = keras.Model(entry, layers.Dense(2, name="head")(model(entry)), name="outer")
    outer.compile("adam", "mse")
    outer.train_on_batch(X, np.zeros((5, 2)))
    return outer


def _siamese(model: Any) -> Any:
    a, b = keras.Input((4,)), keras.Input((4,))
    return keras.Model([a, b], layers.Subtract()([model(a), model(b)]), name="siamese")


def _extractor(model: Any) -> Any:
    return keras.Model(model.inputs[0], model.get_layer("b").output, name="extractor")


def _front(model: Any) -> Any:
    return keras.Model(model.inputs[0], model.get_layer("a").output, name="front")


def _names(**more: Any) -> dict[str, Any]:
    return {"keras": keras, "layers": layers, **more}


def _found(names: dict[str, Any], new: Any, **options: Any) -> Any:
    return rebuild(names["model"], [Replace("b", new)], namespace=names, **options)


KINDS = {"calls": _outer, "calls-twice": _siamese, "reads": _extractor}


@pytest.mark.parametrize("kind", KINDS)
def test_a_dependent_model_is_named(kind: str) -> None:
    """The rebuild says which model goes on with the old one, and how."""
    model = _base()
    names = _names(model=model, other=KINDS[kind](model))
    (found,) = _found(names, layers.Dense(4, name="n")).dependents
    assert (found.place, found.kind) == ("other", kind.partition("-")[0])


def test_a_model_that_reads_only_what_stays_is_none() -> None:
    """An extractor of the layers before the edit gives what it gave; another model has nothing to do with it."""
    model = _base()
    names = _names(model=model, front=_front(model), other=_base())
    assert _found(names, layers.Dense(4, name="n")).dependents == ()


@pytest.mark.parametrize("width", [4, 7], ids=["same-width", "wider"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_dependent_model_is_rebuilt_with_it(kind: str, width: int) -> None:
    """It calls the new model, or the new layers; the layers of its own stay."""
    model = _base()
    names = _names(model=model, other=KINDS[kind](model), new=layers.Dense(width, name="n"))
    old = names["other"]
    expected = 7 if kind == "reads" and width == 7 else old.output_shape[-1]
    run_with_dependents(_found(names, names["new"]), names)
    made, other = names["model"], names["other"]
    assert other is not old
    assert holds(other, names["new"])
    assert not holds(other, model)
    assert other.output_shape == (None, expected)
    if kind == "reads":
        wanted = keras.Model(made.inputs[0], made.get_layer("n").output)
        assert_same(outputs(other, X), outputs(wanted, X))
    else:
        assert holds(other, made)
    if kind == "calls":
        assert other.get_layer("head") is old.get_layer("head")
        assert int(other.optimizer.iterations) == 1


def test_models_around_models_are_rebuilt_from_the_inside_out() -> None:
    """A GAN stack inside an outer model: each calls the new one, in the right order."""
    model = _base()
    stack = keras.Sequential([keras.Input((4,)), model, layers.Dense(3, name="critic")], name="stack")
    outer = keras.Sequential([keras.Input((4,)), stack, layers.Dense(2, name="last")], name="whole")
    names = _names(whole=outer, stack=stack, model=model, new=layers.Dense(4, name="n"))
    run_with_dependents(_found(names, names["new"]), names)
    assert holds(names["whole"], names["stack"])
    assert holds(names["stack"], names["model"])
    assert holds(names["model"], names["new"])
    assert not holds(names["whole"], model)


def test_a_model_that_reads_layers_gets_all_that_were_put_in_the_place_of_one() -> None:
    """Two layers in the place of one that another model calls: both arrive there, in their order."""
    model = _base()
    names = _names(
        model=model, other=_extractor(model), n=layers.Dense(4, name="n"), m=layers.Dense(4, name="m")
    )
    before = tuple(model.layers)
    edit = ListEdit(before, (before[0], names["n"], names["m"], before[2]))
    run_with_dependents(rebuild(model, [edit], namespace=names), names)
    assert [layer.name for layer in names["other"].layers[1:]] == ["a", "n", "m"]


def test_other_places_of_the_model_are_named_and_assigned() -> None:
    """A second name, an attribute and an item that hold the old model get the new one."""
    model = _base()
    trainer = type("Trainer", (), {"__module__": "__main__"})()
    trainer.model = model
    names = _names(model=model, alias=model, nets={"a": model}, t=trainer, new=layers.Dense(4, name="n"))
    found = _found(names, names["new"], name="model")
    assert {(one.place, one.kind) for one in found.dependents} == {
        ("alias", "holds"),
        ('nets["a"]', "holds"),
        ("t.model", "holds"),
    }
    run_with_dependents(found, names)
    assert names["alias"] is names["nets"]["a"] is trainer.model is names["model"] is not model


# Places


@pytest.mark.parametrize("place", ['nets["a"]', "nets['a']", "t.model", 't.all["x y"][0]'])
def test_a_model_is_rebuilt_at_its_place(place: str) -> None:
    """The code reads the old model at that place and assigns the new one to it; the dry run does not."""
    model = _base()
    holder = types.SimpleNamespace(model=model, all={"x y": [model]})
    names = _names(nets={"a": model}, t=holder, new=layers.Dense(4, name="n"))
    found = rebuild(model, [Replace("b", names["new"])], namespace=names, name=place)
    target = Place.parse(place)
    assert target.read(names) is model
    assert f"{found.target} = " in found.source
    made = found.run(names)
    assert target.read(names) is made is not model


def test_without_a_name_the_place_is_found() -> None:
    """A model that only a dictionary holds is rebuilt there."""
    model = _base()
    names = _names(nets={"a": model}, new=layers.Dense(4, name="n"))
    assert rebuild(model, [Replace("b", names["new"])], namespace=names).target == 'nets["a"]'


@pytest.mark.parametrize(
    "place", ["f()", "a.b()", "a[i]", "a[1:2]", "1", "a b", "class", "é.x", "__debug__", "a[b()]"]
)
def test_what_is_no_place_is_refused(place: str) -> None:
    """Only names, attributes and constant items are places."""
    with pytest.raises(RebuildRefused, match="no place"):
        rebuild(_base(), name=place)


# The command

MODELS = SETUP + (
    "def net():\n    return keras.Sequential([keras.Input((4,)), Dense(4, name='a'), Dense(4, name='b')])\n"
)


def _said(guarded: Any, capsys: Any, line: str) -> str:
    capsys.readouterr()
    guarded.run(f"%keras_guard {line}")
    said: str = capsys.readouterr().out
    return said


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ("models = {'a': net()}\nmodels['a'].layers[0] = Dense(4, name='n')", 'models["a"]'),
        ("models = {'a b': net()}\nmodels['a b'].layers[0] = Dense(4, name='n')", "models['a b']"),
        ("models = [net()]\nmodels[0].layers[0] = Dense(4, name='n')", "models[0]"),
        (
            "class Trainer:\n    def __init__(self):\n        self.model = net()\n"
            "self = Trainer()\nself.model.layers[0] = Dense(4, name='n')",
            "self.model",
        ),
    ],
    ids=["item", "blank-in-key", "index", "attribute"],
)
def test_the_command_rebuilds_a_model_at_its_place(guarded: Any, capsys: Any, cells: str, place: str) -> None:
    """The new model is assigned back to the very place, and the card is resolved."""
    guarded.run(MODELS, cells)
    names = guarded.shell.user_ns
    old = Place.parse(place).get(names)
    assert "is the rebuilt model" in _said(guarded, capsys, f"rebuild {place} --run")
    assert Place.parse(place).get(names) is not old
    assert [layer.name for layer in Place.parse(place).get(names).layers] == ["n", "b"]
    assert {card.state.value for card in guarded.last_states().values()} == {"resolved"}


def test_the_command_says_what_goes_on_with_the_old_model(guarded: Any, capsys: Any) -> None:
    """Run without the dependents it warns of each; with them it rebuilds each and says so."""
    guarded.run(
        MODELS,
        "model = net()\nalias = model\ngan = keras.Sequential([keras.Input((4,)), model, Dense(2, name='out')])\n"
        "gan.compile('adam', 'mse')",
        "model.layers[0] = Dense(4, name='n')",
    )
    said = _said(guarded, capsys, "rebuild model")
    assert "`gan` calls the old model" in said
    assert "`alias` holds the old model" in said
    said = _said(guarded, capsys, "rebuild model --run --with-dependents")
    assert "`gan` is rebuilt with it" in said
    assert "assigned the new model to `alias`" in said
    names = guarded.shell.user_ns
    assert holds(names["gan"], names["model"])
    assert names["alias"] is names["model"]


def test_an_option_that_needs_another_is_explained(guarded: Any) -> None:
    """``--with-dependents`` without ``--run`` says what to add."""
    guarded.run(MODELS, "model = net()")
    with pytest.raises(UsageError, match="add --run"):
        guarded.run("%keras_guard rebuild model --with-dependents")


def test_a_layer_that_is_renamed_keeps_its_shape() -> None:
    """A record of a lost layer whose name is taken gets another one, and stays as it was otherwise."""
    record = LayerRecord(layers.Dense, {"units": 8}, "a", batch_shape=(None, 4))
    plan = ModelPlan(_base())
    plan.steps = [Step(Part("kept", plan.model.layers[0]), None), Step(Part("new", record), None)]
    check_names(plan)
    assert plan.steps[1].part.item == replace(record, name="a_1")
