"""Every function of the guard raises, one after the other; the user's cell never notices."""

from __future__ import annotations

import builtins
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

import keras_guard
from keras_guard._session import containment
from keras_guard._shell.extension import load, unload
from tests.support.shells import end

from .test_contained import BUILD, BUSY, ERRORS

pytestmark = pytest.mark.keras

#: Rooms a running cell or a magic passes through.
_ROOMS = (
    "_adapter",
    "_claims",
    "_data",
    "_imports",
    "_instrument",
    "_ledger",
    "_rebuild",
    "_render",
    "_rules",
    "_session",
    "_shell",
)
#: Rooms that no running cell passes through: files at start-up, and what runs notebooks, scripts and tests.
_OTHERS = {"_autoload", "_cli", "_demo", "_program", "_pytest", "_runs", "_version"}
#: What contains cannot itself be contained: it is a few lines, and has tests of its own.
_CONTAINING = {"keras_guard._session.containment", "keras_guard._data.meant", "keras_guard._adapter.wake"}
#: Called while the module is imported, loaded or left, or by a user's own Python: nothing contains them.
_OUTSIDE = {
    "keras_guard._shell.extension": ("Extension.__init__", "Extension.load", "Extension.unload", "load", "unload", "current"),
    "keras_guard._shell.transforming": ("GuardTransformer.visit",),
    "keras_guard._shell.cells": ("Cells.__init__",),
    "keras_guard._shell.options": ("KerasGuard.",),
    # What IPython calls, one line around what is contained, and where the answers of magics are contained.
    "keras_guard._shell.magics": ("Magics._rewrite", "Magics.run", "Magics._answer"),
    "keras_guard._adapter.dispatch": ("Dispatch.",),
    "keras_guard._session.session": ("Session.close", "KerasGuardError."),
    # Probes are called by the cell itself: a few lines that ask for types and look into lists of ours.
    "keras_guard._instrument.runtime": ("forget", "_probe_", "_arm", "_pass", "_is_dull", "_enliven"),
    "keras_guard._instrument.flags": ("saw_",),
    "keras_guard._adapter.hooks": ("KerasHooks.detach", "KerasHooks.missing"),
}  # fmt: skip

MAGICS = ["check", "diff", "rebuild model", "explain KG101", "history", "ignore KG999", "status", "explain"]


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(keras_guard.__path__, "keras_guard."):
        room = found.name.split(".")[1]
        if room in _ROOMS and found.name not in _CONTAINING:
            yield importlib.import_module(found.name)


def _functions() -> dict[str, FunctionType]:
    """Return every function and method that is written in the rooms, by its full name."""
    found: dict[str, FunctionType] = {}
    for module in _modules():
        owners = [
            module,
            *(v for v in vars(module).values() if inspect.isclass(v) and v.__module__ == module.__name__),
        ]
        for owner in owners:
            for held in vars(owner).values():
                wrapped = getattr(held, "fget", None) or getattr(held, "func", None) or held
                value = inspect.unwrap(getattr(wrapped, "__func__", wrapped))
                if isinstance(value, FunctionType) and value.__code__.co_filename == module.__file__:
                    found[f"{module.__name__.removeprefix('keras_guard.')}:{value.__qualname__}"] = value
    return found


def _is_outside(name: str) -> bool:
    module, _, function = name.partition(":")
    return any(function.startswith(start) for start in _OUTSIDE.get(f"keras_guard.{module}", ()))


FUNCTIONS = {name: function for name, function in _functions().items() if not _is_outside(name)}


def _raising_code(function: FunctionType) -> CodeType:
    """Return code that raises what ``injected_fault`` raises, whatever the function is called with."""
    free = function.__code__.co_freevars
    head = "async def" if inspect.iscoroutinefunction(function) else "def"
    mention = "".join(f"\n        {name}" for name in free)
    tail = "\n        yield" if inspect.isgeneratorfunction(function) else ""
    source = (
        "def outer():\n"
        + "".join(f"    {name} = None\n" for name in free)
        + f"    {head} raising(*_, **__):\n"
        f"        injected_fault(){mention}{tail}\n    return raising"
    )
    names: dict[str, Any] = {}
    exec(source, names)
    code: CodeType = names["outer"]().__code__
    return code.replace(co_name=function.__code__.co_name, co_filename="injected")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A shell with the guard loaded."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.kernel = None
    load(shell)
    yield shell
    unload(shell)
    shell.reset(new_session=False)
    end(shell)


