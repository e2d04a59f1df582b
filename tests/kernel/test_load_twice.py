"""Loading the guard where it is loaded already prints nothing; other extensions are as without the guard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.kernel import Kernel

pytestmark = [pytest.mark.kernel]

CHANGED = "'load_extension' in vars(get_ipython().extension_manager)"


@pytest.fixture(scope="module")
def plain() -> Iterator[Kernel]:
    """Return a kernel without the guard."""
    kernel = Kernel(load="")
    yield kernel
    kernel.close()


def test_loading_twice_is_quiet(plain: Kernel) -> None:
    """The second and the third ``%load_ext`` print nothing and show nothing; the guard is loaded once."""
    runs = plain.cells(*["%load_ext keras_guard"] * 3)
    assert [
        run.messages for run in runs if [kind for kind, _ in run.messages if kind != "execute_input"]
    ] == []
    assert plain.value("'keras_guard' in get_ipython().extension_manager.loaded")


def test_other_extensions_say_it(plain: Kernel) -> None:
    """IPython's line about another extension is printed."""
    plain.ok("%load_ext keras_guard\n%load_ext storemagic")
    assert "already loaded" in plain.ok("%load_ext storemagic").stream()


def test_reloading_works(plain: Kernel) -> None:
    """``%reload_ext`` unloads and loads; afterwards loading is quiet again."""
    plain.ok("%load_ext keras_guard\n%reload_ext keras_guard")
    assert plain.value(CHANGED)
    assert plain.ok("%load_ext keras_guard").stream() == ""


def test_unloading_leaves_the_manager_as_it_was(plain: Kernel) -> None:
    """After ``%unload_ext`` nothing of the guard is in the extension manager, and loading works again."""
    plain.ok("%load_ext keras_guard\n%unload_ext keras_guard")
    assert not plain.value(CHANGED)
    assert "not loaded" in plain.ok("%unload_ext keras_guard").stream()
    plain.ok("%load_ext keras_guard")
    assert plain.value("hasattr(get_ipython(), '_keras_guard_extension')")
