"""The code is what a person would have written: short lines, no noise, and a file that stands alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_guard import RebuildRefused, Replace, rebuild
from keras_guard._adapter.layer_config import constructor_of
from keras_guard._rebuild.layout import commented, laid_out

from .checks import assert_same, copy_weights, outputs, sample
from .test_zoo import NEVER_ALONE, STYLES
from .zoo import GRAPHS

pytestmark = pytest.mark.keras

LONGEST = 100


def _sources(every: int) -> dict[str, str]:
    """Return the code of the hard graphs in some styles, with a new head where that is possible.

    Args:
        every: How many styles are from one to the next; 1 for all of each graph.
    """
    found: dict[str, str] = {}
    for index, (name, build) in enumerate(GRAPHS.items()):
        for place, style in enumerate(STYLES):
            if (place - index) % every or (name in NEVER_ALONE and style == "source"):
                continue
            model = build()
            names = {"model": model, "keras": keras, "layers": layers}
            edits = [Replace(model.layers[-1], layers.Dense(3, name="head"))]
            try:
                code = rebuild(model, edits, namespace=names, style=style)
            except RebuildRefused:
                code = rebuild(model, namespace=names, style=style)
            found[f"{name}_{style}.py"] = code.source
    return found


@pytest.fixture(
    scope="module", params=[3, pytest.param(1, marks=pytest.mark.slow)], ids=["one style", "every"]
)
def sources(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the code of all hard graphs, written once: each in one style, or in every one."""
    return _sources(request.param)


def test_lines_are_short(sources: dict[str, str]) -> None:
    """No line of any style is longer than 100 columns."""
    assert {n: line for n, text in sources.items() for line in text.splitlines() if len(line) > LONGEST} == {}


@pytest.mark.parametrize("length", [88, 100])
def test_formatters_leave_the_code_as_it_is(sources: dict[str, str], tmp_path: Path, length: int) -> None:
    """It is formatted as black formats it, at its line length and at a longer one."""
    for name, text in sources.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", f"--line-length={length}", "."]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[:2000]


def test_long_elements_are_wrapped() -> None:
    """Long tuples, long texts, calls of calls and comments: all within the width, and still the same code."""
    words = ", ".join(str(number) for number in range(1000, 1400))
    lines = [
        "def build():",
        f"    x = keras.layers.Reshape(({words}))(x)",
        f'    y = model.get_layer("{"long name " * 30}").output',
        f"    z = keras.layers.Dense(3, name='{'it is ' * 40}')(x)",
        '    w = keras.layers.Dense(10, kernel_initializer="he_normal", name="first")(a_tensor_of_the_graph, training=False)',
        f"    return keras.Sequential([a, {commented('why ' * 40, 'b(1)')}, c], name='n')",
    ]
    text = laid_out(lines)
    assert max(map(len, text.splitlines())) <= 88
    bare = [*lines[:-1], "    return keras.Sequential([a, b(1), c], name='n')"]
    assert ast.unparse(ast.parse(text)) == ast.unparse(ast.parse("\n".join(bare)))


def test_arguments_are_looked_at_for_each_way_of_building() -> None:
    """What a layer filled in when it was built is no noise in a layer that was given it and not built."""
    entry = keras.Input((5, 8))
    given = layers.MultiHeadAttention(2, 4, attention_axes=(1,))
    assert "attention_axes" in constructor_of(given, {}).kwargs
    model = keras.Model(entry, layers.MultiHeadAttention(2, 4)(entry, entry))
    assert "attention_axes" not in rebuild(model, style="source").source


def test_arguments_that_change_nothing_are_left_out() -> None:
    """What Keras fills in, and what is the default in other words, is not written."""
    entry = keras.Input((5, 8))
    x = layers.MultiHeadAttention(2, 4)(entry, entry)
    x = layers.LayerNormalization()(x)
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.Conv1D(4, 3, name="conv")(x)
    x = layers.MaxPooling1D(2)(layers.Embedding(12, 5)(keras.ops.cast(x[:, :, 0], "int32")))
    source = rebuild(keras.Model(entry, layers.Dense(2, name="last")(x)), style="source").source
    for noise in (
        "zero_output",
        "attention_axes",
        "value_dim",
        "rms_scaling",
        "axis=[",
        "strides",
        "uniform",
    ):
        assert noise not in source
    assert 'keras.layers.Conv1D(4, 3, name="conv")' in source
    assert "keras.layers.LSTM(4, return_sequences=True)" in source
    assert 'name="lstm' not in source


def test_a_name_that_a_loss_refers_to_is_kept() -> None:
    """Keras may choose no other name for an output that ``compile`` names."""
    entry = keras.Input((4,))
    a, b = layers.Dense(2), layers.Dense(2)
    model = keras.Model(entry, [a(entry), b(entry)])
    model.compile("sgd", {a.name: "mse", b.name: "mae"})
    found = rebuild(model, style="source")
    made = found.run({})
    assert [layer.name for layer in made.layers[1:]] == [a.name, b.name]
    made.fit(np.zeros((4, 4)), [np.zeros((4, 2))] * 2, verbose=0)


