"""Interrupts: they end the user's cell as ever, wherever they come, and the guard goes on."""

from __future__ import annotations

import pytest
from benchmarks.interrupts import Stress

from tests.support.kernel import Kernel

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

BUILD = """
import keras
from keras import layers
model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
"""

#: Sends one interrupt to the kernel while a method of the guard's runs, and puts the method back.
HIT = """
def _hit(owner, name):
    import signal, os, time
    method = getattr(owner, name)
    def interrupted(*args, **kwargs):
        setattr(owner, name, method) if name not in vars(type(owner)) else delattr(owner, name)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    setattr(owner, name, interrupted)
_session = get_ipython()._keras_guard_extension.session
_hit({owner}, {name!r})
"""
OWNERS = {
    "probe": ("_session.entries.adoption", "_adopt_all"),
    "transformer": ("_session._names", "read_cell"),
    "before-the-cell": ("_session._cells", "begin_cell"),
    "after-the-cell": ("_session.entries.waiting", "show_all_waiting"),
}


@pytest.mark.parametrize("where", OWNERS)
def test_an_interrupt_inside_the_guard_ends_the_cell(kernel: Kernel, where: str) -> None:
    """The cell ends with the user's KeyboardInterrupt and no frame of the guard's; the next edit is warned about."""
    owner, name = OWNERS[where]
    kernel.ok(BUILD)
    kernel.ok("lost = layers.Dense(7)\nmodel.layers.pop();")
    hit = kernel.run(HIT.format(owner=owner, name=name), silent=True)
    assert hit.error is None, hit.traceback
    run = kernel.run("print('BEGUN')\nmodel.layers[0] = layers.Dense(9)\nprint('END')")
    assert run.error is not None, where
    assert run.error.startswith("KeyboardInterrupt")
    assert "keras_guard" not in run.traceback
    assert "Error in callback" not in run.stream()
    begun = {"probe": "BEGUN\n", "transformer": "", "before-the-cell": "", "after-the-cell": "BEGUN\nEND\n"}
    assert run.stream() == begun[where]
    kernel.ok("a = 1")
    assert kernel.ok("b = 1\nmodel.layers[0] = layers.Dense(5)").briefs[-1] == ("KG101", "open", 2)
    kernel.run("del _hit, _session", silent=True)


def test_interrupts_at_random_moments() -> None:
    """Two of each kind of cell that people stop; ``benchmarks/interrupts.py`` runs a thousand.

    TensorFlow itself loses some interrupts of the cells that train, also without the guard.
    """
    stress = Stress(guard=True, seed=1)
    stress.run(22)
    counts = stress.counts
    assert counts["edits seen after"] == 2, stress.details
    lost = {name.partition(":")[0] for name in counts if name.endswith(("not heard", "ended otherwise"))}
    assert not lost & {"edits", "stores", "counter", "attributes"}, stress.details
    others = [name for name in counts if name.endswith(("frame of the guard", "missed after"))]
    assert others == [], stress.details
    assert counts["faults"] == 0, stress.details
    assert counts["good"] >= 20, stress.details


def test_unloading_gives_the_handler_of_exceptions_back(kernel: Kernel) -> None:
    """IPython's handler of exceptions is the same before loading and after unloading; a user's own one is kept."""
    kernel.ok("%unload_ext keras_guard\nip = get_ipython()\nbefore = ip.CustomTB, ip.custom_exceptions")
    kernel.ok(
        "%load_ext keras_guard\n%unload_ext keras_guard\nassert (ip.CustomTB, ip.custom_exceptions) == before"
    )
    kernel.ok("ip.set_custom_exc((ValueError,), lambda *a, **k: print('MINE'))\n%load_ext keras_guard")
    assert "MINE" in kernel.run("raise ValueError('x')").stream()
    kernel.ok(
        "%unload_ext keras_guard\nassert ip.custom_exceptions == (ValueError,)\nip.set_custom_exc((), None)"
    )
    kernel.ok("%load_ext keras_guard")
