"""Run every sourced case without any tool and check what happens: ``python -m benchmarks.silent_edits.measure``.

Run it with the Python of an environment with the Keras to be measured; it writes ``results/keras-VERSION.json``.
Each case has a ``check``, an expression over the notebook's names that is true if what the case says happens:
for an edit that is lost, that it is lost; for a legal one, that it takes effect.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from tests.support.kernel import Kernel

from .cases import RESULTS, published, sourced

QUIET = {"TF_ENABLE_ONEDNN_OPTS": "0"}
#: What the checks call; their names begin with two underscores after they were bound, so that no case sees them.
HELPERS = """
def _helpers():
    import numpy, os, keras
    def same(a, b, tol=1e-6):
        a, b = [x if isinstance(x, (list, tuple)) else [x] for x in (a, b)]
        if len(a) != len(b):
            return False
        pairs = [(numpy.asarray(p), numpy.asarray(q)) for p, q in zip(a, b)]
        return all(p.shape == q.shape and bool(numpy.allclose(p, q, rtol=0, atol=tol)) for p, q in pairs)
    def eager(model, x):
        return numpy.asarray(model(numpy.asarray(x), training=False))
    def names(model):
        return [layer.name for layer in model.layers]
    return dict(same=same, eager=eager, names=names, np=numpy, os=os, keras=keras)
_globals_of_checks = _helpers()
"""
FRESH = """
get_ipython().run_line_magic("reset", "-f")
def _clean():
    import keras, gc
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    if hasattr(keras.config, "set_dtype_policy"):
        keras.config.set_dtype_policy("float32")
    else:
        keras.mixed_precision.set_global_policy("float32")
    gc.collect()
_clean()
del _clean
# One case asks the guard by its magic.
if get_ipython().find_line_magic("keras_guard") is None:
    get_ipython().register_magic_function(lambda line: None, "line", "keras_guard")
"""


def _evaluate(kernel: Kernel, code: str, mode: str) -> str:
    """Run code of the benchmark with its helpers beneath the names of the notebook; return ``ok`` and the value or the error."""
    call = (
        f"import builtins as _b\n{HELPERS}\n_b._silent_edits_value = None\n"
        f"_scope = {{**_globals_of_checks, **get_ipython().user_ns}}\n"
        f"_b._silent_edits_value = {mode}({code!r}, _scope)\n"
        + ("get_ipython().user_ns.update({k: v for k, v in _scope.items() if k.startswith('_') and len(k) == 2})\n"
           if mode == "exec" else "")
    )  # fmt: skip
    run = kernel.run(call, silent=True)
    if run.error:
        return run.error[:120]
    return str(kernel.value("bool(__import__('builtins')._silent_edits_value)"))


def outcome(case: dict[str, Any], kernel: Kernel) -> str:
    """Return ``as described``, ``otherwise``, or which cell or check raised what."""
    assert kernel.run(FRESH, silent=True).error is None
    for index, source in enumerate(case["cells"]):
        run = kernel.run(source)
        wanted, got = case["raises"].get(str(index)), run.reply.get("ename")
        if wanted != got:
            return f"cell {index} raises {run.error[:120]}" if run.error else f"cell {index} raises nothing"
        for probe in case["probes"]:
            if probe["after_cell"] == index:
                _evaluate(kernel, probe["code"], "exec")
    found = _evaluate(kernel, case["check"], "eval")
    return {"True": "as described", "False": "otherwise"}.get(found, f"the check raises {found}")


def main() -> None:
    """Measure, and write one file for this Keras; what the file holds already is not run again."""
    kernel = Kernel(load="", environment=QUIET)
    try:
        versions = kernel.value(
            "{'keras': __import__('keras').__version__, 'tensorflow': __import__('tensorflow').__version__}"
        )
        file = RESULTS / f"keras-{versions['keras']}.json"
        found: dict[str, str] = json.loads(file.read_text())["cases"] if file.exists() else {}
        for case in sourced(published()):
            if case["id"] not in found:
                found[case["id"]] = outcome(case, kernel)
                file.write_text(
                    json.dumps({**versions, "date": str(date.today()), "cases": found}, indent=1) + "\n"
                )
    finally:
        kernel.close()
    described = sum(answer == "as described" for answer in found.values())
    print(f"Keras {versions['keras']}: {described} of {len(found)} as described")
    for name, answer in found.items():
        if answer != "as described":
            print(f"  {name}: {answer}")


if __name__ == "__main__":
    main()
