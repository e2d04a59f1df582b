"""The names that held the output tensors of models when these were made."""

from __future__ import annotations

from .._adapter.keras_types import is_symbolic
from .._adapter.output_tensors import outputs_of
from .._data.identity import IdentityMap
from .._data.types import Model, Namespace
from .containers import user_names


class OutputNames:
    """The names, by tensor."""

    def __init__(self) -> None:
        self._names: IdentityMap[frozenset[str]] = IdentityMap()

    def note(self, model: Model, namespace: Namespace) -> None:
        """A model was made."""
        for tensor in outputs_of(model):
            held = frozenset(name for name, value in user_names(namespace) if value is tensor)
            self._names[tensor] = held or self._names.get(tensor, frozenset())

    def holds(self, name: str, value: object) -> bool:
        """Whether a value is a tensor that a name held when a model was made that returns it."""
        return is_symbolic(value) and name in self._names.get(value, frozenset())
