"""Which settings of ``trainable`` were seen, and in which order."""

from __future__ import annotations

from .._adapter.keras_types import is_layer
from .._adapter.membership import tracked_layers
from .._data.diagnostic import Span
from .._data.identity import IdentityMap
from .._data.types import Layer


class FlagSettings:
    """The settings of ``trainable``.

    Attributes:
        flips: Where the flag of a layer, model or variable was changed last.
    """

    def __init__(self) -> None:
        self.flips: IdentityMap[Span] = IdentityMap()
        self._numbers: IdentityMap[int] = IdentityMap()
        self._count = 0

    def note(self, target: object, name: str) -> bool:
        """Note that an attribute was set; return whether it is a flag that is also one of the layers inside."""
        if name != "trainable" or not is_layer(target):
            return False
        self._count += 1
        self._numbers[target] = self._count
        return bool(tracked_layers(target))

    def number(self, layer: Layer) -> int:
        """Return which of all settings was the last one of a layer, 0 for none."""
        return self._numbers.get(layer, 0)
