"""The plugin of pytest: its options, and when the watch reports. Everything else is imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Generator
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .watch import Watch

_OPTION = "--keras-guard"
_WATCH: list[Watch] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("keras_guard", "keras_guard: edits of Keras models that are lost")
    group.addoption(
        _OPTION,
        nargs="?",
        const="",
        metavar="PACKAGE,...",
        help="watch test modules, and these packages: a lost edit is a warning",
    )
    group.addoption(
        "--keras-guard-strict", action="store_true", help="a lost edit is a failure (with --keras-guard)"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin to watch before the first ``conftest.py`` is imported."""
    given = early_config.known_args_namespace
    if given.keras_guard is None:
        if given.keras_guard_strict:
            raise pytest.UsageError(f"--keras-guard-strict needs {_OPTION}")
        return
    from .watch import Watch

    packages = _packages(given.keras_guard, early_config.invocation_params.args)
    watch = Watch(packages, early_config.getini("python_files"), strict=given.keras_guard_strict)
    watch.start()
    _WATCH.append(watch)


def _packages(given: str, arguments: tuple[str | object, ...]) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    after = [b for a, b in pairwise(arguments) if a == _OPTION]
    if given in after and given:
        raise pytest.UsageError(f"write {_OPTION}={given} for a package, and paths before {_OPTION}")
    wrong = [name for name in names if not all(part.isidentifier() for part in name.split("."))]
    if wrong:
        raise pytest.UsageError(f"{_OPTION}={given}: {wrong[0]} is not the name of a package")
    return names


def pytest_unconfigure() -> None:
    """Leave Keras and the imports as they were found."""
    while _WATCH:
        _WATCH.pop().stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Report what fixtures lose."""
    __tracebackhide__ = True
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Report what the test loses."""
    __tracebackhide__ = True
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Report what fixtures lose at their end."""
    __tracebackhide__ = True
    return (yield from _watched(item))


def _watched(item: pytest.Item) -> Generator[None, object, object]:
    __tracebackhide__ = True
    if not _WATCH:
        return (yield)
    (watch,) = _WATCH
    module = sys.modules.get(getattr(getattr(item, "module", None), "__name__", ""))
    watch.begin({} if module is None else vars(module))
    failed = True
    try:
        result = yield
        failed = False
    finally:
        if failed:
            watch.report(may_fail=False)
    watch.report(may_fail=True)
    return result
