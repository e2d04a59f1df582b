"""The table of the three views, and the writing of the rule pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras_guard._data.missing import MISSING
from keras_guard._data.views import ModelViews, ViewRow
from keras_guard._render import as_page
from keras_guard._render.as_views import views_as_html, views_as_text
from keras_guard._render.paint import Look


def _views(count: int, *differ: int) -> ModelViews:
    rows = tuple(
        ViewRow(
            i,
            f"Dense({i})",
            f"dense_{i} kernel (64, 64)",
            "train: trained",
            frozenset({"declared"} if i in differ else ()),
        )
        for i in range(count)
    )
    return ModelViews("model", rows, ("train",))


@pytest.mark.parametrize(
    ("views", "shown", "gaps"),
    [
        pytest.param(_views(3), [0, 1, 2], [], id="small"),
        pytest.param(_views(30), [], [30], id="large, nothing differs"),
        pytest.param(_views(30, 10), [8, 9, 10, 11, 12], [8, 17], id="one differs"),
        pytest.param(_views(30, 0, 3, 29), [0, 1, 2, 3, 4, 5, 27, 28, 29], [21], id="ends differ"),
    ],
)
def test_a_large_table_shows_what_differs_and_two_rows_around(
    views: ModelViews, shown: list[int], gaps: list[int]
) -> None:
    """Small models are shown whole; ``every`` shows all; text and HTML say how many rows they leave out."""
    text = views_as_text(views)
    assert [int(n) for n in re.findall(r"Dense\((\d+)\)", text)] == shown
    assert [int(n) for n in re.findall(r"\.\.\. (\d+) layers? alike", text)] == gaps
    html = views_as_html(views)
    assert [int(n) for n in re.findall(r"Dense\((\d+)\)", html)] == shown
    assert [int(n) for n in re.findall(r"\.\.\. (\d+) layers? alike", html)] == gaps
    assert views_as_text(views, every=True).count("Dense(") == len(views.rows)


def test_a_huge_table_says_how_much_it_leaves_out() -> None:
    """Also with ``every`` there is a limit, and the rows behind it are counted."""
    text = views_as_text(_views(5000), every=True)
    assert f"... {5000 - text.count('Dense(')} layers alike" in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_of_a_table_is_wider_than_the_terminal(width: int) -> None:
    """Where the columns do not fit beside each other, they are below each other, and nothing of them is lost."""
    long = ViewRow(
        0,
        f"Dense {'x' * 30} (units=9)",
        "k" * 30 + " kernel (9, 9)",
        "train: trained",
        frozenset({"graph"}),
        ("KG101",),
    )
    views = ModelViews("model", (long, *_views(3).rows), ("train",))
    lines = views_as_text(views, look=Look(width=width)).splitlines()
    assert max(map(len, lines)) <= width
    words = "".join(lines).replace(" ", "")
    assert all(word in words for word in ("x" * 30, "k" * 30, "kernel(9,9)", "KG101"))


def test_pages_are_written_into_a_new_folder(tmp_path: Path) -> None:
    """The command makes the folder and writes exactly the documents."""
    as_page.main(str(tmp_path / "docs" / "rules"))
    written = {path.name: path.read_text("utf-8") for path in (tmp_path / "docs" / "rules").iterdir()}
    assert written == as_page.documents()


def test_missing_is_named() -> None:
    """The value that was not there says so."""
    assert repr(MISSING) == "<missing>"
