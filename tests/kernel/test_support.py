"""What is not supported is said when the guard wakes, once, and in `status`."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel
from tests.support.sampling import some

pytestmark = [pytest.mark.kernel, pytest.mark.keras]

#: A real Keras that says of itself what an unsupported one says, and the line it brings.
UNSUPPORTED = {
    "keras": (
        "keras.__version__ = '3.2.1'",
        "Keras 3.2.1 is not supported and the guard may miss edits of its models; "
        "Keras 3.3 or later and tf_keras are",
    ),
    "keras 2": (
        "keras.__version__ = '2.15.0'",
        "Keras 2.15.0 is not supported and the guard watches nothing of it; Keras 3.3 or later and tf_keras are",
    ),
    "backend": (
        "keras.backend.backend = lambda: 'openvino'",
        "the backend 'openvino' is not supported; tensorflow, jax, torch are",
    ),
}


@pytest.mark.parametrize("which", some(UNSUPPORTED, ["keras"]))
def test_unsupported_is_said_once_at_load(start_kernel: type[Kernel], which: str) -> None:
    """Loading beside an unsupported Keras says so in one line; nothing repeats it but `status`."""
    pretence, line = UNSUPPORTED[which]
    kernel = start_kernel(load="")
    kernel.ok(f"import keras\n{pretence}")
    assert kernel.ok("%load_ext keras_guard").shown_texts() == [f"keras_guard: {line}"]
    for cell in ("import keras", "%reload_ext keras_guard", "model = keras.Sequential([keras.Input((2,))])"):
        run = kernel.ok(cell)
        assert (run.shown_texts(), run.cards) == ([], [])
    assert "\n".join(kernel.ok("%keras_guard status").shown_texts()).count(line) == 1
    assert not kernel.faults()


def test_nothing_is_said_where_all_is_supported(start_kernel: type[Kernel]) -> None:
    """With a Keras, IPython and Python that are supported, loading and importing show nothing."""
    kernel = start_kernel()
    run = kernel.ok("import keras")
    assert (run.shown_texts(), run.stream()) == ([], "")