def _play(shell: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Build, run the busy cell, and ask every magic; returns what each came to."""
    from IPython.core.completer import provisionalcompleter

    built = shell.run_cell(BUILD, store_history=True)
    busy = shell.run_cell(BUSY, store_history=True)
    answers = {line: shell.run_cell(f"%keras_guard {line}").error_in_exec for line in MAGICS}
    with provisionalcompleter():
        list(shell.Completer.completions("%keras_guard re", 15))
    return built, busy, answers


@pytest.fixture(scope="module")
def reached() -> set[CodeType]:
    """The code that runs when nothing fails."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.kernel = None
    load(shell)
    found: set[CodeType] = set()
    sys.setprofile(lambda frame, event, _: found.add(frame.f_code) if event == "call" else None)
    try:
        _, _, answers = _play(shell)
    finally:
        sys.setprofile(None)
    assert answers["rebuild model"] is None, "without a fault the rebuild is written"
    unload(shell)
    shell.reset(new_session=False)
    return found


def _cases() -> Iterator[Any]:
    """All functions in the long run; every fortieth in each run."""
    for number, name in enumerate(FUNCTIONS):
        marks = [] if number % 40 == 7 else [pytest.mark.slow]
        yield pytest.param(name, ERRORS[number % len(ERRORS)], id=name, marks=marks)


def _outcome(result: Any) -> tuple[Any, ...]:
    return (
        type(result.error_before_exec),
        type(result.error_in_exec),
        str(result.error_in_exec),
        repr(result.result),
    )


@pytest.mark.parametrize(("name", "error"), list(_cases()))
def test_function_that_raises(
    reached: set[CodeType], shell: Any, monkeypatch: pytest.MonkeyPatch, name: str, error: BaseException
) -> None:
    """The busy cell ends as it does alone, magics end in one line, and afterwards the guard is as good as new."""
    calls: list[int] = []

    def injected_fault() -> None:
        calls.append(1)
        raise error

    monkeypatch.setattr(builtins, "injected_fault", injected_fault, raising=False)
    function = FUNCTIONS[name]
    whole = function.__code__
    if whole not in reached:
        pytest.skip("not reached by the busy cell and the magics")
    function.__code__ = _raising_code(function)
    try:
        built, busy, answers = _play(shell)
    finally:
        function.__code__ = whole
    assert _outcome(built)[:3] == (type(None), type(None), "None")
    assert _outcome(busy) == (type(None), type(None), "None", "(4, 2)")
    assert {type(answer).__name__ for answer in answers.values()} <= {"NoneType", "UsageError"}
    extension = shell._keras_guard_extension
    kept = extension.containment
    told = sum(kept.faults.values()) + kept.uncounted or answers["rebuild model"] is not None
    assert not calls or told or name.startswith(HANDLED)
    seen: list[Any] = []
    shell.run_cell("%reload_ext keras_guard", store_history=True)
    shell._keras_guard_extension.display.listeners.append(seen.append)
    shell.run_cell(BUILD, store_history=True)
    shell.run_cell("model.layers[0] = layers.Dense(7)", store_history=True)
    assert [card.code for card in seen if card.state.value == "open"] == ["KG101"], "the guard goes on"


#: Rooms whose failing is foreseen where they are called, and means that something is done without: a layer that
#: cannot be put in words is written by its name, an unreadable policy is none, a loss that no random target suits is not
#: tried, an import goes its way unheard.
HANDLED = ("_adapter.layer_config:", "_adapter.policy:", "_adapter.trial:", "_imports:")


def test_most_functions_are_reached() -> None:
    """The list is the guard's: several hundred functions, of every room, and each with code of its own."""
    rooms = {name.split(".")[0].split(":")[0] for name in FUNCTIONS}
    assert rooms == set(_ROOMS)
    names = {found.name for found in pkgutil.iter_modules(keras_guard.__path__)}
    assert names - _OTHERS - {"__main__"} == set(_ROOMS)
    assert len(FUNCTIONS) > 500
    assert containment.__name__ in _CONTAINING
