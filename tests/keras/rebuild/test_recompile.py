"""``recompile``: a model that is compiled again trains on as one that never was."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers

import keras_guard
from keras_guard import RebuildRefused
from keras_guard._rebuild import recompile
from tests.support.sampling import some

from .test_training_goes_on import KINDS_OF_STATE, OPTIMIZERS

pytestmark = pytest.mark.keras

RNG = np.random.default_rng(3)
X = RNG.uniform(size=(16, 6)).astype("float32")
Y = RNG.uniform(size=(16, 4)).astype("float32")


def _model() -> Any:
    """Build the same model each time."""

    def dense(units: int, seed: int, name: str) -> Any:
        return layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed=seed), name=name)

    return keras.Sequential(
        [keras.Input((6,)), dense(5, 1, "a"), layers.BatchNormalization(name="norm"), dense(4, 2, "b")]
    )


def _compiled(optimizer: Any = "adam", loss: Any = "mse", **options: Any) -> Any:
    model = _model()
    model.compile(optimizer, loss, **options)
    return model


def _losses(model: Any, steps: int = 20) -> list[float]:
    return [float(np.asarray(model.train_on_batch(X, Y))) for _ in range(steps)]


def _again(model: Any, **names: Any) -> str:
    """Compile a model again by what is written; returns that."""
    namespace = {"model": model, "keras": keras, "keras_guard": keras_guard, **names}
    found = recompile(model, namespace=namespace)
    found.run(namespace)
    return found.source


def _same_object_trains_frozen() -> bool:
    return keras.backend.backend() != "jax"


@pytest.mark.parametrize("name", some(OPTIMIZERS, KINDS_OF_STATE))
def test_compiled_again_it_trains_as_if_it_had_not_been(name: str) -> None:
    """Twenty more steps give the same losses, for every optimizer of Keras."""
    plain, again = (_compiled(OPTIMIZERS[name]()) for _ in range(2))
    for model in (plain, again):
        _losses(model, 7)
    assert "model.compile(optimizer=model.optimizer" in _again(again)
    np.testing.assert_allclose(_losses(again), _losses(plain), atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", some(OPTIMIZERS, sorted(KINDS_OF_STATE)[::2]))
def test_a_frozen_layer_costs_the_others_nothing(name: str) -> None:
    """Frozen and compiled again, it trains as one whose train function alone was made again."""
    plain, again = (_compiled(OPTIMIZERS[name]()) for _ in range(2))
    for model in (plain, again):
        _losses(model, 7)
        model.get_layer("a").trainable = False
    if _same_object_trains_frozen():
        plain.make_train_function(force=True)
        _again(again)
        np.testing.assert_allclose(_losses(again), _losses(plain), atol=1e-6, rtol=0)
    else:
        assert "from_config" in _again(again)
        before = np.asarray(again.get_layer("a").kernel)
        _losses(again)
        np.testing.assert_array_equal(before, np.asarray(again.get_layer("a").kernel))


@pytest.mark.parametrize("name", some(OPTIMIZERS, sorted(KINDS_OF_STATE)[1::2]))
def test_an_unfrozen_layer_joins_and_the_others_go_on(name: str) -> None:
    """It trains as one whose optimizer knew the layer from the beginning, where the old object raises."""
    plain, again = _model(), _model()
    for model in (plain, again) if _same_object_trains_frozen() else (again,):
        optimizer = OPTIMIZERS[name]()
        model.get_layer("a").trainable = model is plain
        optimizer.build(model.trainable_variables)  # some optimizers begin otherwise when a trace builds them
        model.get_layer("a").trainable = False
        model.compile(optimizer, "mse")
        _losses(model, 7)
        model.get_layer("a").trainable = True
    assert "from_config" in _again(again)
    assert int(again.optimizer.iterations) in (
        7,
        2,
    )  # steps that accumulate gradients count when they are applied
    if not _same_object_trains_frozen():  # no model to compare with can be trained there
        assert np.isfinite(_losses(again)).all()
        return
    plain.compile(plain.optimizer, "mse")
    if plain.optimizer.use_ema:
        # The averages of the weight differ: only one of the optimizers knew it while it was frozen.
        assert np.isfinite(_losses(again)).all()
        return
    np.testing.assert_allclose(_losses(again), _losses(plain), atol=1e-6, rtol=0)


def _unfrozen(optimizer: Any) -> Any:
    """Return a model that was trained with a frozen layer, which is not frozen any more."""
    model = _model()
    model.get_layer("a").trainable = False
    model.compile(optimizer, "mse")
    _losses(model, 3)
    model.get_layer("a").trainable = True
    return model


def test_the_users_name_is_bound_to_the_new_optimizer() -> None:
    """Where the optimizer has a name, the name holds the one that trains now."""
    opt = optimizers.Adam(0.01)
    model = _unfrozen(opt)
    namespace = {"model": model, "opt": opt, "recompile_model": 3}
    found = recompile(model, namespace=namespace)
    assert model.optimizer is opt  # nothing was done yet
    found.run(namespace)
    assert namespace["opt"] is model.optimizer is not opt
    assert namespace["recompile_model"] == 3
    assert int(namespace["opt"].iterations) == 3


def own_loss(y: Any, p: Any) -> Any:
    """Return a loss of the user's."""
    return keras.ops.mean(keras.ops.abs(y - p))


