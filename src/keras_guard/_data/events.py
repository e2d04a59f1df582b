"""What the guard sees happen, as data; rules turn events into findings.

Events are short-lived: they may hold live objects, and are dropped as soon as the rules have
looked at them. Nothing that outlives an event may hold what it held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .diagnostic import Span
from .place import Place
from .types import Layer, Model


@dataclass(frozen=True, eq=False)
class ListEdited:
    """A list of layers was changed in place.

    Attributes:
        owner: The model or layer the list was read from or given to.
        attribute: The attribute it came from (``layers``, ``_layers`` ...), or the user's name for it.
        before: Its items before.
        after: Its items after.
        temporary: True when nothing but the edit itself held the list.
        span: Where the edit is.
        place: Where the user keeps the list, when that is known.
        identity: ``id`` of a named list, to tell a later edit of the same one.
    """

    owner: Any
    attribute: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    temporary: bool
    span: Span
    place: Place | None = None
    identity: int = 0


@dataclass(frozen=True, eq=False)
class Rebound:
    """A name, slot or attribute of a plain object now holds another object.

    Attributes:
        where: The place: ``shared``, ``net["fc"]``, ``self.fc``.
        old: What it held.
        new: What it holds.
        span: Where the binding is.
        is_local: Whether the place begins at a local name of a function, so that it cannot be read later.
    """

    where: Place
    old: Any
    new: Any
    span: Span
    is_local: bool = False


@dataclass(frozen=True, eq=False)
class BoundInLoop:
    """A loop over a model's layers bound its name to another layer, and did nothing more with it.

    Attributes:
        name: The loop's name.
        old: The layer of this turn.
        new: The layer it names now.
        span: Where the binding is.
    """

    name: str
    old: Any
    new: Any
    span: Span


@dataclass(frozen=True, eq=False)
class AttributeSet:
    """User code assigned an attribute of a Keras object.

    Attributes:
        target: The layer, model or optimizer.
        name: The attribute.
        old: Its value before; ``MISSING`` when it had none.
        new: The value assigned.
        span: Where the assignment is.
        at_use: Whether it was noticed when a trace that holds the old value is about to run.
    """

    target: Any
    name: str
    old: Any
    new: Any
    span: Span
    at_use: bool = False


@dataclass(frozen=True, eq=False)
class StructureChanged:
    """A model's structure was edited through an interface that does reach the graph.

    Attributes:
        model: The model.
        action: ``add``, ``pop`` or the name of a list method of a tracked list.
        layer: The layer added, or removed where none was; ``None`` for another order.
        is_added: Whether it was added.
        span: Where the edit is.
        at_use: Whether it was noticed when the model was compiled, and not when it was made.
    """

    model: Model
    action: str
    layer: Layer
    is_added: bool
    span: Span
    at_use: bool = False


@dataclass(frozen=True, eq=False)
class CopyEdited:
    """A container that Keras returns as a fresh copy was edited in place.

    Attributes:
        owner: The object it was read from.
        source: How it was read: ``get_config()``, ``trainable_weights`` ...
        span: Where the edit is.
        held: For a copy that a name holds, what is known of it.
        local: For a copy that only a local name of a function holds, the name.
    """

    owner: Any
    source: str
    span: Span
    held: HeldCopy | None = None
    local: str = ""


@dataclass(frozen=True)
class HeldCopy:
    """A name that holds a copy.

    Attributes:
        name: The name.
        spelled: The object it was read from, as the user's code names it; empty for one that is another in each turn
            of a loop.
        number: The number of this copy.
        is_whole: Whether it is all that was read, and not an item of it.
    """

    name: str
    spelled: str
    number: int
    is_whole: bool


@dataclass(frozen=True, eq=False)
class StateAdapted:
    """``adapt`` gave a preprocessing layer new statistics."""

    layer: Layer
    span: Span


@dataclass(frozen=True, eq=False)
class PolicySet:
    """The global dtype policy was changed while models exist."""

    old: str
    new: str
    span: Span


@dataclass(frozen=True, eq=False)
class ClassRedefined:
    """A notebook class was defined again while instances of the old one live; see :class:`Rebound`."""

    where: Place
    old: Any
    new: Any
    span: Span
    is_local: bool = False


@dataclass(frozen=True, eq=False)
class CodeReadChanged:
    """What code of the user's in a traced function of ``model`` read is another value now.

    Attributes:
        model: The model.
        where: The global or variable that is read, with the steps from it.
        fact: What the trace holds (``_adapter.code_reads.CodeFact``).
        new: What is there now.
        span: Where it was bound last.
        at_use: Whether the trace is about to run; otherwise the edit was just made.
    """

    model: Model
    where: Place
    fact: Any
    new: Any
    span: Span
    at_use: bool


@dataclass(frozen=True, eq=False)
class ArgumentEdited:
    """A list or dict that was given to ``compile`` was changed in place.

    Attributes:
        model: The model.
        argument: The argument of ``compile``.
        name: The user's name of the list.
        span: Where it was edited.
        identity: ``id`` of the list.
    """

    model: Model
    argument: str
    name: str
    span: Span
    identity: int


@dataclass(frozen=True, eq=False)
class TrainsNothing:
    """A model that was compiled with something to train is about to be trained with nothing to train."""

    model: Model
    span: Span


Event = (
    ListEdited
    | Rebound
    | BoundInLoop
    | AttributeSet
    | StructureChanged
    | CopyEdited
    | StateAdapted
    | PolicySet
    | ClassRedefined
    | CodeReadChanged
    | ArgumentEdited
    | TrainsNothing
)
