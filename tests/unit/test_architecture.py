"""The house: which room may import which, and who may know Keras and IPython."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import keras_guard

PACKAGE = Path(keras_guard.__file__).parent
#: From the bottom up; a room imports only from those before it.
ROOMS = [
    "_data",
    "_adapter",
    "_instrument",
    "_claims",
    "_ledger",
    "_rules",
    "_session",
    "_render",
    "_rebuild",
    "_shell",
]
BESIDE = {
    "_adapter": {"_instrument"},
    "_instrument": {"_adapter"},
    "_render": {"_rebuild"},
    "_rebuild": {"_render"},
}
MODULES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.relative_to(PACKAGE).parts[0] in ROOMS or path.stem in ROOMS
)


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (level, module) of each import, of those for type checking too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)


def _room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    """No room imports one that stands above it."""
    own = _room(path)
    up = 1 if path.parent == PACKAGE else 2
    for level, module in _imports(path):
        room = module.split(".", 1)[0]
        if level == up and room in ROOMS and room != own:
            assert ROOMS.index(room) < ROOMS.index(own), f"{own} imports {room}"
            assert room not in BESIDE.get(own, set()), f"{own} and {room} stand side by side"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_adapters_know_keras_and_ipython(path: Path) -> None:
    """Keras and its backends are imported in ``_adapter`` only, IPython in ``_shell`` only, neither when loaded."""
    for level, module in _imports(path):
        top = module.split(".", 1)[0]
        if level == 0 and top in ("keras", "tf_keras", "tensorflow", "jax", "torch"):
            assert _room(path) == "_adapter"
        if level == 0 and top in ("IPython", "traitlets"):
            assert _room(path) == "_shell"
