"""Fixtures of all tests: kernels, and the directories that decide on markers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .support.kernel import Kernel


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes agreed texts anew."""
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
