"""Functions that ``tf.function`` or ``jax.jit`` traces: training steps of the user's own, and ``generate`` of KerasHub.

A step is a trace of every model it reads: the layers, the variables that were trainable, the settings of
the optimizer and what else the code reads are constants of it. ``compile()`` does not drop it; defining the function
again does. So it is with a step that ``jax.jit`` compiles. A causal language model of KerasHub keeps what its
``generate`` traced in ``generate_function``, which ``compile()`` drops.
"""

from __future__ import annotations

import dis
import inspect
import weakref
from collections.abc import Iterator
from dataclasses import replace
from types import CodeType, FunctionType
from typing import Any

from .._data.place import Attribute, Place
from .._data.types import Model, Namespace
from .code_reads import CodeFact, ObjectRead, function_name, python_function_of, walk_of
from .keras_types import TYPES, is_model, is_optimizer
from .marks import mark_of_object
from .trace_facts import TraceFacts, facts_now, optimizer_facts
from .traces import GENERATE, OWN, Call

_GENERATE_STEP = "generate_step"
_LISTS = frozenset({"trainable_weights", "trainable_variables"})


def is_followed(function: object) -> bool:
    """Whether the code in a traced function is the notebook's, or a model's ``generate``.

    Asked at every batch of Keras' own train function.
    """
    plain = python_function_of(function)
    if getattr(plain, "__name__", "") == _GENERATE_STEP:
        return generating_model(function) is not None
    if type(plain) is FunctionType and "__wrapped__" not in plain.__dict__:
        return plain.__module__ == "__main__"
    return getattr(inspect.unwrap(plain), "__module__", "") == "__main__"


def generating_model(function: object) -> Model | None:
    """Return the model whose ``generate`` runs a traced function, ``None`` for any other function."""
    model = getattr(python_function_of(function), "__self__", None)
    return model if is_model(model) and vars(model).get("generate_function") is function else None


def is_read_by_functions(name: str, namespace: Namespace) -> bool:
    """Whether a function or method of the notebook reads an attribute of this name, of another object than ``self``.

    Every cell function among the user's names is looked at, whatever object it would be called with: who gives a
    layer to a model by attribute for a loop of their own reads it in such a function.
    """
    return any(_reads(code, name) for value in list(namespace.values()) for code in _code_of(value))


def _code_of(value: object) -> Iterator[CodeType]:
    if type(value) is type and value.__module__ == "__main__":
        for item in list(vars(value).values()):
            yield from _code_of(getattr(item, "__func__", item))
    elif callable(value):
        function = python_function_of(value)
        if type(function) is FunctionType and function.__module__ == "__main__":
            yield function.__code__


def _reads(code: CodeType, name: str) -> bool:
    if name in code.co_names:
        before = None
        for step in dis.get_instructions(code):
            if (
                step.opname in ("LOAD_ATTR", "LOAD_METHOD")
                and step.argval == name
                and not _loads_self(before)
            ):
                return True
            before = step
    return any(_reads(part, name) for part in code.co_consts if isinstance(part, CodeType))


def _loads_self(step: dis.Instruction | None) -> bool:
    if step is None or not step.opname.startswith("LOAD_FAST"):
        return False
    return step.argval == "self" or (isinstance(step.argval, tuple) and step.argval[-1] == "self")


def own_call(function: object, args: object, kwargs: object) -> Call:
    """Describe a call of a traced function: another structure, shape, dtype or plain value is traced again."""
    name = function_name(function)
    kind = GENERATE if name == _GENERATE_STEP else OWN
    method = GENERATE if kind == GENERATE else name
    return Call(method, _signature((args, kwargs)), kind_of=f"{kind}:{id(function)}")


def _signature(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!s}:{_signature(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_signature, value[:64])) + "]"
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{getattr(dtype, 'name', dtype)}{shape}"
    return repr(value) if type(value) in (bool, int, float, str, type(None)) else str(id(value))


def traces_made(function: object, namespace: Namespace) -> Iterator[tuple[Any, TraceFacts]]:
    """Yield the models that a function reads, each with the facts that its trace holds now."""
    generating = generating_model(function)
    if generating is not None:
        yield generating, replace(facts_now(generating, GENERATE, namespace), maker=weakref.ref(function))
        return
    walk = walk_of([python_function_of(function)], namespace)
    found = walk.objects
    optimizers = [read.value for read in found if is_optimizer(read.value)]
    for model in {id(read.value): read.value for read in found if is_model(read.value)}.values():
        facts = facts_now(model, "train", namespace)
        yield (
            model,
            replace(
                facts,
                trainable=facts.trainable if _reads_flags(found, model) else None,
                read={**facts.read, **optimizer_facts(optimizers)},
                code=(*facts.code, *walk.facts.values(), *_which_objects(found)),
                maker=weakref.ref(function),
                maker_place=place_of(function, namespace),
            ),
        )


def _which_objects(found: list[ObjectRead]) -> Iterator[CodeFact]:
    """Yield which optimizers, losses and metrics a function reads from globals and the like.

    An optimizer or metric has a state: another one is never the same. Layers and models are what the claims about the
    graph are about.
    """
    noted = set()
    for read in found:
        source = read.source
        if (
            source is None
            or source.key in noted
            or not issubclass(type(read.value), TYPES.optimizer + TYPES.loss + TYPES.metric)
        ):
            continue
        noted.add(source.key)
        is_loss = issubclass(type(read.value), TYPES.loss)
        yield CodeFact(source, mark_of_object(read.value, alike=is_loss))


def _reads_flags(found: list[ObjectRead], model: Model) -> bool:
    """Whether the function asks the model what is trainable."""
    return any(
        read.value is model and isinstance(read.step, Attribute) and read.step.name in _LISTS
        for read in found
    )


def place_of(function: object, namespace: Namespace) -> Place | None:
    """Return the global that holds a traced function under its own name, if one does."""
    name = getattr(python_function_of(function), "__name__", "")
    return Place(name) if namespace.get(name) is function else None
