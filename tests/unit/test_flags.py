"""Statements that saw nothing of Keras for long run without their probes."""

from __future__ import annotations

import ast
import builtins
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from keras_guard._instrument import flags, runtime
from keras_guard._instrument.flags import QUIET_LIMIT
from keras_guard._instrument.transformer import CellInstrumenter


class Layer:
    """What arms a site here."""


class Heard:
    """Counts what the probes tell."""

    def __init__(self) -> None:
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        def tell(*_: object) -> None:
            self.count += 1

        return tell


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A listener for whose probes only :class:`Layer` is of Keras."""
    runtime.install()
    monkeypatch.setattr(runtime, "_hot", (Layer,))
    yield Heard()
    flags.warm()


def _define(heard: Heard, code: str) -> dict[str, Any]:
    """Run an instrumented cell and return its names."""
    namespace: dict[str, Any] = {"Layer": Layer, "slots": {}, "layer": Layer()}
    instrumenter = CellInstrumenter(heard, 1, lambda name: False, namespace=namespace)
    tree = instrumenter.instrument(ast.parse(code), code, functions=True)
    exec(compile(ast.fix_missing_locations(tree), "cell", "exec"), namespace)
    return namespace


STATEMENTS = {
    "item": "def f(value):\n    slots[0] = value",
    "attribute": "class Box: pass\nbox = Box()\ndef f(value):\n    box.slot = value",
    "unpacked": "def f(value):\n    slots[0], slots[1] = value, value",
    "own list": "class Box:\n    losses = []\nbox = Box()\ndef f(value):\n    (box if value is None else value).losses.append(value)",
    "method": "class Box:\n    def put(self, value):\n        self.slot = value\nf = Box().put",
    "global": "name = 0\ndef f(value):\n    global name\n    name = value",
}


def _run(namespace: dict[str, Any], value: object, times: int) -> None:
    for _ in range(times):
        with contextlib.suppress(AttributeError):
            namespace["f"](value)


@pytest.mark.parametrize("code", STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_that_sees_nothing_becomes_cold(heard: Heard, code: str) -> None:
    """After many values that are not of Keras a layer is not looked at; after `warm` it is."""
    namespace = _define(heard, code)
    _run(namespace, None, QUIET_LIMIT)
    _run(namespace, namespace["layer"], 1)
    assert heard.count == 0
    flags.warm()
    _run(namespace, namespace["layer"], 1)
    assert heard.count > 0


def test_a_statement_that_binds_layers_stays_warm(heard: Heard) -> None:
    """A layer now and then keeps the probes of its statement."""
    namespace = _define(heard, STATEMENTS["item"])
    for _ in range(3):
        _run(namespace, None, QUIET_LIMIT - 1)
        _run(namespace, namespace["layer"], 1)
    assert heard.count > 3
    assert not flags._cold


def test_one_statement_does_not_cool_another(heard: Heard) -> None:
    """Each statement has a flag of its own, as long as they last."""
    namespace = _define(heard, STATEMENTS["item"] + "\ndef g(value):\n    slots[1] = value")
    _run(namespace, None, QUIET_LIMIT)
    namespace["g"](namespace["layer"])
    assert heard.count > 0


def test_flags_are_a_fixed_set(heard: Heard) -> None:
    """More statements than flags add no name to `builtins`."""
    before = set(vars(builtins))
    body = "\n".join(f"    slots[{index}] = value" for index in range(flags.COUNT + 5))
    _define(heard, f"def f(value):\n{body}")["f"](1)
    assert set(vars(builtins)) == before


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("def f(value):\n    slots[0] = [v for v in (lambda: (value, value))()]", id="lambda"),
        pytest.param("def f(value):\n    for slots[0] in [value]:\n        slots[1] = (w := value)", id="loop target"),
        pytest.param("def f(value):\n    slots[0] = value; return slots.get(0)", id="one line"),
    ],
)  # fmt: skip
def test_cold_and_warm_do_the_same(heard: Heard, code: str) -> None:
    """The plain copy of a statement has the same effect as the one with probes."""
    namespace = _define(heard, code)
    warm = namespace["f"](7), dict(namespace["slots"])
    _run(namespace, None, QUIET_LIMIT)
    assert (namespace["f"](7), dict(namespace["slots"])) == warm
