"""Changes the rules one small piece at a time and counts which changes the tests notice.

``python -m tests.mutation [--sample N] [--seed N] [--jobs N] [FILE ...]`` prints a Markdown table
and the changes that nothing noticed. The changes come from cosmic-ray. Each runs in a process
forked from one that has imported Keras already, so that it costs the tests alone.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "src" / "keras_guard" / "_rules"

#: Kinds of change that give another program of the same types; arithmetic on ``X | None`` is none of them.
KINDS = [
    "AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceUnaryOperator_Delete_Not", "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue", "ZeroIterationForLoop", "ReplaceContinueWithBreak", "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is", "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_GtE", "ReplaceComparisonOperator_Gt_LtE", "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt", "ExceptionReplacer", "RemoveDecorator",
]  # fmt: skip

#: Where a rule is exercised in the process; the quick and telling ones first.
TESTS = ["test_rule_pages.py", "test_idioms.py", "test_adapted.py", "test_cures.py"]

#: A change that makes the tests hang has been noticed.
SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        file: The rule's file.
        kind: What kind of change it is.
        number: Which place of that kind in the file.
        source: The whole file, changed.
    """

    file: Path
    kind: str
    number: int
    source: str

    @property
    def module(self) -> str:
        """The name of the module that is changed."""
        return f"keras_guard._rules.{self.file.stem}"

    def lines(self) -> list[str]:
        """Return the lines that differ, with their number and ``-`` or ``+``."""
        old, new = self.file.read_text().splitlines(), self.source.splitlines()
        found = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
            if tag != "equal":
                found += [f"{a + 1}: - {line.strip()}" for line in old[a:b]]
                found += [f"{a + 1}: + {line.strip()}" for line in new[c:d]]
        return found


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Yield every change of a file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    source = file.read_text()
    tree = get_ast(source)
    for kind in KINDS:
        operator = get_operator(f"core/{kind}")()
        count = sum(len(list(operator.mutation_positions(node))) for node in ast_nodes(tree))
        for number in range(count):
            changed = mutate_code(source, operator, number)
            if changed is not None and changed != source:
                yield Mutant(file, kind, number, changed)


class _Loader(importlib.abc.Loader, importlib.abc.MetaPathFinder):
    """Gives one module its changed source."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self._mutant.module:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(self._mutant.file))

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, str(self._mutant.file), "exec"), vars(module))


def _tests_in_order(mutant: Mutant | None) -> list[str]:
    files = [str(ROOT / "tests" / "keras" / name) for name in TESTS]
    if mutant is None or not mutant.file.stem.startswith("kg"):
        return files
    # The rule's own page first: it notices most.
    code = mutant.file.stem.upper()
    pages = [
        f"{files[0]}::{name}[{code}]"
        for name in ("test_example_fires_exactly_this_rule_once", "test_instead_opens_nothing")
    ]
    return [*pages, *files]


def run(mutant: Mutant | None) -> int:
    """Run the tests in this process, with a change or without; return pytest's exit code."""
    import pytest

    signal.alarm(SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Loader(mutant))
    options = [
        "-x",
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--rootdir",
        str(ROOT),
    ]
    return int(pytest.main([*options, *_tests_in_order(mutant)]))


def _fork(mutant: Mutant | None) -> int:
    child = os.fork()
    if child:
        return child
    status = 70
    with contextlib.suppress(BaseException):
        status = run(mutant)
    os._exit(status)


def judge(mutants: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Run the tests on each change; yield whether they noticed it."""
    running: dict[int, Mutant] = {}
    waiting = list(mutants)
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop(0)
            running[_fork(mutant)] = mutant
        child, status = os.wait()
        yield running.pop(child), status != 0


def _prepare() -> None:
    """Import what every run needs, and nothing of the guard."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import IPython.core.interactiveshell  # noqa: F401
    import keras  # noqa: F401
    import pytest  # noqa: F401

    assert "keras_guard" not in sys.modules


def main() -> int:
    """Print the table; the exit code tells whether the tests pass without a change."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="rules to change; all of them without any")
    parser.add_argument("--sample", type=int, help="how many changes to try, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    files = [file.resolve() for file in options.files] or sorted(RULES.glob("*.py"))
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    total = len(mutants)
    random.Random(options.seed).shuffle(mutants)
    mutants = mutants[: options.sample]
    _prepare()
    start = time.monotonic()
    if os.waitpid(_fork(None), 0)[1] != 0:
        print("the tests fail without any change")
        return 1
    print(
        f"without a change: {time.monotonic() - start:.0f} s; {len(mutants)} of {total} changes", flush=True
    )
    made: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    with contextlib.suppress(KeyboardInterrupt):  # what was tried so far is worth a table, too
        for mutant, found in judge(mutants, options.jobs):
            made[mutant.file.stem] += 1
            noticed[mutant.file.stem] += found
            if not found:
                print(
                    f"not noticed: {mutant.file.name} ({mutant.kind})",
                    *mutant.lines(),
                    sep="\n    ",
                    flush=True,
                )
    print("\n| file | changes | noticed |\n|---|---|---|")
    for stem in sorted(made):
        print(f"| `{stem}` | {made[stem]} | {noticed[stem]} |")
    share = 100 * noticed.total() / max(1, made.total())
    print(f"| all | {made.total()} | {noticed.total()} ({share:.0f} %) |\n\n{time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