ARGUMENTS = [
    pytest.param({"loss": own_loss}, "loss=own_loss", id="loss"),
    pytest.param({"loss": ["mse"], "loss_weights": [0.5]}, "loss_weights=[0.5]", id="loss-weights"),
    pytest.param({"metrics": ["mae", own_loss]}, 'metrics=["mae", own_loss]', id="metrics"),
    pytest.param({"weighted_metrics": ["mae"]}, 'weighted_metrics=["mae"]', id="weighted-metrics"),
    pytest.param({"run_eagerly": True}, "run_eagerly=True", id="run-eagerly"),
    pytest.param({"steps_per_execution": 3}, "steps_per_execution=3", id="steps"),
    pytest.param({"jit_compile": True}, "jit_compile=True", id="jit"),
]


@pytest.mark.parametrize(("given", "spelled"), ARGUMENTS)
def test_every_argument_is_given_again(given: dict[str, Any], spelled: str) -> None:
    """What ``compile`` got, it gets again, in the user's names."""
    if "jit_compile" in given and keras.backend.backend() == "jax":
        spelled = "loss="  # what Keras would choose there
    source = _again(_compiled(**{"loss": "mse", **given}), own_loss=own_loss)
    assert spelled in source


EDITS = [
    pytest.param("loss", "mae", 'loss="mae"', id="loss"),
    pytest.param("run_eagerly", True, "run_eagerly=True", id="run-eagerly"),
    pytest.param("steps_per_execution", 2, "steps_per_execution=2", id="steps"),
]


@pytest.mark.parametrize(("attribute", "value", "spelled"), EDITS)
def test_what_was_set_on_the_model_is_what_it_is_compiled_with(
    attribute: str, value: Any, spelled: str
) -> None:
    """``model.loss = "mae"`` after ``fit`` says what the user wants."""
    model = _compiled()
    _losses(model, 2)
    setattr(model, attribute, value)
    assert spelled in _again(model)


def test_a_rate_set_at_run_time_and_an_eager_flag_reach_the_next_trace() -> None:
    """The rate that was set counts, and the frozen layer does not move."""
    model = _compiled(optimizers.SGD(0.5, momentum=0.9))
    _losses(model, 3)
    model.optimizer.learning_rate = 0.25
    model.get_layer("a").trainable = False
    _again(model)
    before = np.asarray(model.get_layer("a").kernel)
    _losses(model, 2)
    assert float(model.optimizer.learning_rate) == 0.25
    np.testing.assert_array_equal(before, np.asarray(model.get_layer("a").kernel))


