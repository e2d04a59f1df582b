"""The value of what is not there."""

from __future__ import annotations


class _Missing:
    """The value of an attribute, item or name that is not there; ``None`` is a value."""

    def __repr__(self) -> str:
        return "<missing>"


MISSING = _Missing()
