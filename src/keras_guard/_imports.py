"""What the import hooks share: the other finders find a module, and the hook changes what they found."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


class BesideOthers:
    """A finder that asks the other finders for a spec, and can change the spec."""

    _busy = False

    def wants(self, name: str) -> bool:
        """Whether the spec of a module is to be looked at."""
        raise NotImplementedError

    def look(self, spec: ModuleSpec) -> None:
        """Change a spec; it has a loader."""
        raise NotImplementedError

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a spec as the other finders would, and look at it."""
        if self._busy or not self.wants(name):
            return None
        self._busy = True
        try:
            spec = self._ask_others(name, path, target)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            self.look(spec)
        return spec

    def _ask_others(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None

    def install(self) -> None:
        """Add the finder before the others."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Remove the finder."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
