"""What the bytecode of a function reads from outside itself."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from keras_guard._adapter.bytecode_reads import reads_in
from keras_guard._adapter.code_reads import plain_value
from keras_guard._adapter.idle_code import idle_instructions


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


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        pytest.param("if on: x = a\n    return b", ["b", "on"], id="off"),
        pytest.param("if not on: x = a\n    return b", ["a", "b", "on"], id="not-off"),
        pytest.param("if on: return a\n    return b", ["b", "on"], id="off-returns"),
        pytest.param("if mode == 'soft': return a\n    return b", ["a", "mode"], id="equal-returns"),
        pytest.param("if mode != 'soft': return a\n    return b", ["b", "mode"], id="unequal"),
        pytest.param("if count > 2 and on: return a\n    return b", ["b", "count", "on"], id="and"),
        pytest.param("if count > 2 or on: return a\n    return b", ["a", "count"], id="or"),
        pytest.param("if nothing is None: return a\n    return b", ["a", "nothing"], id="none"),
        pytest.param("if cfg['on']: return a\n    return b", ["b", 'cfg["on"]'], id="item"),
        pytest.param("if lists: return a\n    return b", ["a", "b", "lists"], id="not-plain"),
        pytest.param("return a if on else b", ["b", "on"], id="expression"),
        pytest.param(
            "for i in lists:\n        if on: return a\n    return b", ["b", "lists", "on"], id="loop"
        ),
        pytest.param(
            "try:\n        if on: return a\n    finally: pass\n    return b", ["a", "b", "on"], id="try"
        ),
        pytest.param("if mode > 2: return a\n    return b", ["b", "mode"], id="compare-fails"),
        pytest.param("if count: print('n', a)\n    return b", ["b"], id="prints"),
        pytest.param("if count > 2: print(f'{a}'); print(on)\n    return b", ["b"], id="prints-twice"),
        pytest.param("print(a, end='')\n    return b", ["b"], id="prints-always"),
        pytest.param("x = print(a)\n    return b", ["a", "b", "print"], id="uses-what-print-returns"),
        pytest.param("if count: print(a); b\n    return on", ["b", "count", "on"], id="prints-and-more"),
        pytest.param("g = lambda: a if on else b\n    return g()", ["a", "b", "on"], id="inner-function"),
    ],
)
def test_reads_that_a_trace_has(body: str, reads: list[str]) -> None:
    """What is read in a branch that does not run, or only to be printed, is left out."""
    names: dict[str, object] = {
        "on": False, "mode": "soft", "count": 3, "nothing": None, "cfg": {"on": 0}, "lists": [1]
    }  # fmt: skip
    exec(f"def f():\n    {body}\n", names)
    function: Any = names["f"]
    code = function.__code__
    idle = idle_instructions(code, functools.partial(plain_value, function, None))
    assert sorted(str(read.place) for read in reads_in(code, idle)) == sorted(reads)
