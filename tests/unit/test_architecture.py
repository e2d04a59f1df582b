"""The house: which room may import which, and which room may read Keras and IPython."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

import keras_guard
from keras_guard._instrument.vocabulary import PRIVATE_STRUCTURE

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
    "_program",
    "_pytest",
    "_runs",
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


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (level, module) of each import, of those for type checking too."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)


def _room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    """No room imports a room above it."""
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


# Circles


def _modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = [PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below one, without what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if _is_for_types_only(child):
            assert isinstance(child, ast.If)
            for other in child.orelse:
                yield from (other, *_running_nodes(other))
        else:
            yield from (child, *_running_nodes(child))


def _imported(tree: ast.Module, own: str, is_package: bool, known: Collection[str]) -> set[str]:
    """Return the known modules that a module imports, at its top or inside a function."""
    found = set()
    for node in _running_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = own.split(".")[: None if is_package else -1]
            base = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            names = (f"{origin}.{alias.name}" for alias in node.names)
            # What is no module of a package is a name of the package itself.
            found |= {name if name in known else origin for name in names}
    return found.intersection(known) - {own}


def _circle(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules of one circle, in order; empty where there is none."""
    done: set[str] = set()

    def search(name: str, path: list[str]) -> list[str]:
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        for other in sorted(imports.get(name, ())):
            if circle := search(other, [*path, name]):
                return circle
        done.add(name)
        return []

    return next((circle for name in sorted(imports) if (circle := search(name, []))), [])


def test_no_import_circle() -> None:
    """No module imports itself through others, inside a room or between rooms, in functions neither."""
    modules = _modules()
    imports = {
        name: _imported(_tree(path), name, path.stem == "__init__", modules) for name, path in modules.items()
    }
    assert sum(len(found) for found in imports.values()) > 300
    assert _circle(imports) == []


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        pytest.param({"a": "from . import b", "b": "import p.a"}, ["p.a", "p.b"], id="relative-and-absolute"),
        pytest.param(
            {"a": "from .b import x", "b": "def f():\n from .a import y"}, ["p.a", "p.b"], id="late"
        ),
        pytest.param({"a": "from .b import x", "b": "if TYPE_CHECKING:\n from .a import y"}, [], id="types"),
        pytest.param(
            {"a": "from .b import x", "b": "from .c import x", "c": "from .a import x"},
            ["p.a", "p.b", "p.c"],
            id="three",
        ),
        pytest.param(
            {"a": "from .b import x\nfrom .c import x", "b": "from .c import x", "c": ""}, [], id="two-ways"
        ),
    ],
)
def test_a_circle_is_found(sources: dict[str, str], circle: list[str]) -> None:
    """The check above finds a circle of two and of three, and none where an import is for types only."""
    known = [f"p.{name}" for name in sources]
    imports = {
        f"p.{name}": _imported(ast.parse(source), f"p.{name}", False, known)
        for name, source in sources.items()
    }
    assert _circle(imports) == circle


# Private attributes of Keras

#: The modules that may not read Keras' private attributes.
OTHERS = [path for path in MODULES if _room(path) != "_adapter"]
#: Private names of other packages that a room may read: IPython's, the standard library's.
FOREIGN = frozenset({"_fields", "_getframe", "_filename_map"})
#: Methods of strings whose argument is a part of a name and not a name.
OF_STRINGS = frozenset({"startswith", "endswith", "removeprefix", "removesuffix", "replace", "partition"})
#: Reads of Keras privates outside ``_adapter`` that are still there. No entry may be added; an entry whose
#: read is gone must be deleted.
KNOWN_PRIVATE_READS: frozenset[tuple[str, str]] = frozenset()


def _is_private(name: object) -> bool:
    if not isinstance(name, str) or name in FOREIGN:
        return False
    return name.startswith("_") and not name.startswith("__") and name.isidentifier() and name != "_"


def _strings(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.value for node in nodes if isinstance(node, ast.Constant) and _is_private(node.value)}


