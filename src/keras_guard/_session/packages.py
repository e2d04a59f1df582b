"""``%keras_guard watch PACKAGE``: the user's own modules, instrumented as they are imported."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType
from typing import Any

from .._imports import BesideOthers
from .._instrument.runtime import Listener
from .._instrument.transformer import CellInstrumenter
from .shell_interface import CellText


class Packages(BesideOthers):
    """Watches packages by an import hook.

    Args:
        listener: Who hears the probes.
        contained: Runs a function such that it raises nothing.

    Attributes:
        names: The packages watched.
    """

    def __init__(
        self, listener: Listener, contained: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        self._listener = listener
        self._loaded = contained(self._loaded_tree)
        self._instrument = contained(self._instrument_tree)
        self._texts: dict[str, CellText] = {}
        self.names: set[str] = set()

    def watch(self, name: str) -> list[str]:
        """Watch a package from its next import on.

        Args:
            name: The package or module.

        Returns:
            The modules of it that were imported before, and so are not instrumented yet.

        Raises:
            ModuleNotFoundError: When it cannot be found.
        """
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(name)
        self.names.add(name)
        self.install()
        return sorted(module for module in sys.modules if _belongs(module, name))

    def text_of(self, file: str) -> CellText | None:
        """Return the text of a watched module by its file name."""
        return self._texts.get(file)

    def instrument(self, file: str, source: str, tree: ast.Module) -> ast.Module | None:
        """Put probes into the tree of a module, in place.

        Args:
            file: The file of the module.
            source: Its text.
            tree: Its tree.

        Returns:
            The tree, or ``None`` where the guard failed.
        """
        made: ast.Module | None = self._instrument(file, source, tree)
        return made

    def wants(self, name: str) -> bool:
        """See :class:`BesideOthers`."""
        return any(_belongs(name, package) for package in self.names)

    def look(self, spec: ModuleSpec) -> None:
        """See :class:`BesideOthers`."""
        loader = spec.loader
        if isinstance(loader, SourceFileLoader):
            # Not through source_to_code(): what it returns would be written to the bytecode cache.
            loader.get_code = self._get_code(loader)  # type: ignore[assignment]

    def _get_code(self, loader: SourceFileLoader) -> Callable[[str], CodeType | None]:
        original = loader.get_code

        def get_code(name: str) -> CodeType | None:
            tree = self._loaded(loader, name)
            if tree is None:
                return original(name)
            return compile(tree, loader.get_filename(name), "exec", dont_inherit=True)

        return get_code

    def _loaded_tree(self, loader: SourceFileLoader, name: str) -> ast.Module:
        source = loader.get_source(name) or ""
        return self._instrument_tree(loader.get_filename(name), source, ast.parse(source))

    def _instrument_tree(self, file: str, source: str, tree: ast.Module) -> ast.Module:
        instrumenter = CellInstrumenter(self._listener, None, lambda _: False, file=file)
        instrumenter.instrument(tree, source, functions=True)
        self._texts[file] = CellText(None, source, file=file)
        return tree


def _belongs(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")
