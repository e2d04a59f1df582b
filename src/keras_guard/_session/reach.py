"""What the user can reach from the names of the notebook, and under which name.

A model nobody can name any more is no news. Containers and the user's own objects are looked
into; Keras' ``History`` and other callbacks are not, though they hold their model.
"""

from __future__ import annotations

import gc
import types
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from .._adapter.face import FACE

_DEPTH = 3
_MAX_ITEMS = 256
_MAX_OBJECTS = 20_000
_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_OPAQUE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, str, bytes, int, float)


def user_names(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the user's own names, newest last, without the shell's history of outputs."""
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in _SHELL_NAMES:
            yield name, value


def reachable(namespace: Mapping[str, Any], *, deep: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield (path, object) for the Keras layers and models the user can name, plain names first."""
    seen: set[int] = set()
    nested: deque[tuple[str, Any, int]] = deque()
    for name, value in user_names(namespace):
        if issubclass(type(value), FACE.layer):
            if id(value) not in seen:
                seen.add(id(value))
                yield name, value
        elif deep and not issubclass(type(value), _OPAQUE):
            nested.append((name, value, _DEPTH))
    count = 0
    while nested and count < _MAX_OBJECTS:
        path, value, depth = nested.popleft()
        count += 1
        if id(value) in seen:
            continue
        seen.add(id(value))
        if not holds_any(value, FACE.layer, depth):
            continue
        for part, item in parts_of(value):
            if issubclass(type(item), FACE.layer):
                if id(item) not in seen:
                    seen.add(id(item))
                    yield path + part, item
            elif depth > 1 and not issubclass(type(item), _OPAQUE):
                nested.append((path + part, item, depth - 1))


def parts_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a container or of a user's own object, as (suffix, object)."""
    # By type, not by ``isinstance``: that asks a lazy proxy for its ``__class__``.
    if issubclass(type(value), dict):
        for key, item in list(value.items())[:_MAX_ITEMS]:
            if isinstance(key, (str, int)):
                yield f"[{key!r}]" if isinstance(key, int) else f'["{key}"]', item
    elif issubclass(type(value), (list, tuple)):
        for index, item in enumerate(value[:_MAX_ITEMS]):
            yield f"[{index}]", item
    elif is_plain_object(value):
        for name, item in list(vars(value).items())[:_MAX_ITEMS]:
            yield f".{name}", item


def holds_any(value: Any, kinds: tuple[type, ...], depth: int = 2) -> bool:
    """Whether a container or a user's own object holds an instance of some classes, however deep within ``depth``.

    Objects are not asked for their ``__dict__``: from then on every access to their attributes
    would be slower. The garbage collector knows what they hold as well.
    """
    return _Search(kinds).found(value, depth)


class _Search:
    """A search that gives up, and says yes, after ``_MAX_SEARCHED`` items."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        self._kinds = kinds
        self._left = _MAX_SEARCHED

    def found(self, value: Any, depth: int) -> bool:
        items = _contents(value)
        self._left -= len(items)
        if self._left < 0:
            return True
        inner = set()
        for kind in set(map(type, items)):
            if issubclass(kind, self._kinds):
                return True
            if depth > 1 and (kind in _CONTAINERS or is_named_tuple(kind) or is_plain_class(kind)):
                inner.add(kind)
        return bool(inner) and any(self.found(item, depth - 1) for item in items if type(item) in inner)


_CONTAINERS = frozenset({list, dict, tuple})
_MAX_SEARCHED = 20_000


def _contents(value: Any) -> Collection[Any]:
    kind = type(value)
    if kind is dict:
        return list(value.values())
    if kind in _CONTAINERS or is_named_tuple(kind):
        items: Collection[Any] = value
        return items
    if not is_plain_class(kind):
        return ()
    held = [item for item in gc.get_referents(value) if item is not kind]
    # One of them may be the ``__dict__``, where there is one already.
    return [*held, *(inner for item in held if type(item) is dict for inner in item.values())]


def is_named_tuple(kind: type) -> bool:
    """Whether a class is one of ``namedtuple`` or ``NamedTuple``."""
    return issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)


def is_plain_object(value: Any) -> bool:
    """Whether ``value`` is an instance of a class the user wrote in the notebook or a module of theirs."""
    return is_plain_class(type(value))


def is_plain_class(cls: type) -> bool:
    """Whether a class is one the user wrote, and its instances keep their attributes in a plain dict."""
    if not cls.__dictoffset__ or issubclass(cls, (type, *FACE.owners)):
        return False
    module = cls.__module__
    if module in ("__main__", "types"):
        return True
    return isinstance(module, str) and module.partition(".")[0] not in _LIBRARIES


_LIBRARIES = frozenset(
    [
        "keras",
        "tf_keras",
        "tensorflow",
        "jax",
        "torch",
        "numpy",
        "pandas",
        "matplotlib",
        "sklearn",
        "scipy",
        "IPython",
        "ipykernel",
        "builtins",
        "collections",
        "traitlets",
        "plotly",
        "seaborn",
        "PIL",
        "cv2",
        "polars",
    ]
)