def test_three_lines_need_no_function() -> None:
    """A new head of a Functional is one statement."""
    entry = keras.Input((4,))
    model = keras.Model(entry, layers.Dense(2, name="last")(layers.Dense(3, name="first")(entry)))
    model.compile("sgd", "mse")
    names = {"model": model, "keras": keras, "layers": layers}
    source = rebuild(model, [Replace("last", layers.Dense(5, name="new"))], namespace=names).source
    assert "def " not in source
    assert len(ast.parse(source).body) == 2


# Files that stand alone


@pytest.mark.parametrize("name", sorted(set(GRAPHS) - NEVER_ALONE))
def test_the_source_of_a_graph_stands_alone(name: str) -> None:
    """Run with no names at all it makes the same model: with the old weights, the same outputs."""
    model = GRAPHS[name]()
    found = rebuild(model, namespace={"model": model}, style="source")
    assert "held(" not in found.source
    data = sample(model)
    wanted = outputs(model, data)
    made = found.run({"__name__": "__main__"})
    copy_weights(found, made)
    assert_same(outputs(made, data), wanted)


CELLS = [
    "import keras\nimport numpy as np\nfrom keras import layers, ops\nfrom functools import partial as part",
    "SCALE = 3.0",
    "def double(x):\n    return x * SCALE",
    "def loss(y, p):\n    return ops.mean(ops.square(double(y) - p))",
    "class Base(layers.Layer):\n    def call(self, x):\n        return double(x)",
    "class Scale(Base):\n    def __init__(self, by=1.0, **kwargs):\n        super().__init__(**kwargs)\n        self.by = by\n"
    "    def call(self, x):\n        return super().call(x) * self.by\n"
    "    def get_config(self):\n        return {**super().get_config(), 'by': self.by}",
    "words = layers.StringLookup(); words.adapt(['a', 'b', 'b'])\nnumbers = layers.Normalization(axis=None)\n"
    "numbers.adapt(np.arange(8.0))",
    "entry, text = keras.Input((4,)), keras.Input((1,), dtype='string')\n"
    "x = Scale(2.0)(layers.Lambda(lambda t: t + SCALE)(layers.Lambda(double)(numbers(entry))))\n"
    "y = layers.Embedding(5, 4)(words(text))[:, 0]\n"
    "model = keras.Model([entry, text], layers.Dense(2)(x + y))\nmodel.compile('sgd', loss)",
]


def test_the_source_of_a_notebook_is_a_file(guarded: Any, tmp_path: Path) -> None:
    """Classes, functions, constants, lambdas and adapted layers of the cells come along; another Python runs it."""
    guarded.run(*CELLS)
    names = guarded.shell.user_ns
    found = rebuild(names["model"], namespace=names, style="source")
    file = tmp_path / "model.py"
    file.write_text(found.source, encoding="utf-8")
    weights = [w for layer in names["model"].layers if layer.trainable_weights for w in layer.get_weights()]
    np.savez(tmp_path / "weights.npz", *weights)
    check = (
        "import runpy, numpy as np, keras\n"
        f"model = runpy.run_path({str(file)!r}, run_name='__main__')['model']\n"
        f"weights = iter(np.load({str(tmp_path / 'weights.npz')!r}).values())\n"
        "for layer in model.layers:\n    layer.set_weights([next(weights) for _ in layer.weights])\n"
        "out = model([keras.ops.reshape(keras.ops.arange(8.0), (2, 4)), keras.ops.convert_to_tensor([['a'], ['b']])])\n"
        "print(np.asarray(out).tolist(), [type(layer).__name__ for layer in model.layers])"
    )
    made = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    wanted = names["model"](
        [keras.ops.reshape(keras.ops.arange(8.0), (2, 4)), keras.ops.convert_to_tensor([["a"], ["b"]])]
    )
    numbers, _, kinds = made.stdout.strip().splitlines()[-1].partition("] [")
    np.testing.assert_allclose(ast.literal_eval(f"{numbers}]"), np.asarray(wanted), atol=1e-5)
    assert ast.literal_eval(f"[{kinds}") == [type(layer).__name__ for layer in names["model"].layers]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            "def make(k):\n    return layers.Lambda(lambda t: t * k)\nodd = make(2)",
            "reads names of the function",
        ),
        ("odd = layers.Lambda(eval('lambda t: t * 2'))", "not found"),
        ("table = object()\ndef f(t): return t if table else 0\nodd = layers.Lambda(f)", "no literal"),
    ],
    ids=["closure", "no-text", "reads-an-object"],
)
def test_what_no_file_can_hold_is_refused(guarded: Any, cell: str, reason: str) -> None:
    """The reason is said, and the styles that can use the layer again."""
    guarded.run(CELLS[0], cell, "model = keras.Sequential([keras.Input((2,)), odd])")
    names = guarded.shell.user_ns
    with pytest.raises(RebuildRefused, match=reason) as refused:
        rebuild(names["model"], namespace=names, style="source")
    assert refused.value.choices
