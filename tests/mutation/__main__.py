"""Changes the rules one small piece at a time and counts which changes the tests notice.

``python -m tests.mutation [--sample N] [--seed N] [--jobs N] [--seconds S] [--record FOLDER] [FILE ...]`` prints a
Markdown table and the changes that nothing noticed. With a folder, a run that was stopped is continued: what was found
is kept there for as long as ``src`` is the same, and which lines the tests reach while they are the same, too.
With seconds, a change meets as many tests as take that long; the share that is noticed is then a lower bound.

The changes come from cosmic-ray. The tests run once to see which lines of the rules each of them reaches; each change
then meets the tests that reach it, in a process forked from one that has imported Keras already, so that it costs
those tests alone.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import hashlib
import importlib
import importlib.abc
import importlib.util
import itertools
import json
import math
import os
import pickle
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import coverage
import pytest

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

#: Where a rule is exercised in the process.
TESTS = [
    *sorted((ROOT / "tests" / "keras").glob("test_*.py")),
    ROOT / "tests" / "unit" / "test_same_code.py",
    ROOT / "tests" / "mutation" / "cases.py",
]

#: A change that makes the tests hang has been noticed.
SECONDS = 1800


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
                found += [f"{number}: - {line.strip()}" for number, line in enumerate(old[a:b], a + 1)]
                found += [f"{a + 1}: + {line.strip()}" for line in new[c:d]]
        return found

    def touched(self) -> set[int]:
        """Return the numbers of the lines of the statements that are changed, as they were."""
        source = self.file.read_text()
        numbers = {int(line.partition(":")[0]) for line in self.lines() if line.partition(":")[2][1] == "-"}
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.stmt):
                body = getattr(node, "body", None)
                own = set(
                    range(node.lineno, body[0].lineno if body else (node.end_lineno or node.lineno) + 1)
                )
                if own & numbers:
                    numbers |= own
        return numbers


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


class _Brisk:
    """Keeps collections of garbage short: IPython keeps every shell, and to walk them all takes its time."""

    def pytest_runtest_logfinish(self) -> None:
        gc.freeze()


class _Reached(_Brisk):
    """Writes down which lines of the rules each test runs, and how long the test takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, dict[str, set[int]]] = {}  # file name to test to lines
        self.noticed: defaultdict[Path, Counter[str]] = defaultdict(Counter)
        self._cover = coverage.Coverage(data_file=None, include=[str(RULES / "*.py")], config_file=False)

    def pytest_sessionstart(self) -> None:
        self._cover.start()
        for file in RULES.glob("*.py"):  # what importing runs belongs to no test
            importlib.import_module(f"keras_guard._rules.{file.stem}")

    def pytest_sessionfinish(self) -> None:
        self._cover.stop()
        data = self._cover.get_data()
        for file in data.measured_files():
            tests = self.lines.setdefault(Path(file).name, {})
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    tests.setdefault(context, set()).add(line)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._cover.switch_context(item.nodeid)
        start = time.monotonic()
        result = yield
        self.seconds[item.nodeid] = time.monotonic() - start
        self._cover.switch_context("")
        return result

    def order_for(self, mutant: Mutant, limit: float = math.inf) -> list[str]:
        """Return the tests that can notice a change, as many as take a number of seconds without it.

        First come those that noticed another change of the file, then the rule's own pages, then the quick ones.
        """
        touched = mutant.touched()
        tests = self.lines.get(mutant.file.name, {})
        if touched & tests.get("", set()):  # a line of the module itself: who knows what follows from it
            chosen = list(self.seconds)
        else:
            chosen = [test for test, lines in tests.items() if touched & lines]
        own = f"[{mutant.file.stem.upper()}"
        noticed = self.noticed[mutant.file]
        order = sorted(chosen, key=lambda test: (-noticed[test], own not in test, self.seconds[test]))
        ends = itertools.accumulate(self.seconds[test] for test in order)
        return [test for test, end in zip(order, ends, strict=True) if end <= limit]


class _InOrder(_Brisk):
    """Runs the tests that are named, in the order they are named in, and writes down which one fails."""

    def __init__(self, order: list[str], failed: Path) -> None:
        self._place = {test: place for place, test in enumerate(order)}
        self._failed = failed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.write_text(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._place), key=lambda item: self._place[item.nodeid]
        )


def run(plugins: list[tuple[object, list[str]]], mutant: Mutant | None = None) -> int:
    """Run test files in this process, with a change or without; return the first exit code of pytest that is not 0.

    That none of the named tests is there is no failure of theirs, and no change has been noticed by it.

    Args:
        plugins: Plugins of pytest, each with the files to run with it, one after the other.
        mutant: The change.
    """
    signal.alarm(SECONDS)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    if mutant is not None:
        sys.meta_path.insert(0, _Loader(mutant))
    without = [option for name in ("randomly", "cacheprovider", "xdist") for option in ("-p", f"no:{name}")]
    codes = (
        pytest.main(["-x", "-q", *without, "--rootdir", str(ROOT), *files], [plugin])
        for plugin, files in plugins
    )
    return next((int(code) for code in codes if code not in (0, pytest.ExitCode.NO_TESTS_COLLECTED)), 0)


