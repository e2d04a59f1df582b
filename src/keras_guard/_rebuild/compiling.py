"""The ``compile`` of a rebuilt model: the user's own names, and an optimizer that starts fresh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._adapter.compile_facts import compile_arguments
from .._adapter.layer_config import NotExpressibleError, constructor_of, shorthand_of
from .._adapter.layer_fit import public_path
from .._data.types import Model, Namespace, Optimizer, Structure
from .literals import container, literal
from .spelling import Speller


class CompileWords:
    """Spells the arguments of ``compile``."""

    def __init__(self, speller: Speller, objects: Namespace) -> None:
        self.speller = speller
        self._objects = objects

    def words(self, model: Model, renamed: Mapping[str, str]) -> list[str]:
        """Return the arguments a model was compiled with, spelled; empty when it was not compiled.

        Losses keyed by the old name of an output that was renamed follow.
        """
        found = compile_arguments(model)
        if not found:
            return []
        optimizer = f"optimizer={self.fresh_optimizer(found.pop('optimizer'))}"
        return [optimizer, *self.spelled({k: _rekeyed(v, renamed) for k, v in found.items()})]

    def spelled(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return arguments of ``compile``, the optimizer left out, as code."""
        return [f"{name}={self._value(value)}" for name, value in arguments.items()]

    def fresh_optimizer(self, optimizer: Optimizer) -> str:
        """An optimizer belongs to the variables it was made for: the new model gets one of its own."""
        if optimizer is None or isinstance(optimizer, str):
            return literal(optimizer)
        name = self.speller.name_of(optimizer)
        if name is not None:
            return f"type({name}).from_config({name}.get_config())"
        try:
            call = constructor_of(optimizer, self._objects)
            call.kwargs.pop("name", None)
            short = shorthand_of(call)
            return literal(short) if short is not None else self.speller.construct(call)
        except NotExpressibleError:
            handle = self.speller.handle(optimizer)
            return f"type({handle}).from_config({handle}.get_config())"

    def _value(self, value: object) -> str:
        try:
            return literal(value)
        except NotExpressibleError:
            pass
        name = self.speller.name_of(value)
        if name is not None:
            return name
        text = container(value, self._value)
        if text is not None:
            return text
        if public_path(value) is not None:
            return self.speller.cls(value)
        if callable(value) and not hasattr(value, "get_config"):
            return self._function(value)
        try:
            return self.speller.construct(constructor_of(value, self._objects))
        except NotExpressibleError:
            return self.speller.handle(value)

    def _function(self, value: object) -> str:
        if self.speller.definitions is None:
            return self.speller.handle(value)
        try:
            return self.speller.cls(value)
        except NotExpressibleError:
            return self.speller.handle(value)


def _rekeyed(value: object, renamed: Mapping[str, str]) -> Structure:
    return {renamed.get(k, k): item for k, item in value.items()} if isinstance(value, dict) else value
