"""The import of test modules: the guard's probes, then pytest's rewriting of assertions."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType
from typing import Any

from _pytest.assertion.rewrite import AssertionRewritingHook, rewrite_asserts

from .._imports import BesideOthers
from .._session.packages import Packages

Begins = Callable[[dict[str, Any]], None]
Ended = Callable[[], None]


class ModuleFinder(BesideOthers):
    """Instruments test modules and the named packages.

    Args:
        packages: The names of the packages.
        is_test_module: Whether a file is a test module.
        instrumenter: Instruments the text of a module.
        begins: Called with the names of a test module before it runs.
        ended: Called when a test module has run.
    """

    def __init__(
        self,
        packages: Sequence[str],
        is_test_module: Callable[[str], bool],
        instrumenter: Packages,
        begins: Begins,
        ended: Ended,
    ) -> None:
        self._is_test_module = is_test_module
        self._packages = instrumenter
        self._packages.names.update(packages)
        self._begins = begins
        self._ended = ended

    def wants(self, name: str) -> bool:
        """See :class:`BesideOthers`."""
        return name.partition(".")[0] not in sys.stdlib_module_names

    def look(self, spec: ModuleSpec) -> None:
        """See :class:`BesideOthers`."""
        is_test = spec.origin is not None and self._is_test_module(spec.origin)
        if not is_test and not self._packages.wants(spec.name):
            return
        if isinstance(spec.loader, AssertionRewritingHook):
            spec.loader = _RewritingLoader(spec.loader, self._packages)
        else:
            self._packages.look(spec)
        if is_test and isinstance(spec.loader, (_RewritingLoader, SourceFileLoader)):
            self._tell(spec.loader)

    def _tell(self, loader: _RewritingLoader | SourceFileLoader) -> None:
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            __tracebackhide__ = True
            self._begins(vars(module))
            original(module)
            self._ended()

        loader.exec_module = exec_module  # type: ignore[method-assign]


class _RewritingLoader(Loader):
    """Runs a module with probes and with pytest's assertions.

    Nothing is written to pytest's cache of rewritten modules: a run without the guard would read it.

    Args:
        hook: pytest's own loader.
        packages: Instruments the text of a module.
    """

    def __init__(self, hook: AssertionRewritingHook, packages: Packages) -> None:
        self._hook = hook
        self._packages = packages

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hook, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """See ``importlib.abc.Loader``."""
        return self._hook.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """See ``importlib.abc.Loader``."""
        __tracebackhide__ = True
        spec = module.__spec__
        assert spec is not None
        assert spec.origin is not None
        source = Path(spec.origin).read_bytes()
        tree = _with_probes(self._packages, spec.origin, source)
        if tree is None:
            self._hook.exec_module(module)
            return
        rewrite_asserts(tree, source, spec.origin, self._hook.config)
        exec(compile(tree, spec.origin, "exec", dont_inherit=True), vars(module))


def _with_probes(packages: Packages, file: str, source: bytes) -> ast.Module | None:
    """Return the tree of a module with probes everywhere but in assertions, whose parts pytest shows."""
    try:
        tree = ast.parse(source, file)
    except (SyntaxError, ValueError):
        return None  # pytest says what is wrong with it
    aside = _SetAside()
    aside.visit(tree)
    instrumented = packages.instrument(file, decode_source(source), tree)
    return None if instrumented is None else _PutBack(aside.asserts).visit(instrumented)


class _SetAside(ast.NodeTransformer):
    """Puts ``pass`` where an assertion was."""

    def __init__(self) -> None:
        self.asserts: dict[ast.Pass, ast.Assert] = {}

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        mark = ast.copy_location(ast.Pass(), node)
        self.asserts[mark] = node
        return mark


class _PutBack(ast.NodeTransformer):
    """Puts the assertions back."""

    def __init__(self, asserts: dict[ast.Pass, ast.Assert]) -> None:
        self._asserts = asserts

    def visit_Pass(self, node: ast.Pass) -> ast.stmt:
        return self._asserts.get(node, node)
