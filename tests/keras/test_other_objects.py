"""A watched place that goes on to hold any object of the user's: no comparison runs its code, no card is lost."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.keras

#: Objects whose ``==``, truth value or attributes raise or answer with something that is no truth value.
OBJECTS = {
    "array": "np.zeros(3)",
    "data-frame": "pd.DataFrame({'a': [1, 2]}) if pd else np.zeros((2, 2))",
    "tensor": "keras.ops.zeros((3,))",
    "symbolic-tensor": "keras.Input((3,))",
    "hostile": "Hostile()",
    "lazy-proxy": "Proxy()",
    "equal-to-everything": "Agreeing()",
}

PRELUDE = """
import types
import keras, numpy as np
from keras import layers
try:
    import pandas as pd
except ImportError:
    pd = None
class Hostile:
    def __eq__(self, other): raise RuntimeError("compared")
    def __bool__(self): raise RuntimeError("asked for its truth")
    def __hash__(self): raise RuntimeError("hashed")
    def __len__(self): raise RuntimeError("measured")
    def __repr__(self): raise RuntimeError("printed")
class Proxy:
    def __getattribute__(self, name): raise RuntimeError("touched")
class Agreeing:
    def __eq__(self, other): return True
    __hash__ = None
other_loss = lambda y, p: keras.ops.mean(y - p)
X, Y = np.zeros((8, 4), "float32"), np.zeros((8, 1), "float32")
d, e = layers.Dense(3), layers.Dense(3)
bag, slots = types.SimpleNamespace(h=layers.Dense(2)), {"h": layers.Dense(2)}
opt = keras.optimizers.SGD(0.1)
class Twice(layers.Layer):
    def call(self, x): return 2 * x
m = keras.Sequential([keras.Input((4,)), d, Twice(), bag.h, slots["h"], layers.Dense(1)]); m.compile(opt, "mse")
n = keras.Sequential([keras.Input((4,)), e, layers.Dense(1)]); n.compile("sgd", "mse")
"""

EDITS = {
    "name": "d = layers.Dense(9); kept = d",
    "optimizer": "opt = keras.optimizers.SGD(0.01); kept = opt",
    "class": "class Twice(layers.Layer):\n    def call(self, x): return 3 * x\nkept = Twice",
    "attribute": "bag.h = layers.Dense(9); kept = bag.h",
    "slot": "slots['h'] = layers.Dense(9); kept = slots['h']",
}
PLACES = {"name": "d", "optimizer": "opt", "class": "Twice", "attribute": "bag.h", "slot": "slots['h']"}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("value", OBJECTS.values(), ids=OBJECTS)
def test_other_cards_open(guarded: Any, edit: str, value: str) -> None:
    """Whatever a place holds after a lost edit, the edits of other models still open, and status answers."""
    guarded.run(PRELUDE, EDITS[edit], f"{PLACES[edit]} = {value}")
    guarded.run("e = layers.Dense(9)", "n.predict(X, verbose=0)")
    opened = {shown.id: shown for shown in guarded.shown if shown.state.value == "open"}.values()
    assert [(shown.code, shown.model) for shown in opened] == [("KG102", "n")]
    guarded.run("get_ipython().run_line_magic('keras_guard', 'status')")
