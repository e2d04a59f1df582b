"""What the bytecode of a function reads from outside itself."""

from __future__ import annotations

import pytest

from keras_guard._adapter.bytecode_reads import reads_in


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ("return w", ["w"]),
        ("return w[0] + cfg['a'].rate", ["w[0]", 'cfg["a"].rate']),
        ("return len(rows)", ["len", "len rows"]),
        ("return len(cfg['rows'].kept)", ["len", 'len cfg["rows"].kept']),
        ("return len(rows) + sum(rows)", ["len", "len rows", "rows", "sum"]),
        ("return len(rows + more)", ["len", "more", "rows"]),
        ("return pair(len, rows)", ["len", "pair", "rows"]),
        ("calls.append(1); return len(calls)", ["calls.append", "len"]),
        ("cfg['a'].pop(); return cfg['a'][0] + cfg['b'][0]", ['cfg["a"].pop', 'cfg["b"][0]']),
        ("return rows.shape", []),
        ("global count; count = count + 1", []),
    ],
)
def test_reads(body: str, reads: list[str]) -> None:
    """Each place is read as far as the code goes into it; what the code changes itself is left out."""
    names: dict[str, object] = {}
    exec(f"def f():\n    {body}\n", names)
    found = reads_in(names["f"].__code__)  # type: ignore[attr-defined]
    assert sorted(f"{'len ' * read.length}{read.place}" for read in found) == sorted(reads)
