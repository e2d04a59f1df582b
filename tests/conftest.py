"""Fixtures of all tests, and the folders that decide on the mark ``pure``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .support import generated
from .support.kernel import Kernel

TESTS = Path(__file__).parent
#: Folders whose tests need neither Keras nor a kernel, a browser or an installed wheel.
PURE = frozenset({"unit", "security"})
#: What a pure test may not import. Each of them takes seconds.
HEAVY = ("keras", "tensorflow", "tf_keras", "jax", "torch")


def _is_quick(config: pytest.Config) -> bool:
    return bool(config.getoption("markexpr") == "pure")


def pytest_configure(config: pytest.Config) -> None:
    """Generate fewer examples in the quick loop; forget the width that pytest-xdist tells its workers."""
    os.environ.pop("COLUMNS", None)
    if _is_quick(config):
        generated.quick()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give all tests of a file with a costly set-up to one process."""
    from .support.scheduling import OneProcessForAFile

    return OneProcessForAFile(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the other folders out of ``-m pure``: reading them takes longer than running the pure tests."""
    if _is_quick(config) and collection_path.parent == TESTS and collection_path.is_dir():
        return collection_path.name not in PURE or None
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the pure folders."""
    for item in items:
        if item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).parts[0] in PURE:
            item.add_marker(pytest.mark.pure)


@pytest.fixture(autouse=True)
def no_heavy_import(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a pure test that imports Keras or a backend."""
    before = {name for name in HEAVY if name in sys.modules}
    yield
    if request.node.get_closest_marker("pure") is not None:
        imported = {name for name in HEAVY if name in sys.modules} - before
        assert not imported, f"a pure test may not import {', '.join(sorted(imported))}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that rewrites the agreed texts."""
    parser.addoption("--rewrite-golden", action="store_true", help="take what the tests see for agreed")


@pytest.fixture(scope="session")
def shared_kernel() -> Iterator[Kernel]:
    """One kernel process with the guard loaded and Keras imported, for the whole run."""
    kernel = Kernel()
    try:
        kernel.prepare()
        yield kernel
    finally:
        kernel.close()


@pytest.fixture
def kernel(shared_kernel: Kernel) -> Iterator[Kernel]:
    """The shared kernel with an empty namespace and a guard without memory.

    A test that leaves a contained fault behind fails: nothing may go wrong unseen.
    """
    shared_kernel.clean()
    yield shared_kernel
    faults = shared_kernel.faults()
    assert not faults, "\n".join(shared_kernel.fault_details())


@pytest.fixture
def start_kernel() -> Iterator[Callable[..., Kernel]]:
    """Start kernels of one's own; they end with the test."""
    started: list[Kernel] = []

    def start(*args: Any, **options: Any) -> Kernel:
        started.append(Kernel(*args, **options))
        return started[-1]

    yield start
    for kernel in started:
        kernel.close()
