"""A rule's page as text and as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from keras_guard._render.as_page import documents, first_sentence, main, page_as_text
from keras_guard._rules import RULES, Rule


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_page_as_text_holds_every_part(rule: Rule) -> None:
    """``explain`` shows what the rule detects, why it matters, its example and its cure, indented."""
    text = page_as_text(rule)
    assert text.startswith(f"{rule.code} {rule.name}")
    for part in (rule.page.what, rule.page.why, rule.page.limits):
        assert part.strip() in text
    for line in (rule.page.example + rule.page.instead).strip().splitlines():
        assert f"    {line}".rstrip() in text
    assert first_sentence(rule).endswith(".")


def test_main_writes_every_page(tmp_path: Path) -> None:
    """The command writes the index and a page for each rule."""
    main(str(tmp_path / "rules"))
    assert {path.name for path in (tmp_path / "rules").iterdir()} == {
        "index.md",
        *(f"{code}.md" for code in RULES),
    }
    assert (tmp_path / "rules" / "index.md").read_text(encoding="utf-8") == documents()["index.md"]
