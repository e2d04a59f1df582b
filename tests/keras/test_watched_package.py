"""``%keras_guard watch PACKAGE``: edits in the user's own modules are pointed at in their files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.keras

MODULE = """from keras import layers


def widen(model):
    model.layers[0] = layers.Dense(9)
    return model
"""
BUILD = "import keras\nfrom keras import layers\nmodel = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module of the user's, on the path and not yet imported."""
    name = "surgery_of_the_user"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


def test_an_edit_in_a_watched_module_is_pointed_at(guarded: Any, package: str) -> None:
    """The card names the line of the module and the cell that called it."""
    guarded.run(f"%keras_guard watch {package}", BUILD, f"import {package}\n{package}.widen(model)")
    (card,) = guarded.shown
    assert (card.code, card.state.value) == ("KG101", "open")
    assert card.span.line == 5
    assert "surgery_of_the_user" in card.span.label()


def test_an_edit_in_an_unwatched_module_raises_no_alarm(guarded: Any, package: str) -> None:
    """Modules are left as they are unless asked for."""
    guarded.run(BUILD, f"import {package}\n{package}.widen(model)\nmodel(keras.ops.ones((1, 4)))")
    assert not guarded.shown


def test_a_mistyped_package_is_told(guarded: Any, capsys: Any) -> None:
    """A package that is not there gets one line that names it."""
    guarded.shell.run_cell("%keras_guard watch no_such_package_at_all", store_history=True)
    captured = capsys.readouterr()
    assert "no_such_package_at_all" in captured.out + captured.err
