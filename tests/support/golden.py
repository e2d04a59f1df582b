"""Texts that were agreed on. Only ``pytest --rewrite-golden -n 0`` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest

_RULE = "=== "


class Golden:
    """The agreed texts of one file, by name.

    Args:
        file: Where they stand.
        rewrite: Whether to take what is given for right, and write it down.
    """

    def __init__(self, file: Path, rewrite: bool) -> None:
        self._file = file
        self._rewrite = rewrite

    def _read(self) -> dict[str, str]:
        if not self._file.exists():
            return {}
        parts = ("\n" + self._file.read_text(encoding="utf-8")).split(f"\n{_RULE}")[1:]
        return {name: body.strip("\n") for name, _, body in (part.partition("\n") for part in parts)}

    def check(self, name: str, text: str) -> None:
        """Compare a text with the agreed one; both without blank lines around them."""
        texts, text = self._read(), text.strip("\n")
        if self._rewrite and texts.get(name) != text:
            texts[name] = text
            self._file.parent.mkdir(exist_ok=True)
            self._file.write_text(
                "\n".join(f"{_RULE}{key}\n{texts[key]}\n" for key in sorted(texts)), encoding="utf-8"
            )
            return
        assert name in texts, "no text was agreed on yet: look at it, then run with --rewrite-golden -n 0"
        assert text == texts[name]


def may_rewrite(config: pytest.Config) -> bool:
    """Whether the texts are to be rewritten; only one process may do so."""
    wanted = bool(config.getoption("--rewrite-golden"))
    if wanted and hasattr(config, "workerinput"):
        raise pytest.UsageError("--rewrite-golden needs -n 0: several processes would write into each other")
    return wanted
