"""A rule's page: as text for ``%keras_guard explain``, as Markdown for ``docs/rules``."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from .._rules import CODES_BY_NAME, RULES, Rule


def page_as_text(rule: Rule) -> str:
    """Return a rule's page as plain text."""
    page = rule.page
    parts = [
        f"{rule.code} {rule.name}",
        page.what.strip(),
        page.why.strip(),
        "Example:",
        _indented(page.example),
        "Instead:",
        _indented(page.instead),
        page.limits.strip(),
    ]
    return "\n\n".join(part for part in parts if part)


def explanation(words: Sequence[str]) -> str | None:
    """Return the pages of the rules of some codes or names, without any the list of all; ``None`` for an unknown one."""
    codes = [CODES_BY_NAME.get(word, word.upper()) for word in words]
    if any(code not in RULES for code in codes):
        return None
    if not codes:
        return "\n".join(f"{rule.code}  {rule.name:<24} {first_sentence(rule)}" for rule in RULES.values())
    return "\n\n".join(page_as_text(RULES[code]) for code in codes)


def first_sentence(rule: Rule) -> str:
    """Return what a rule detects, in one sentence."""
    return " ".join(rule.page.what.split()).partition(". ")[0].rstrip(".") + "."


def _indented(code: str) -> str:
    return textwrap.indent(code.strip(), "    ")


def page_as_markdown(rule: Rule) -> str:
    """Return a rule's page as Markdown; cells are separated by ``# ---`` lines."""
    page = rule.page
    limits = f"\n## Limits\n\n{page.limits.strip()}\n" if page.limits.strip() else ""
    return (
        f"# {rule.code} `{rule.name}`\n\n{page.what.strip()}\n\n## Why it matters\n\n{page.why.strip()}\n\n"
        f"## Example\n\nCells are separated by `# ---`.\n\n```python\n{page.example.strip()}\n```\n\n"
        f"## Instead\n\n```python\n{page.instead.strip()}\n```\n{limits}\n"
        f"Silence it with `%keras_guard ignore {rule.code}`, for one cell with `%%keras_guard ignore {rule.code}`, "
        f"or on its line with `# keras-guard: ignore[{rule.code}]`.\n"
    )


def index_as_markdown() -> str:
    """Return the list of all rules as Markdown."""
    rows = "\n".join(
        f"| [{rule.code}]({rule.code}.md) | `{rule.name}` | {first_sentence(rule)} |"
        for rule in RULES.values()
    )
    return (
        "# Rules\n\n1xx: the edit never reaches the graph. 2xx: the graph or the flags moved, what was traced did "
        "not. 3xx: edits beside the model.\n\n"
        f"| code | name | fires when |\n|---|---|---|\n{rows}\n"
    )


def documents() -> dict[str, str]:
    """Return the text of every file of ``docs/rules``, by its name."""
    pages = {f"{rule.code}.md": page_as_markdown(rule) for rule in RULES.values()}
    return {"index.md": index_as_markdown(), **pages}


def main(folder: str) -> None:
    """Write the pages into a folder, which is created if necessary."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (path / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
