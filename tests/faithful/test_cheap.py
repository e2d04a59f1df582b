"""What costs nothing: loading, and cells that cannot matter."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=300, check=True
    )
    return done.stdout.strip()


def test_loading_imports_neither_keras_nor_the_rules() -> None:
    """Loading brings in no Keras, no rule and no session; they come with the first need."""
    found = _run("""
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell()
        shell.run_line_magic("load_ext", "keras_guard")
        heavy = ("keras", "tensorflow", "keras_guard._rules", "keras_guard._session.session", "keras_guard._rebuild")
        print([name for name in heavy if name in sys.modules])
    """)
    assert found == "[]"


@pytest.mark.keras
def test_transformer_is_registered_for_cells_that_can_matter_only() -> None:
    """A cell sees the transformer list as the user left it, unless it may edit a model."""
    found = _run("""
        import os
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell()
        shell.run_line_magic("load_ext", "keras_guard")
        shell.run_cell("import keras; model = keras.Sequential([keras.layers.Dense(2)]); n = 1")
        seen = []
        def look(cell):
            shell.user_ns["look"] = None
            shell.events.register("pre_run_cell", note)
            shell.run_cell(cell)
            shell.events.unregister("pre_run_cell", note)
        def note(info):
            seen.append(len(shell.ast_transformers))
        for cell in ("t = 1", "n", "n + 1", "model", "model.layers", "t = f(1)\\nn = f(2)", "for i in range(2): pass"):
            look(cell)
        print(seen, len(shell.ast_transformers))
    """)
    assert found.splitlines()[-1] == "[0, 0, 0, 1, 1, 1, 1] 0"
