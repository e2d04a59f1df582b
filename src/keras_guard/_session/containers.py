"""What the user can reach from the names of the notebook, and at which place.

A model that the user cannot name any more is not reported. Containers and objects of the user's own
classes are looked into; Keras' ``History`` and other callbacks are not, though they hold their model.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from .._adapter.keras_types import TYPES
from .._adapter.same_code import PLAIN
from .._data.place import Attribute, Item, Place, Step
from .._data.types import Namespace

#: A walk goes at most so many steps from a name, and looks at no more than so many items there.
_MAX_STEPS = 3
_MAX_ITEMS = 20_000
_CONTAINERS = (dict, list, tuple)
_EXACT = frozenset(_CONTAINERS)
_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython"})


def user_names(namespace: Namespace) -> Iterator[tuple[str, Any]]:
    """Yield the user's own names, newest last, without the shell's history of outputs."""
    for name, value in list(namespace.items()):
        if not name.startswith("_") and name not in _SHELL_NAMES:
            yield name, value


def user_objects(namespace: Namespace) -> Iterator[tuple[str, Any]]:
    """Yield those of the user's names that hold no plain value: most names of a long session are texts of its cells."""
    for name, value in list(namespace.items()):
        if type(value) not in PLAIN and not name.startswith("_") and name not in _SHELL_NAMES:
            yield name, value


def reachable(namespace: Namespace) -> Iterator[tuple[Place, Any]]:
    """Yield (place, object) for the Keras layers and models the user can name, plain names first."""
    seen: set[int] = set()
    starts = ((Place(name), value) for name, value in user_objects(namespace))
    for place, item in walk(starts, TYPES.layer):
        if type(item) is not list and id(item) not in seen:
            seen.add(id(item))
            yield place, item


def walk(starts: Iterable[tuple[Place, object]], wanted: tuple[type, ...]) -> Iterator[tuple[Place, Any]]:
    """Yield (place, object) for all that places hold, the nearest first.

    Args:
        starts: The places to begin at, with what they hold.
        wanted: The classes whose instances are yielded. A list that holds one is yielded before its items.
    """
    waiting: deque[tuple[Place, Any, int, _Search]] = deque()
    seen: set[int] = set()
    for place, value in starts:
        kind = type(value)
        if issubclass(kind, wanted):
            yield place, value
        elif is_looked_into(kind):
            waiting.append((place, value, _MAX_STEPS, _Search(wanted)))
    while waiting:
        place, value, depth, search = waiting.popleft()
        if id(value) in seen or not search.finds(value, depth):
            continue
        seen.add(id(value))
        if type(value) is list and any(issubclass(kind, wanted) for kind in set(map(type, value))):
            yield place, value
        for step, item in parts_of(value):
            if issubclass(type(item), wanted):
                yield place / step, item
            elif depth > 1 and is_looked_into(type(item)) and search.finds(item, depth - 1):
                waiting.append((place / step, item, depth - 1, search))


def is_plain(value: Any, depth: int = 2) -> bool:
    """Whether a container holds only numbers, texts and such containers; most do, and a walk would take longer."""
    kind = type(value)
    if kind not in _EXACT or len(value) > _MAX_ITEMS:
        return False
    items = list(value.values()) if kind is dict else value
    inner = set(map(type, items)) - PLAIN
    if not inner:
        return True
    nested = depth > 0 and inner <= _EXACT
    return nested and all(is_plain(item, depth - 1) for item in items if type(item) in inner)


class _Search:
    """Looks for instances of some classes by the classes of the items alone; most containers hold none.

    Objects are not asked for their ``__dict__``: from then on every access to their attributes
    would be slower. The garbage collector knows what they hold as well.
    """

    def __init__(self, wanted: tuple[type, ...]) -> None:
        self._wanted = wanted
        self._left = _MAX_ITEMS
        self._known: dict[tuple[int, int], bool] = {}

    def finds(self, value: object, depth: int) -> bool:
        """Whether a container holds such an instance within ``depth`` steps; ``False`` beyond the limit."""
        key = (id(value), depth)
        if key not in self._known:
            self._known[key] = False  # a container can hold itself
            self._known[key] = self._looks(value, depth)
        return self._known[key]

    def _looks(self, value: object, depth: int) -> bool:
        items = _contents(value)
        if len(items) > self._left:
            return False
        self._left -= len(items)
        inner = set()
        for kind in set(map(type, items)):
            if issubclass(kind, self._wanted):
                return True
            if depth > 1 and is_looked_into(kind):
                inner.add(kind)
        return bool(inner) and any(self.finds(item, depth - 1) for item in items if type(item) in inner)


def _contents(value: Any) -> Collection[Any]:
    kind = type(value)
    if issubclass(kind, dict):
        return list(dict.values(value))
    if issubclass(kind, (list, tuple)):
        return _sequence(value)
    held = [item for item in gc.get_referents(value) if item is not kind]
    # One of them may be the ``__dict__``, where there is one already.
    return [*held, *(inner for item in held if type(item) is dict for inner in item.values())]


def _sequence(value: Any) -> Collection[Any]:
    kind = type(value)
    if kind is list or kind is tuple:
        items: Collection[Any] = value
        return items
    return list((list if issubclass(kind, list) else tuple).__iter__(value))


def parts_of(value: Any) -> Iterator[tuple[Step, Any]]:
    """Yield (step, object) for the parts of a container or of an object of the user's own class."""
    # By type, not by ``isinstance``: that asks a lazy proxy for its ``__class__``.
    kind = type(value)
    if issubclass(kind, dict):
        for key, item in list(dict.items(value)):
            if type(key) is str or type(key) is int:
                yield Item(key), item
    elif is_named_tuple(kind):
        yield from zip(map(Attribute, kind._fields), tuple.__iter__(value), strict=False)
    elif issubclass(kind, (list, tuple)):
        for index, item in enumerate(tuple(_sequence(value))):
            yield Item(index), item
    elif is_plain_class(kind):
        for name, item in list(object.__getattribute__(value, "__dict__").items()):
            yield Attribute(name), item


def is_looked_into(kind: type) -> bool:
    """Whether objects of a class are looked into: lists, dicts, tuples, and those of the user's own classes."""
    return issubclass(kind, _CONTAINERS) or is_plain_class(kind)


def is_named_tuple(kind: type) -> bool:
    """Whether a class is one of ``namedtuple`` or ``NamedTuple``."""
    return issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)


def is_plain_class(cls: type) -> bool:
    """Whether a class is one the user wrote, and its instances keep their attributes in a plain dict."""
    if not cls.__dictoffset__ or issubclass(cls, (type, *TYPES.owners)):
        return False
    module = cls.__module__
    if module in ("__main__", "types"):
        return True
    return isinstance(module, str) and module.partition(".")[0] not in _LIBRARIES


_LIBRARIES = frozenset(
    {"keras", "tf_keras", "tensorflow", "jax", "torch", "numpy", "pandas", "matplotlib", "sklearn", "scipy", "IPython",
     "ipykernel", "builtins", "collections", "traitlets", "plotly", "seaborn", "PIL", "cv2", "polars"}
)  # fmt: skip
