"""Places: where the user keeps an object, such as ``net``, ``nets["a"].head`` or ``layers[0]``."""

from __future__ import annotations

import ast
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from .missing import MISSING
from .quoting import quoted
from .types import Namespace


@dataclass(frozen=True)
class Attribute:
    """The step from an object to one of its attributes."""

    name: str

    def __str__(self) -> str:
        return f".{self.name}"

    def code(self) -> str:
        """Return the step as source code."""
        return f".{self.name}"

    def get(self, value: object) -> Any:
        """Return the attribute as Python does, or ``MISSING``."""
        return getattr(value, self.name, MISSING)

    def put(self, owner: object, value: object) -> None:
        """Assign the attribute."""
        setattr(owner, self.name, value)

    def read(self, value: Any) -> Any:
        """Return the attribute, or ``MISSING``. No property and no ``__getattr__`` of the user's runs."""
        if issubclass(type(value), type):
            return _in_classes(value, self.name)
        if issubclass(type(value), tuple) and self.name in getattr(type(value), "_fields", ()):
            return tuple.__getitem__(value, type(value)._fields.index(self.name))
        try:
            own = object.__getattribute__(value, "__dict__")
        except AttributeError:
            own = {}
        if type(own) is dict and self.name in own:
            return own[self.name]
        found = _in_classes(type(value), self.name)
        return MISSING if hasattr(type(found), "__get__") else found


#: What a constant subscript may be.
Key = str | int | float | bytes | tuple[Any, ...]


def _literal(key: Key) -> str:
    if isinstance(key, tuple):
        return f"({', '.join(map(_literal, key))}{',' if len(key) == 1 else ''})"
    return quoted(key) if isinstance(key, str) else repr(key)


def _in_classes(cls: Any, name: str) -> Any:
    for base in type.mro(cls):
        if name in vars(base):
            return vars(base)[name]
    return MISSING


@dataclass(frozen=True)
class Item:
    """The step from a container to one of its items.

    Attributes:
        key: The key of a dict, or the index in a list or tuple.
    """

    key: Key

    def __str__(self) -> str:
        if isinstance(self.key, str) and self.key.isprintable() and not {'"', "\\"} & set(self.key):
            return f'["{self.key}"]'
        return f"[{self.key!r}]"

    def code(self) -> str:
        """Return the step as source code; letters that look like others are escaped."""
        return f"[{_literal(self.key)}]"

    def get(self, value: Any) -> Any:
        """Return the item as Python does, or ``MISSING``."""
        try:
            return value[self.key]
        except (LookupError, TypeError):
            return MISSING

    def put(self, owner: Any, value: Any) -> None:
        """Assign the item."""
        owner[self.key] = value

    def read(self, value: object) -> Any:
        """Return the item of a dict, list or tuple, or ``MISSING``. No method of the user's own class runs."""
        kind = next((kind for kind in _CONTAINERS if issubclass(type(value), kind)), None)
        if kind is None:
            return MISSING
        try:
            return kind.__getitem__(value, self.key)
        except (KeyError, IndexError, TypeError):
            return MISSING


_CONTAINERS: tuple[Any, ...] = (dict, list, tuple)


Step = Attribute | Item


@dataclass(frozen=True)
class Place:
    """Where an object is kept: a name, and the steps from its object to this one.

    ``str`` gives the place as the user writes it; :meth:`parse` reads that text.

    Attributes:
        root: The name.
        steps: Attributes and items, in the order in which they are written.
    """

    root: str
    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Place:
        """Return the place that a text names.

        Raises:
            ValueError: When the text is not a name with attributes and constant subscripts.
        """
        try:
            return cls.of(ast.parse(text.strip(), mode="eval").body)
        except SyntaxError:
            raise ValueError(f"`{text}` is not the name of a place") from None

    @classmethod
    def of(cls, node: ast.AST) -> Place:
        """Return the place that an expression names.

        Raises:
            ValueError: When the expression is not a name with attributes and constant subscripts.
        """
        steps: list[Step] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                steps.append(Attribute(node.attr))
            elif isinstance(node, ast.Subscript):
                steps.append(Item(_constant(node.slice)))
            else:
                raise ValueError(f"`{ast.unparse(node)}` is not the name of a place")
            node = node.value
        return cls(node.id, tuple(reversed(steps)))

    def __str__(self) -> str:
        return self.root + "".join(map(str, self.steps))

    def __truediv__(self, step: Step) -> Place:
        """Return the place one step further."""
        return Place(self.root, (*self.steps, step))

    def read(self, namespace: Namespace) -> Any:
        """Return the object that is at the place now, or ``MISSING``. No code of the user's runs."""
        value = namespace.get(self.root, MISSING)
        for step in self.steps:
            if value is MISSING:
                break
            value = step.read(value)
        return value

    @property
    def is_name(self) -> bool:
        """Whether it is a name alone."""
        return not self.steps

    def code(self) -> str:
        """Return the place as source code."""
        return self.root + "".join(step.code() for step in self.steps)

    def get(self, namespace: Namespace) -> Any:
        """Return what Python finds at the place, or ``MISSING``. Properties and items of the user's classes run."""
        value = namespace.get(self.root, MISSING)
        for step in self.steps:
            if value is not MISSING:
                value = step.get(value)
        return value

    def assign(self, namespace: MutableMapping[str, Any], value: object) -> None:
        """Put an object there, or take the name away for ``MISSING``."""
        if self.steps and value is not MISSING:
            self.steps[-1].put(Place(self.root, self.steps[:-1]).get(namespace), value)
        elif not self.steps and value is MISSING:
            namespace.pop(self.root, None)
        elif not self.steps:
            namespace[self.root] = value

    def is_below(self, other: Place) -> bool:
        """Whether this place is another one, or a part of what is there."""
        return self.root == other.root and self.steps[: len(other.steps)] == other.steps


def _constant(node: ast.expr) -> Key:
    try:
        key: Key | None = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        key = None
    parts = key if isinstance(key, tuple) else (key,)
    if key is None or not all(type(part) in (str, int, float, bytes) for part in parts):
        raise ValueError(f"`{ast.unparse(node)}` is not a constant key")
    return key