def _attributes_of_others(tree: ast.AST) -> set[str]:
    """Return the private attributes of anything but ``self`` and ``cls``."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and _is_private(node.attr)
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    }


def _strings_that_read(tree: ast.AST) -> set[str]:
    """Return the private names that are passed to a call, compared with a name or used as a key."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Attribute) and node.func.attr in OF_STRINGS):
                found |= _strings(node.args)
        elif isinstance(node, ast.Compare):
            found |= _strings([node.left, *node.comparators])
        elif isinstance(node, ast.Subscript):
            found |= _strings([node.slice])
    return found


def _defined(tree: ast.AST) -> set[str]:
    """Return the private names that a module defines, or sets on ``self``."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found |= {node.attr} if isinstance(node.value, ast.Name) and node.value.id == "self" else set()
    return {name for name in found if _is_private(name)}


@cache
def _of_keras() -> frozenset[str]:
    """Return the names that are known to be private to Keras: what ``_adapter`` reads, what KG103 watches."""
    found = set(PRIVATE_STRUCTURE)
    for path in set(MODULES).difference(OTHERS):
        tree = _tree(path)
        found |= _attributes_of_others(tree) | _strings_that_read(tree)
    return frozenset(name for name in found if _is_private(name))


@cache
def _of_ours() -> frozenset[str]:
    return frozenset().union(*(_defined(_tree(path)) for path in PACKAGE.rglob("*.py")))


def _keras_privates(tree: ast.AST) -> set[str]:
    """Return the names by which a module reads a private attribute of Keras.

    An attribute of another object counts if Keras is known to have it, or if this package defines no such name.
    """
    attributes = {n for n in _attributes_of_others(tree) if n in _of_keras() or n not in _of_ours()}
    return attributes | {name for name in _strings_that_read(tree) if name in _of_keras()}


def _private_reads() -> set[tuple[str, str]]:
    return {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in OTHERS
        for name in _keras_privates(_tree(path))
    }


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_the_adapter_reads_private_attributes_of_keras(path: Path) -> None:
    """No other room reads a private attribute of Keras, by a dot or by a string."""
    file = path.relative_to(PACKAGE).as_posix()
    known = {name for known_file, name in KNOWN_PRIVATE_READS if known_file == file}
    assert _keras_privates(_tree(path)) <= known


def test_known_private_reads_are_still_there() -> None:
    """A known exception is deleted from the list when its read is gone."""
    assert sorted(KNOWN_PRIVATE_READS - _private_reads()) == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        pytest.param("model._nodes_by_depth", {"_nodes_by_depth"}, id="attribute"),
        pytest.param("self.model._nodes_by_depth", {"_nodes_by_depth"}, id="attribute of an attribute"),
        pytest.param("model._layers = []", {"_layers"}, id="attribute written"),
        pytest.param(
            "layer._never_heard_of", {"_never_heard_of"}, id="a name that this package does not define"
        ),
        pytest.param("getattr(layer, '_layers', ())", {"_layers"}, id="getattr"),
        pytest.param("hasattr(layer, '_inbound_nodes')", {"_inbound_nodes"}, id="hasattr"),
        pytest.param("attrgetter('_layers')(layer)", {"_layers"}, id="attrgetter"),
        pytest.param("vars(layer)['_layers']", {"_layers"}, id="key of vars"),
        pytest.param("vars(layer).get('_layers')", {"_layers"}, id="get from vars"),
        pytest.param("[v for k, v in vars(m).items() if k != '_layers']", {"_layers"}, id="name compared"),
        pytest.param("self._layers", set(), id="own attribute"),
        pytest.param("session._session", set(), id="a name of this package"),
        pytest.param("sys._getframe(1)", set(), id="standard library"),
        pytest.param("name.startswith('_layers')", set(), id="beginning of a name"),
        pytest.param("WATCHED = frozenset(['_layers'])", set(), id="name listed, not read"),
        pytest.param("model.layers", set(), id="public attribute"),
    ],
)
def test_a_read_of_a_private_attribute_is_found(code: str, names: set[str]) -> None:
    """The check above finds each way to read a private attribute, and no other use of such a name."""
    assert _keras_privates(ast.parse(code)) == names
