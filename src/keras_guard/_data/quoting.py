"""Texts as literals of source code."""

from __future__ import annotations


def quoted(text: str) -> str:
    """Quote a text as people do, in double quotes where that needs no escape; look-alikes are escaped."""
    shown = repr(text) if text.isascii() or _is_wordlike(text) else ascii(text)
    if shown[0] == "'" and '"' not in shown:
        return f'"{shown[1:-1]}"'
    return shown


def _is_wordlike(text: str) -> bool:
    """Whether a non-ASCII text holds only letters of Latin script, which look like no other letter."""
    return all(c.isascii() or "\u00c0" <= c <= "\u024f" for c in text)
