"""The neighbourhood of an edit, before and after, as data that any renderer can draw."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Node:
    """One call in a panel, or an input or output of the model.

    Attributes:
        key: Tells nodes apart; the same call has the same key in both panels.
        title: What it is, such as ``Dense "head" (units=10)``.
        name: What other nodes call it.
        measured: Shape of what it makes and its parameters, where the view knows them.
        detail: What else there is to say: which call of a shared layer, what disagrees.
        mark: ``"-"`` for what only runs now, ``"+"`` for what only the edit has, ``"!"`` for what
            the views disagree on, else ``" "``.
        cut_above: Whether it also reads something outside the panel.
        cut_below: Whether something outside the panel reads it.
        settings: The arguments in its title, one by one.
    """

    key: str
    title: str
    name: str
    measured: str = ""
    detail: str = ""
    mark: str = " "
    cut_above: bool = False
    cut_below: bool = False
    settings: tuple[str, ...] = ()

    @property
    def short_title(self) -> str:
        """The title without arguments."""
        ending = f" ({', '.join(self.settings)})"
        return self.title.removesuffix(ending) if self.settings else self.title

    @property
    def facts(self) -> str:
        """What is known of it, in one line."""
        return ", ".join(part for part in (self.measured, self.detail) if part)


@dataclass(frozen=True)
class Panel:
    """One view of the neighbourhood.

    Attributes:
        caption: What it shows, in a few words.
        nodes: In an order in which they can run.
        edges: Pairs of keys, from maker to reader.
        own_edges: The edges only this view has.
        left_out: How many nodes of the neighbourhood were left out to keep it readable.
    """

    caption: str
    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    own_edges: frozenset[tuple[str, str]] = frozenset()
    left_out: int = 0

    def readers_of(self, key: str) -> tuple[str, ...]:
        """Return the keys of the nodes that read a node."""
        return tuple(reader for maker, reader in self.edges if maker == key)

    def makers_of(self, key: str) -> tuple[str, ...]:
        """Return the keys of the nodes a node reads, in order."""
        return tuple(maker for maker, reader in self.edges if reader == key)


@dataclass(frozen=True)
class Picture:
    """The neighbourhood of an edit.

    Attributes:
        model: Name of the nested model the neighbourhood belongs to; empty for the model itself.
        panels: What runs now and what the edit asks for; one panel where there is no edit to draw.
    """

    model: str
    panels: tuple[Panel, ...] = field(default=())
