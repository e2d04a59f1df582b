"""Beside extensions that change cells themselves: what they do stays as it is, and the guard sees what it sees alone."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest

from tests.support.kernel import Kernel

from .models import FUNCTIONAL

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

Start = Callable[..., Kernel]


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip where one of the packages is missing."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    reason = f"{', '.join(missing)} not installed: nox -s neighbours installs what is needed"
    return pytest.mark.skipif(bool(missing), reason=reason)


def assert_guarded(kernel: Kernel) -> None:
    """Fail unless edits are marked before the next statement, at their lines, and the rebuild runs."""
    edit = kernel.ok("model.layers[1] = layers.Dense(3)\nprint('next')")
    assert edit.briefs == [("KG101", "open", 1)]
    assert edit.cards[0].position < edit.position_of("next")
    assert kernel.ok("head = layers.Dense(5)").briefs == [("KG102", "pending", 1)]
    # The call opens this card and adds to those of the list what has run without their edits.
    opened, *updated = kernel.ok("shown = model(x)").briefs
    assert opened == ("KG102", "open", 1)
    assert ("KG101", "open", 1) in updated
    assert {brief[:2] for brief in updated} == {("KG101", "open")}
    source = kernel.ok("%keras_guard rebuild model").next_input
    assert source is not None
    assert {card.state for card in kernel.ok(source).cards} == {"resolved"}
    assert kernel.value("model.output_shape[-1]") == 5
    assert not kernel.faults()


@needs("ipyflow")
@pytest.mark.parametrize("order", [("keras_guard", "ipyflow"), ("ipyflow", "keras_guard")], ids="-then-".join)
def test_ipyflow(start_kernel: Start, order: tuple[str, str]) -> None:
    """ipyflow puts its tracer into every cell and every import; in both orders both do what they are for."""
    kernel = start_kernel(load="")
    for name in order:
        kernel.ok(f"%load_ext {name}")
    kernel.ok(FUNCTIONAL)
    assert_guarded(kernel)
    kernel.cells("base = 1", "derived = base + 1", "base = 5", "head = layers.Dense(base)")
    told = kernel.ok(
        "from ipyflow import code, deps, lift\n"
        "print(lift(derived).is_waiting, deps(derived), deps(head))\nprint(code(derived), code(head))"
    ).stream()
    assert told.startswith("True [<base>] [<keras.src.layers.core.dense>, <layers>, <base>]\n")
    assert "derived = base + 1" in told
    assert "base = 5\n" in told
    assert "head = layers.Dense(base)" in told
    assert "__keras_guard" not in told


@needs("jaxtyping", "beartype")
@pytest.mark.parametrize(
    "order", [("keras_guard", "jaxtyping"), ("jaxtyping", "keras_guard")], ids="-then-".join
)
def test_jaxtyping(start_kernel: Start, order: tuple[str, str]) -> None:
    """jaxtyping's hook goes on checking the types of the functions of cells."""
    kernel = start_kernel(load="")
    for name in order:
        kernel.ok(f"%load_ext {name}")
    kernel.ok("%jaxtyping.typechecker beartype.beartype")
    kernel.ok(FUNCTIONAL)
    kernel.ok("def twice(n: int) -> int:\n    global made\n    made = layers.Dense(n)\n    return 2 * n")
    assert kernel.ok("twice(2)").out == "4"
    assert "TypeCheckError" in (kernel.run("twice('2')").error or "")
    assert_guarded(kernel)


@needs("line_profiler")
def test_line_profiler(start_kernel: Start) -> None:
    """`%lprun` counts the user's lines, each as often as it ran, and the edit in the function is marked."""
    kernel = start_kernel()
    kernel.ok("%load_ext line_profiler")
    kernel.ok(FUNCTIONAL)
    kernel.ok(
        "def edit():\n    for n in range(3):\n        model.layers[1] = layers.Dense(n + 1)\n    return 7"
    )
    run = kernel.ok("stats = %lprun -r -f edit edit()")
    assert set(run.briefs) == {("KG101", "open", 3)}
    counted = kernel.value(
        "{str(line): hits for lines in stats.get_stats().timings.values() for line, hits, _ in lines}"
    )
    assert counted == {"2": 4, "3": 3, "4": 1}
    assert_guarded(kernel)
