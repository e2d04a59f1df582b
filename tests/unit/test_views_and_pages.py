"""The table of the three views, and the writing of the rule pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_guard._data.missing import MISSING
from keras_guard._data.views import ModelViews, ViewRow
from keras_guard._render import as_page
from keras_guard._render.as_views import views_as_text


@pytest.mark.parametrize(("count", "more"), [(3, False), (5000, True)], ids=["short", "long"])
def test_long_tables_say_how_much_they_leave_out(count: int, more: bool) -> None:
    """All rows of a small model are shown; of a huge one the rows left out are counted."""
    rows = tuple(ViewRow(i, f"Dense({i})", f"dense_{i}", "train") for i in range(count))
    lines = views_as_text(ModelViews("model", rows, ("train",))).splitlines()
    shown = sum("Dense(" in line for line in lines)
    assert (shown < count) == more
    left = [line for line in lines if line.strip().endswith("more layers")]
    assert left == ([f"      ... {count - shown} more layers"] if more else [])


def test_pages_are_written_into_a_new_folder(tmp_path: Path) -> None:
    """The command makes the folder and writes exactly the documents."""
    as_page.main(str(tmp_path / "docs" / "rules"))
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "docs" / "rules").iterdir()}
    assert written == as_page.documents()


def test_missing_is_named() -> None:
    """The value that was not there says so."""
    assert repr(MISSING) == "<missing>"
