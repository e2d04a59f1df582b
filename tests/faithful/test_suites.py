"""CPython's own tests, cell by cell through a shell: the same ones pass with the guard."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from .runner import Process

#: Tests of the language itself: grammar, scopes, calls, classes, exceptions, comprehensions, patterns.
SUITES = [
    "test_grammar", "test_scope", "test_generators", "test_coroutines", "test_exceptions", "test_unpack", "test_unpack_ex",
    "test_with", "test_patma", "test_descr", "test_class", "test_list", "test_dict", "test_set", "test_fstring",
    "test_global", "test_listcomps", "test_setcomps", "test_dictcomps", "test_genexps", "test_named_expressions",
    "test_augassign", "test_compare", "test_contains", "test_decorators", "test_iter", "test_slice", "test_super",
    "test_raise", "test_keywordonlyarg", "test_positional_only_arg", "test_property", "test_funcattrs", "test_dynamic",
    "test_metaclass", "test_subclassinit", "test_yield_from", "test_asyncgen", "test_except_star", "test_traceback",
    "test_weakref", "test_copy", "test_dataclasses", "test_enum", "test_functools", "test_contextlib", "test_typing",
    "test_string_literals", "test_exception_variations", "test_extcall", "test_lambda", "test_pow", "test_int", "test_bool",
]  # fmt: skip


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Process, Process]]:
    """A shell without the guard, and one with it, both with Keras imported."""
    plain, guarded = Process(guarded=False, seconds=600), Process(guarded=True, seconds=600)
    yield plain, guarded
    plain.close()
    guarded.close()


def _same(both: tuple[Process, Process], module: str) -> dict[str, object]:
    reports = [process.ask("suite", module) for process in both]
    faults = reports[1].pop("faults")
    reports[0].pop("faults")
    assert faults == []
    assert reports[1] == reports[0]
    assert reports[0]["run"] > 0 or reports[0]["cells failed"] == []
    return reports[0]


@pytest.mark.keras
@pytest.mark.parametrize("module", ["test_augassign", "test_named_expressions"])
def test_two_suites_behave_the_same(both: tuple[Process, Process], module: str) -> None:
    """Cells, tests run, tests skipped and tests failed are the same ones, and some did run."""
    assert _same(both, module)["run"]


@pytest.mark.slow
@pytest.mark.keras
@pytest.mark.parametrize("module", [name for name in SUITES if importlib.util.find_spec(f"test.{name}")])
def test_suite_behaves_the_same(both: tuple[Process, Process], module: str) -> None:
    """The same for every suite of the language."""
    _same(both, module)
