"""What a user meant to change in a model's graph, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .types import Layer


@dataclass(frozen=True)
class LayerRecord:
    """A layer described by class and config, for a layer object that may be gone.

    ``model.layers[0] = Dense(128)`` drops the new layer at once, and the guard must not keep
    it alive; its class and config are enough to write code that makes an equal one.

    Attributes:
        cls: The layer's class.
        config: What ``get_config()`` returned, or ``None`` when the layer has no config.
        name: The layer's name.
        batch_shape: The shape of the ``input_shape`` it was given, which no config holds.
    """

    cls: type
    config: Mapping[str, Any] | None
    name: str
    batch_shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True, eq=False)
class Replace:
    """Put ``new`` where ``old`` is, at every place the graph calls ``old``.

    Attributes:
        old: The layer in the graph, or its name.
        new: The layer to put there.
    """

    old: Any
    new: Any


@dataclass(frozen=True, eq=False)
class InsertAfter:
    """Call ``new`` on the output of ``layer``, for all its consumers.

    Attributes:
        layer: The layer in the graph, or its name.
        new: The layer to insert.
    """

    layer: Layer
    new: Any


@dataclass(frozen=True, eq=False)
class InsertBefore:
    """Call ``new`` on the input of ``layer``, for ``layer`` only.

    Attributes:
        layer: The layer in the graph, or its name. It must have one input.
        new: The layer to insert.
    """

    layer: Layer
    new: Any


@dataclass(frozen=True, eq=False)
class Remove:
    """Take ``layer`` out; its consumers read its input instead.

    Attributes:
        layer: The layer in the graph, or its name.
        keep: For a layer with several inputs, or one that makes one of several outputs: the layer (or
            input) whose output is read instead, or its name.
    """

    layer: Layer
    keep: Any = None


@dataclass(frozen=True, eq=False)
class InputShape:
    """Give the model inputs of another shape; its layers are kept where their weights still fit.

    Attributes:
        shape: The shape without the batch, such as ``(96, 96, 1)``, with ``None`` where any size will do; for
            a model with several inputs, a dict from names of inputs to shapes.
    """

    shape: Any


@dataclass(frozen=True, eq=False)
class ListEdit:
    """An edit of a model's list of layers, as the list before and after.

    Attributes:
        before: ``model.layers`` before the edit.
        after: What the user's list holds now; items are layers, :class:`LayerRecord` or foreign values.
        number: Its place in the order in which lists were edited.
    """

    before: tuple[Any, ...]
    after: tuple[Any, ...]
    number: int = 0


@dataclass(frozen=True)
class TooMany:
    """More edits were made by one line than are kept, so what they ask for is not known.

    Attributes:
        made: How many were made.
        kept: How many of them are known.
    """

    made: int
    kept: int


#: Any of them.
Edit = Replace | InsertAfter | InsertBefore | Remove | InputShape | ListEdit | TooMany
