"""What a user's type checker and interpreter find in the installed wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .conftest import Shells

#: A user's script that uses the whole public interface as its types say.
RIGHT = '''
from __future__ import annotations

import keras_guard


def report(model: object, old: object, new: object) -> list[str]:
    """Say what was lost, and how it would be written."""
    found: list[keras_guard.Diagnostic] = list(keras_guard.check(model))
    lines = [f"{item.code}: {item.message}" for item in found]
    try:
        rebuilt = keras_guard.rebuild(model, [keras_guard.Replace(old, new)], namespace={"model": model})
    except keras_guard.RebuildRefused as why:
        return [*lines, str(why)]
    source: str = rebuilt.source
    target: str = rebuilt.target
    return [*lines, source, target, keras_guard.__version__]
'''

#: Scripts that are wrong, by what mypy must call them.
WRONG = {
    "attr-defined": "import keras_guard\n\nkeras_guard.no_such_name()\n",
    "call-arg": "import keras_guard\n\nkeras_guard.check()\n",
    "assignment": "import keras_guard\n\nnumber: int = keras_guard.__version__\n",
}


def _mypy(shells: Shells, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(text)
    options = ["--strict", "--config-file=", f"--cache-dir={folder.parent / 'mypy-cache'}"]
    return subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--python-executable", shells.python, str(script)],
        cwd=folder,
        env=shells.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_is_what_is_imported(shells: Shells) -> None:
    """The installed package comes from the wheel, with its mark of types, and not from ``src``."""
    place = Path(shells.terminal("__import__('keras_guard').__file__").strip("'\"")).parent
    assert place.is_relative_to(shells.prefix)
    assert (place / "py.typed").is_file()


def test_types_are_seen_from_a_users_view(shells: Shells, tmp_path: Path) -> None:
    """Strict mypy accepts a user's script against the wheel, and refuses each wrong one for its reason."""
    done = _mypy(shells, tmp_path, RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    for code, text in WRONG.items():
        done = _mypy(shells, tmp_path, text)
        assert f"[{code}]" in done.stdout, done.stdout + done.stderr
