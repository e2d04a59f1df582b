"""The place that a rebuilt model is assigned to: a name, an attribute or an item."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from .literals import is_plain_name, literal
from .refused import RebuildRefused

NOTHING = object()


class Target:
    """A name, or a chain of attributes and constant items such as ``nets["a"].model``.

    Attributes:
        text: The place as code; keys are literals.
        root: The name it starts from.
        is_name: Whether it is a name alone.

    Args:
        text: The place, as the user writes it.

    Raises:
        RebuildRefused: For anything else.
    """

    def __init__(self, text: str) -> None:
        try:
            node = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            raise _refused(text) from None
        steps: list[tuple[str, Any]] = []
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            steps.append(_step(node, text))
            node = node.value
        if not isinstance(node, ast.Name) or not is_plain_name(node.id):
            raise _refused(text)
        self.root = node.id
        self._steps = steps[::-1]
        self.is_name = not steps
        self.text = self.root + "".join(
            f".{key}" if kind == "attribute" else f"[{literal(key)}]" for kind, key in self._steps
        )

    def read(self, namespace: Mapping[str, Any]) -> Any:
        """Return what is there; :data:`NOTHING` when nothing is."""
        value = namespace.get(self.root, NOTHING)
        for kind, key in self._steps:
            try:
                value = getattr(value, key) if kind == "attribute" else value[key]
            except (AttributeError, LookupError, TypeError):
                return NOTHING
        return value

    def assign(self, namespace: Any, value: Any) -> None:
        """Put a value there, or take the name away for :data:`NOTHING`."""
        if self.is_name and value is NOTHING:
            namespace.pop(self.root, None)
        elif self.is_name:
            namespace[self.root] = value
        elif value is not NOTHING:
            holder = Target.__new__(Target)
            holder.root, holder._steps = self.root, self._steps[:-1]
            kind, key = self._steps[-1]
            owner = holder.read(namespace)
            if kind == "attribute":
                setattr(owner, key, value)
            else:
                owner[key] = value


def _step(node: ast.Attribute | ast.Subscript, text: str) -> tuple[str, Any]:
    if isinstance(node, ast.Attribute):
        return "attribute", node.attr
    try:
        key = ast.literal_eval(node.slice)
        literal(key)
    except Exception:
        raise _refused(text) from None
    return "item", key


def _refused(text: str) -> RebuildRefused:
    return RebuildRefused(
        f"{text!r} is no place for a model; give a name, or a place such as nets['a'].model"
    )
