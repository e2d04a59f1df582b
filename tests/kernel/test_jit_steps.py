"""Training steps that ``jax.jit`` compiled, in a real kernel that runs Keras on JAX."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.support.kernel import Kernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.keras,
    pytest.mark.skipif(
        importlib.util.find_spec("jax") is None,
        reason="JAX is not installed: the row `jax` of `nox` installs it",
    ),
]

SETUP = """\
import jax, keras, numpy as np
from keras import layers
X, Y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
alpha = 1.0
def make(): return keras.Sequential([keras.Input((4,)), layers.Dropout(0.5), layers.Dense(1)])
m = make()
opt = keras.optimizers.SGD(0.1)
opt.build(m.trainable_variables)
def loss_of(trained, fixed, x, y):
    p, fixed = m.stateless_call(trained, fixed, x, training=True)
    return alpha * keras.ops.mean((p - y) ** 2), fixed
gradients = jax.value_and_grad(loss_of, has_aux=True)
"""
STEP = """\
@jax.jit
def step(state, x, y):
    trained, fixed, of_optimizer = state
    (loss, fixed), found = gradients(trained, fixed, x, y)
    trained, of_optimizer = opt.stateless_apply(of_optimizer, found, trained)
    return loss, (trained, fixed, of_optimizer)
state = tuple([v.value for v in some] for some in (m.trainable_variables, m.non_trainable_variables, opt.variables))
"""
RUN = "for _ in range(2): loss, state = step(state, X, Y)"

LOST = {
    "rate of a layer": ("m.layers[0].rate = 0.1", "KG201"),
    "a global of the loss": ("alpha = 3.0", "KG204"),
    "a setting of the optimizer": ("opt.clipnorm = 1.0", "KG204"),
    "the name of the model": ("m = make()", "KG204"),
}


@pytest.fixture(scope="module")
def on_jax() -> Iterator[Kernel]:
    """One kernel that runs Keras on JAX for all tests of this module."""
    kernel = Kernel(environment={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"})
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(on_jax: Kernel) -> Iterator[Kernel]:
    """That kernel with a step that was traced and no other names; a contained fault fails the test."""
    on_jax.clean()
    for cell in (SETUP, STEP, RUN):
        assert not on_jax.ok(cell).cards
    yield on_jax
    assert not on_jax.faults(), "\n".join(on_jax.fault_details())


@pytest.mark.parametrize(("edit", "code"), LOST.values(), ids=LOST)
def test_an_edit_that_the_trace_does_not_have(kernel: Kernel, edit: str, code: str) -> None:
    """The edit is pending, and open once the cell that calls the step has ended."""
    assert [(card.code, card.state) for card in kernel.ok(edit).cards] == [(code, "pending")]
    assert [(card.code, card.state) for card in kernel.ok("loss, state = step(state, X, Y)").cards] == [
        (code, "open")
    ]


def test_an_edit_and_a_call_in_one_cell(kernel: Kernel) -> None:
    """A statement behind the call is not what the call ran without."""
    cards = kernel.ok("loss, state = step(state, X, Y)\nm.layers[0].rate = 0.2").cards
    assert [card.state for card in cards] == ["pending"]
    cards = kernel.ok("def train():\n    loss = step(state, X, Y)\ntrain()\nprint('trained')").cards
    assert [card.state for card in cards] == ["open"]


LEGAL = {
    "traced again for other shapes": "loss, state = step(state, X[:4], Y[:4])",
    "defined again": STEP + RUN,
    "not called again": "p = m.predict(X, verbose=0)",
}


@pytest.mark.parametrize("rest", LEGAL.values(), ids=LEGAL)
def test_legal(kernel: Kernel, rest: str) -> None:
    """Nothing opens where no call runs the old trace."""
    kernel.ok("m.layers[0].rate = 0.1\nalpha = 2.0")
    assert "open" not in {card.state for card in kernel.ok(rest).cards}


def test_a_trace_for_other_shapes_is_no_proof(kernel: Kernel) -> None:
    """An open card stays open when the step is traced for other shapes: the old program holds the old value."""
    kernel.ok("alpha = 2.0\nloss, state = step(state, X, Y)")
    assert "resolved" not in {
        card.state for card in kernel.ok("loss, state = step(state, X[:4], Y[:4])").cards
    }
