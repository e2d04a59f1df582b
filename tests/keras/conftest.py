"""A real IPython shell with the guard loaded, in the process of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keras_guard._data.diagnostic import Diagnostic, LayerFacts
from keras_guard._render.as_json import render_json
from keras_guard._render.as_text import render_text
from tests.support.card_schema import CARD_SCHEMA
from tests.support.golden import Golden, may_rewrite
from tests.support.shells import end, quick_traces

_GOLDEN = Path(__file__).with_name("golden")


class GuardedShell:
    """Runs cells, and keeps every state of every diagnostic that was shown."""

    def __init__(self, shell: Any, extension: Any) -> None:
        self.shell = shell
        self.extension = extension
        self.session = extension.session
        self.shown: list[Diagnostic] = []
        extension.display.listeners.append(self.shown.append)

    def run(self, *cells: str) -> list[Diagnostic]:
        """Run cells; raises what they raise. Returns what was shown meanwhile."""
        before = len(self.shown)
        for cell in cells:
            result = self.shell.run_cell(cell, store_history=True)
            result.raise_error()
        return self.shown[before:]

    def last_states(self) -> dict[str, Diagnostic]:
        """Return the last state of each diagnostic, by id."""
        return {diagnostic.id: diagnostic for diagnostic in self.shown}

    def said(self) -> str:
        """Return all that was shown, in order: each card's text, and what only its JSON has.

        Fails where the JSON of a card is not as its schema says.
        """
        for shown in self.shown:
            CARD_SCHEMA.validate(render_json(shown))
        return "\n".join(f"{render_text(shown)}\n{_beside_the_text(shown)}" for shown in self.shown)

    @property
    def faults(self) -> dict[str, str]:
        """What went wrong inside the guard."""
        return self.session.containment.details


def _beside_the_text(shown: Diagnostic) -> str:
    layers = " -> ".join(_brief(layer) for layer in (shown.graph_layer, shown.new_layer))
    rebuild = ", can be rebuilt" if shown.rebuild else ""
    return f"[{shown.model} of {', '.join(shown.models)}: {layers}{rebuild}]"


def _brief(layer: LayerFacts | None) -> str:
    return "no layer" if layer is None else layer.title()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """Return what compares a text with the agreed one, by file and name.

    The texts were agreed on for TensorFlow, the only backend on which every rule speaks.
    """
    import keras

    rewrite = may_rewrite(request.config)

    def check(file: str, name: str, text: str) -> None:
        if keras.backend.backend() == "tensorflow":
            Golden(_GOLDEN / f"{file}.txt", rewrite).check(name, text)

    return check


@pytest.fixture
def guarded(capsys: pytest.CaptureFixture[str]) -> Iterator[GuardedShell]:
    """Return a fresh shell with the guard loaded; a fault inside the guard fails the test."""
    import keras
    from IPython.core.interactiveshell import InteractiveShell

    from keras_guard._shell.extension import load, unload

    keras.backend.clear_session(free_memory=False)  # layers are named alike, whatever ran before
    quick_traces()
    policy = keras.config.dtype_policy()
    shell = InteractiveShell()
    guarded = GuardedShell(shell, load(shell))
    yield guarded
    unload(shell)
    end(shell)
    keras.config.set_dtype_policy(policy)
    assert not guarded.faults, next(iter(guarded.faults.values()))
