"""The ``compile`` of a rebuilt model: the user's own names, and an optimizer that starts fresh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._adapter.compile_facts import compile_arguments
from .._adapter.layer_config import NoWords, constructor_of
from .._adapter.layer_fit import public_path
from .spelling import Speller, literal


class CompileWords:
    """Spells the arguments of ``compile``.

    Args:
        speller: Spells names.
        objects: The user's classes and functions.
    """

    def __init__(self, speller: Speller, objects: Mapping[str, Any]) -> None:
        self._speller = speller
        self._objects = objects
        self.notes: list[str] = []

    def words(self, model: Any, renamed: Mapping[str, str] | None = None) -> list[str]:
        """Return the arguments a model was compiled with, spelled; empty when it was not compiled.

        Args:
            model: The model as it is.
            renamed: Outputs that have another name now; losses keyed by the old name follow.
        """
        found = compile_arguments(model)
        words = []
        for name, value in found.items():
            if name == "optimizer":
                words.append(f"optimizer={self._optimizer(value)}")
            elif renamed and isinstance(value, dict) and set(value) & set(renamed):
                value = {renamed.get(key, key): item for key, item in value.items()}
                words.append(f"{name}={self._value(value)}")
            else:
                words.append(f"{name}={self._value(value)}")
        return words

    def _optimizer(self, optimizer: Any) -> str:
        """An optimizer belongs to the variables it was made for: the new model gets one of its own."""
        if optimizer is None or isinstance(optimizer, str):
            return literal(optimizer)
        name = self._speller.name_of(optimizer)
        if name is not None:
            return f"type({name}).from_config({name}.get_config())"
        try:
            return self._speller.construct(constructor_of(optimizer, self._objects))
        except NoWords:
            handle = self._speller.handle(optimizer)
            return f"type({handle}).from_config({handle}.get_config())"

    def _value(self, value: Any) -> str:
        try:
            return literal(value)
        except NoWords:
            pass
        name = self._speller.name_of(value)
        if name is not None:
            return name
        if isinstance(value, dict):
            return f"{{{', '.join(f'{literal(k)}: {self._value(v)}' for k, v in value.items())}}}"
        if isinstance(value, (list, tuple)):
            inner = ", ".join(self._value(item) for item in value)
            return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
        if public_path(value) is not None:
            return self._speller.cls(value)
        if callable(value) and not hasattr(value, "get_config"):
            return self._speller.handle(value)
        try:
            return self._speller.construct(constructor_of(value, self._objects))
        except NoWords:
            return self._speller.handle(value)
