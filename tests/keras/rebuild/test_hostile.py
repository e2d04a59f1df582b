"""Names and configs from a stranger's file reach the code as literals only."""

from __future__ import annotations

import ast
from typing import Any

import keras
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from keras import layers

from keras_guard import Replace, rebuild
from keras_guard._adapter.layer_config import is_automatic_name
from tests.support.sampling import one_of_each

from .test_zoo import STYLES

pytestmark = pytest.mark.keras

_SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
_NASTY = [
    "__import__('os').system('true')",
    'a"); raise SystemExit("',
    "''' + exit() + '''",
    '"""',
    "\\",
    "a\nimport os\n#",
    "class",
    "None",
    "keras",
    "layers",
    "model",
    "{x}",
    "%s%n",
    "ｋｅｒａｓ",
    "раyраl",
    "\u202egnp.exe",
    "\x00\x07\x1b[31m",
    "# comment",
    "f'{1+1}'",
    "lambda: 0",
    "x" * 300,
    " ",
    "é",
    "𝐝𝐞𝐟",
]
_NAMES = st.one_of(st.sampled_from(_NASTY), st.text(min_size=1, max_size=30)).filter(
    lambda name: "/" not in name
)
#: What the code may read besides its own local names.
_ALLOWED = {"keras", "layers", "model", "new", "keras_guard"}


@keras.saving.register_keras_serializable("hostile")
class Noted(layers.Layer):
    """A layer whose config holds a text."""

    def __init__(self, note: Any = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.note = note

    def call(self, x: Any) -> Any:
        """Do nothing."""
        return x

    def get_config(self) -> dict[str, Any]:
        """Return the text."""
        return {**super().get_config(), "note": self.note}


def _model(names: list[str]) -> Any:
    inputs = keras.Input((3,), name=names[0])
    x = inputs
    for name in names[1:]:
        x = layers.Dense(3, name=name)(x)
    return keras.Model(inputs, x, name=names[-1])


def _check_source(source: str) -> None:
    """The text is Python that reads only what it may, and calls nothing it was not meant to."""
    tree = ast.parse(source)
    bound = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    bound |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    read = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert read <= bound | _ALLOWED | {"Noted", "float", "slice"}
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.Lambda, ast.JoinedStr))]


def _check_names(names: list[str], style: str) -> None:
    model = _model(names)
    namespace = {"model": model, "keras": keras, "layers": layers}
    found = rebuild(model, namespace=namespace, style=style)
    _check_source(found.source)
    made = found.run(dict(namespace))
    for old, layer in zip(model.layers, made.layers, strict=True):
        free = style == "source" and is_automatic_name(old, old.name)  # Keras chooses another one
        assert free or layer.name == old.name


@pytest.mark.parametrize(("number", "style"), one_of_each(map(str, range(len(_NASTY))), STYLES))
def test_nasty_names_stay_names(number: str, style: str) -> None:
    """Quotes, newlines, keywords, look-alikes and code in names come back as the same names."""
    _check_names(["entry", _NASTY[int(number)], "last"], style)


@given(st.lists(_NAMES, min_size=3, max_size=8, unique=True))
@settings(_SETTINGS, max_examples=6)
@example(["a", "__import__('os')", "b"])
def test_any_names_stay_names(names: list[str]) -> None:
    """Any names at all come back as the same names."""
    _check_names(names, "source")


@pytest.mark.slow
@given(st.lists(_NAMES, min_size=8, max_size=8, unique=True))
@settings(_SETTINGS, max_examples=150)
def test_a_thousand_names_stay_names(names: list[str]) -> None:
    """More than a thousand names come back as the same names."""
    for style in STYLES:
        _check_names(names, style)


_NOTES = st.recursive(
    _NAMES | st.integers() | st.floats(allow_nan=False) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


def _check_note(note: Any) -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layers.Dense(2)(Noted(note, name="noted")(inputs)))
    namespace = {"model": model, "keras": keras, "layers": layers, "Noted": Noted}
    found = rebuild(model, namespace=namespace, style="copy")
    _check_source(found.source)
    made = found.run(dict(namespace))
    assert made.get_layer("noted").note == note


@given(_NOTES)
@settings(_SETTINGS, max_examples=6)
@example({"class_name": "__lambda__", "config": {"value": "x"}})
@example({"class_name": "function", "config": "eval", "module": "builtins"})
def test_configs_stay_literals(note: Any) -> None:
    """What a config holds comes back as the same value, or the layer itself is used again."""
    _check_note(note)


@pytest.mark.slow
@given(_NOTES)
@settings(_SETTINGS, max_examples=200)
def test_many_configs_stay_literals(note: Any) -> None:
    """Two hundred configs come back as the same values."""
    _check_note(note)


def test_a_new_layer_with_a_hostile_name_is_put_in() -> None:
    """A replacement named like code is an ordinary layer."""
    model = _model(["entry", "dense", "last"])
    new = layers.Dense(3, name="__import__('os').abort()")
    namespace = {"model": model, "keras": keras, "layers": layers}
    found = rebuild(model, [Replace("dense", new)], namespace=namespace)
    _check_source(found.source)
    assert found.run(dict(namespace)).layers[1].name == "__import__('os').abort()"
