"""Which models the functions that ``tf.function`` traced hold, by the names through which their code read them."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from .._data.identity import IdentityMap
from .._data.types import Model, Namespace
from .code_reads import CodeFact, python_function_of, walk_of
from .keras_types import is_model
from .marks import mark_of_object
from .own_functions import place_of
from .trace_facts import TraceFacts, layers_identity
from .traces import Call


class FunctionModels:
    """The models that traced functions hold.

    They are kept by the function: the model that a name held may be gone when the name holds another one.
    """

    def __init__(self) -> None:
        self._held: IdentityMap[dict[Call, tuple[CodeFact, ...]]] = IdentityMap()

    def note(self, function: object, call: Call, namespace: Namespace) -> None:
        """A function was traced by a call: note the models that names hold now."""
        facts = tuple(
            CodeFact(read.source, mark_of_object(read.value, alike=False), read.touched)
            for read in walk_of([python_function_of(function)], namespace).objects
            if read.source is not None and is_model(read.value)
        )
        held = self._held.get(function, None)
        if held is None:
            held = self._held[function] = {}
        held[call] = facts

    def bound_again(
        self, function: Any, call: Call, namespace: Namespace
    ) -> Iterator[tuple[Model, CodeFact, TraceFacts]]:
        """Yield the models in the place of those that the trace of a call holds, each with what that trace read."""
        held = self._held.get(function, None) or {}
        for fact in held.get(call, ()):
            model = fact.source.read(namespace)
            if is_model(model) and fact.differs(namespace):
                yield (
                    model,
                    fact,
                    TraceFacts(
                        layers_identity(model),
                        None,
                        code=(fact,),
                        maker=weakref.ref(function),
                        maker_place=place_of(function, namespace),
                    ),
                )

    def read_through(self, name: str, value: object) -> Iterator[tuple[Any, Call]]:
        """Yield the functions, with the calls that traced them, that read a model through a name or its object."""
        for function, held in self._held.items():
            for call, facts in held.items():
                if any(fact.source.is_global(name) or id(value) in fact.touched for fact in facts):
                    yield function, call