def test_loss_scaling_keeps_its_scale() -> None:
    """With mixed_float16 the wrapper around the optimizer goes on, not another one around the inner."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        opt = optimizers.Adam(0.01)
        model = _compiled(opt)
        _losses(model, 3)
        model.optimizer.dynamic_scale.assign(64.0)
        wrapper = model.optimizer
        assert "optimizer=model.optimizer" in _again(model, opt=opt)
        assert model.optimizer is wrapper
        assert float(model.optimizer.dynamic_scale) == 64.0
    finally:
        keras.config.set_dtype_policy("float32")


def test_two_weights_of_one_path_keep_their_own_state() -> None:
    """Where names of variables repeat, the state is copied by the weights themselves."""
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(6, name="a")], name="m")
    other = keras.Sequential([keras.Input((6,)), layers.Dense(6, name="a")], name="m")
    model = keras.Sequential([keras.Input((6,)), inner, layers.Dense(4, name="b")])
    other.name = "n"
    model = keras.Sequential([keras.Input((6,)), inner, other, layers.Dense(4, name="b")])
    model.get_layer("b").trainable = False
    model.compile("adam", "mse")
    _losses(model, 3)
    model.get_layer("b").trainable = True
    before = {
        id(v): np.asarray(m)
        for v, m in zip(model.optimizer._trainable_variables, model.optimizer._momentums, strict=True)
    }
    assert "keras_guard.copy_optimizer_state(old, model)" in _again(model)
    after = dict(zip(map(id, model.optimizer._trainable_variables), model.optimizer._momentums, strict=True))
    assert len(after) == 6
    for number, momentum in before.items():
        np.testing.assert_array_equal(momentum, np.asarray(after[number]))


class OwnCompile(keras.Model):
    """A model that is compiled by a method of its own."""

    def compile(self, extra: Any) -> None:  # noqa: D102
        super().compile("sgd", "mse")

    def call(self, x: Any) -> Any:  # noqa: D102
        return x


class Subclassed(keras.Model):
    """A model whose ``compile`` is that of Keras."""

    def __init__(self) -> None:
        super().__init__()
        self.head = layers.Dense(4)

    def call(self, x: Any) -> Any:  # noqa: D102
        return self.head(x)


def _own_compile() -> Any:
    model = OwnCompile()
    model.compile(3)
    return model


def _multi_unfrozen() -> Any:
    return _unfrozen(optimizers.MultiOptimizer(lambda variable: optimizers.Adam(0.01)))


REFUSED = [
    pytest.param(_model, "never compiled", id="not-compiled"),
    pytest.param(_own_compile, "a `compile` of its own", id="own-compile"),
    pytest.param(_multi_unfrozen, "does not run", id="no-config"),
    pytest.param(lambda: 3, "only a Keras model", id="no-model"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED)
def test_what_cannot_be_kept_is_refused_with_the_reason(make: Any, words: str) -> None:
    """One clear error, and the model is as before."""
    model = make()
    optimizer = getattr(model, "optimizer", None)
    with pytest.raises(RebuildRefused, match=words):
        recompile(model, namespace={"model": model})
    assert getattr(model, "optimizer", None) is optimizer


def test_a_subclassed_model_with_the_compile_of_keras_is_compiled_again() -> None:
    """Its graph is not needed for it."""
    plain, again = Subclassed(), Subclassed()
    for model in (plain, again):
        model(X)
        model.compile("adam", "mse")
    again.set_weights(plain.get_weights())
    for model in (plain, again):
        _losses(model, 5)
    _again(again)
    np.testing.assert_allclose(_losses(again), _losses(plain), atol=1e-6, rtol=0)


def test_a_result_that_differs_is_refused_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the state does not arrive after all, the model goes on as it was compiled."""
    opt = optimizers.Adam(0.01)
    model = _unfrozen(opt)
    namespace = {"model": model, "opt": opt}
    found = recompile(model, namespace=namespace)
    opt.iterations.assign(7)
    real = optimizers.Adam.from_config.__func__
    monkeypatch.setattr(
        optimizers.Adam, "from_config", classmethod(lambda cls, config: real(cls, {**config, "beta_1": 0.5}))
    )
    with pytest.raises(RebuildRefused, match="other settings"):
        found.run(namespace)
    assert model.optimizer is namespace["opt"] is opt
    assert model.train_function is not None