def survey() -> _Reached | None:
    """Run every test without a change, in a process of its own; return None when one fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        reached, status = _Reached(), 70
        with contextlib.suppress(BaseException):
            status = run([(reached, [str(file) for file in TESTS])])
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump((status, reached.seconds, reached.lines), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        status, seconds, lines = pickle.load(pipe)
    os.waitpid(child, 0)
    if status != 0:
        return None
    reached = _Reached()
    reached.seconds, reached.lines = seconds, lines
    return reached


def _fork(mutant: Mutant, order: list[str], failed: Path) -> int:
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    status = 70
    # To collect all files takes seconds, and most changes are noticed by the first tests.
    parts = [part for part in (order[:_FIRST], order[_FIRST:]) if part]
    with contextlib.suppress(BaseException):
        status = run([(_InOrder(part, failed), _files_of(part)) for part in parts], mutant)
    os._exit(status)


#: How many tests run before the files of the others are collected.
_FIRST = 8


def _files_of(tests: list[str]) -> list[str]:
    return sorted({str(ROOT / test.partition("::")[0]) for test in tests})


def judge(
    mutants: list[Mutant], reached: _Reached, jobs: int, limit: float
) -> Iterator[tuple[Mutant, int, bool]]:
    """Run the tests on each change; yield how many can notice it in some seconds and whether one did."""
    running: dict[int, tuple[Mutant, int, Path]] = {}
    waiting = list(mutants)
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < jobs:
                mutant = waiting.pop(0)
                order = reached.order_for(mutant, limit)
                failed = Path(folder, str(len(waiting)))
                if order:
                    running[_fork(mutant, order, failed)] = mutant, len(order), failed
                else:
                    yield mutant, 0, False
            if running:
                child, status = os.wait()
                mutant, tests, failed = running.pop(child)
                if failed.exists():
                    reached.noticed[mutant.file][failed.read_text()] += 1
                yield mutant, tests, status != 0


#: Files of the tests, and of the notebooks and cases that they run.
_READ = frozenset({".py", ".txt", ".json", ".jsonl"})


class _Record:
    """What earlier runs found, in a folder; nothing is kept without one."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._source = _digest((ROOT / "src").rglob("*.py"))
        self._found: dict[str, tuple[int, bool]] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            if self._file.exists():
                self._found = json.loads(self._file.read_text())

    @property
    def _file(self) -> Path:
        assert self._folder is not None
        return self._folder / f"changes-{self._source}.json"

    def survey(self) -> _Reached | None:
        """Return what :func:`survey` returns, of this run or of an earlier one with the same files."""
        if self._folder is None:
            return survey()
        tests = [file for file in (ROOT / "tests").rglob("*") if file.suffix in _READ]
        file = self._folder / f"survey-{self._source}-{_digest(tests)}.pickle"
        reached = _Reached()
        if file.exists():
            reached.seconds, reached.lines = pickle.loads(file.read_bytes())
            return reached
        found = survey()
        if found is not None:
            file.write_bytes(pickle.dumps((found.seconds, found.lines)))
        return found

    def known(self, mutant: Mutant) -> tuple[int, bool] | None:
        """Return how many tests an earlier run asked of a change, and whether one noticed it."""
        return self._found.get(_name(mutant))

    def note(self, mutant: Mutant, tests: int, found: bool) -> None:
        """Keep what was found."""
        self._found[_name(mutant)] = tests, found
        if self._folder is not None:
            self._file.write_text(json.dumps(self._found, indent=0))


def _name(mutant: Mutant) -> str:
    return f"{mutant.file.stem} {mutant.kind} {mutant.number}"


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()


def _prepare() -> None:
    """Import what every run needs, and nothing of the guard."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import IPython.core.interactiveshell  # noqa: F401
    import jsonschema  # noqa: F401
    import keras  # noqa: F401

    assert "keras_guard" not in sys.modules
    gc.collect()
    gc.freeze()


def _results(
    mutants: list[Mutant], reached: _Reached, options: argparse.Namespace, record: _Record
) -> Iterator[tuple[Mutant, int, bool]]:
    """Yield what is known of the changes, then what the tests say to the others."""
    known = {mutant: found for mutant in mutants if (found := record.known(mutant)) is not None}
    settled = {mutant: found for mutant, found in known.items() if found[1] or not options.again}
    for mutant, found in settled.items():
        yield mutant, *found
    left = [mutant for mutant in mutants if mutant not in settled]
    for mutant, tests, noticed in judge(left, reached, options.jobs, options.seconds):
        record.note(mutant, tests, noticed)
        yield mutant, tests, noticed


def main() -> int:
    """Print the table; the exit code tells whether the tests pass without a change."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="rules to change; all of them without any")
    parser.add_argument("--sample", type=int, help="how many changes to try, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=math.inf, help="of tests for one change, at most")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="where to keep what was found")
    parser.add_argument(
        "--again", action="store_true", help="ask again what no test of an earlier run noticed"
    )
    options = parser.parse_args()
    files = [file.resolve() for file in options.files] or sorted(RULES.glob("*.py"))
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    total = len(mutants)
    random.Random(options.seed).shuffle(mutants)
    mutants = mutants[: options.sample]
    _prepare()
    start = time.monotonic()
    record = _Record(options.record)
    reached = record.survey()
    if reached is None:
        print("the tests fail without any change")
        return 1
    print(
        f"without a change: {time.monotonic() - start:.0f} s; {len(mutants)} of {total} changes", flush=True
    )
    made: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):  # what was tried so far is worth a table, too
        for mutant, tests, found in _results(mutants, reached, options, record):
            made[mutant.file.stem] += 1
            noticed[mutant.file.stem] += found
            if made.total() % 50 == 0:
                print(f"{made.total()} tried, {noticed.total()} noticed", file=sys.stderr, flush=True)
            if not found:
                print(
                    f"not noticed by {tests} tests: {mutant.file.name} ({mutant.kind})",
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
