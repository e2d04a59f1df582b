"""The mark of exceptions the guard raises on purpose."""

from __future__ import annotations


class Meant(Exception):  # noqa: N818 - a mark, never raised by itself
    """Marks exceptions the guard raises into the user's cell on purpose (strict mode)."""
