"""What the writers of one cell share: the lines so far, the names in use, how things are spelled."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._data.types import Namespace
from .spelling import Speller


@dataclass(eq=False)
class Draft:
    """One cell in the making.

    Attributes:
        speller: Spells the user's objects.
        objects: The user's classes and functions.
        style: ``replay``, ``copy`` or ``source``.
        named: Names of new layers that something else refers to; automatic names of others are left out.
        model_text: How the old model is spelled; empty while no name reaches it.
        lines: The lines before the model itself.
        locals: The names the lines may not bind again.
        taken: The user's names, which a file that is run as a cell does not bind.
        notes: What the user should know and no comment says.
    """

    speller: Speller
    objects: Namespace
    style: str
    named: frozenset[str]
    model_text: str
    lines: list[str] = field(default_factory=list)
    locals: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
