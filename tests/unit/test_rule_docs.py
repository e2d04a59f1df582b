"""The rule pages under docs/ are what the rule files say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from keras_guard._render.as_page import documents

_FOLDER = Path(__file__).parents[2] / "docs" / "rules"


@pytest.mark.parametrize("name", sorted(documents()))
def test_page_on_disk_is_up_to_date(name: str) -> None:
    """A page in docs/rules is the one the rule makes: `python -m keras_guard._render.as_page docs/rules`."""
    assert (_FOLDER / name).read_text(encoding="utf-8") == documents()[name]


def test_no_page_is_left_over() -> None:
    """Every page in docs/rules belongs to a rule."""
    assert {path.name for path in _FOLDER.glob("*.md")} == set(documents())


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_the_command_writes_the_pages(tmp_path: Path) -> None:
    """The command makes the folder, and writes into it what is in docs/rules."""
    folder = tmp_path / "rules"
    subprocess.run([sys.executable, "-m", "keras_guard._render.as_page", str(folder)], check=True)
    assert {path.name: path.read_bytes() for path in folder.glob("*")} == {
        path.name: path.read_bytes() for path in _FOLDER.glob("*")
    }
