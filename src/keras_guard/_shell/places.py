"""What a place such as ``nets["a"].model`` holds, followed without running code of the user's."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any


class PlaceError(LookupError):
    """Nothing is there, or the text names no place."""


def value_at_place(namespace: Mapping[str, Any], text: str) -> Any:
    """Return what a name, or a chain of attributes and constant subscripts, holds.

    Args:
        namespace: The user's names.
        text: The place, as the user writes it.

    Raises:
        PlaceError: When there is nothing at that place, or the text is no such chain.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise PlaceError(f"`{text}` is no name of a model") from None
    return _follow(namespace, node, text)


def _follow(namespace: Mapping[str, Any], node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Name):
        if node.id not in namespace:
            raise PlaceError(f"there is no `{node.id}`")
        return namespace[node.id]
    try:
        if isinstance(node, ast.Attribute):
            return getattr(_follow(namespace, node.value, text), node.attr)
        if isinstance(node, ast.Subscript):
            return _follow(namespace, node.value, text)[ast.literal_eval(node.slice)]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, PlaceError):
            raise
        raise PlaceError(f"there is nothing at `{text}` ({type(error).__name__})") from None
    raise PlaceError(f"`{text}` is no name of a model")
