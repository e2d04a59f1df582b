"""Which attributes of a Keras object still matter once it is built.

Not a list of attributes: the answer is read from the class's own code. An attribute that the
methods running at call time read is *live* (a new trace sees it); one that only ``build`` or
the constructor reads is *dead* once the weights exist.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any

from .face import FACE

_LAYER_ENTRIES = ("call", "compute_mask")
_OPTIMIZER_ENTRIES = (
    "apply",
    "apply_gradients",
    "update_step",
    "_backend_apply_gradients",
    "_internal_apply_gradients",
)
_TRAINER_ENTRIES = (
    "fit", "evaluate", "predict", "train_step", "test_step", "predict_step", "compute_loss", "compute_metrics",
    "make_train_function", "make_test_function", "make_predict_function", "train_on_batch", "test_on_batch",
    "predict_on_batch",
)  # fmt: skip

#: Names of Keras 1 and 2 that Keras 3 accepts in silence and never reads.
FORMER_NAMES = {
    "lr": "learning_rate",
    "decay": "a learning-rate schedule",
    "_name": "name",
    "batch_input_shape": "keras.Input",
    "input_dim": "keras.Input",
    "input_length": "keras.Input",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "nb_filter": "filters",
    "output_dim": "units",
    "_trainable_weights": "trainable",
    "_trainable": "trainable",
}


@functools.lru_cache(maxsize=512)
def read_when_called(cls: type) -> frozenset[str]:
    """Return the attributes of ``self`` that a layer class reads while it is called."""
    # Layer.__call__ itself reads these on the way to call().
    generic = {"activity_regularizer", "supports_masking", "dtype_policy"}
    return frozenset(generic | set(_names_read(cls, _LAYER_ENTRIES, stop=FACE.layer)))


@functools.lru_cache(maxsize=64)
def read_when_applied(cls: type) -> frozenset[str]:
    """Return the attributes of ``self`` an optimizer class reads while it applies gradients."""
    return frozenset(_names_read(cls, _OPTIMIZER_ENTRIES, stop=()))


@functools.lru_cache(maxsize=64)
def read_when_trained(cls: type) -> frozenset[str]:
    """Return the attributes of ``self`` a model class reads while it makes or runs its steps."""
    return frozenset(_names_read(cls, _TRAINER_ENTRIES, stop=()))


@functools.lru_cache(maxsize=512)
def constructor_arguments(cls: type) -> frozenset[str]:
    """Return the names of the constructor's arguments, base classes included."""
    names: set[str] = set()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if isinstance(init, FunctionType):
            names.update(inspect.signature(init).parameters)
    return frozenset(names - {"self", "args", "kwargs"})


def is_keras_class(cls: type) -> bool:
    """Whether a class is Keras' own."""
    return cls.__module__.partition(".")[0] in ("keras", "tf_keras")


#: Methods in which reading an attribute does not make it act on a built layer.
_INERT = frozenset(
    {"__init__", "build", "get_config", "compute_output_shape", "compute_output_spec", "from_config",
     "get_build_config", "build_from_config", "__repr__", "__str__"}
)  # fmt: skip


@functools.lru_cache(maxsize=256)
def read_by_user_code(cls: type) -> frozenset[str]:
    """Return the attributes that the user's own classes read in methods that may run after building."""
    names: set[str] = set()
    for base in cls.__mro__:
        if is_keras_class(base) or base is object:
            continue
        for name, value in list(vars(base).items()):
            function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            function = inspect.unwrap(function) if callable(function) else None
            if name not in _INERT and isinstance(function, FunctionType):
                names.update(_attributes_loaded(function.__code__))
    return frozenset(names)


def is_read_by_user_code(cls: type, name: str) -> bool:
    """Whether a class of the user's reads an attribute in a method that may run after building."""
    return name in read_by_user_code(cls)


#: Arguments of ``compile`` that a model shows as attributes.
COMPILE_ARGUMENTS = frozenset(
    {"optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "jit_compile",
     "steps_per_execution", "auto_scale_loss"}
)  # fmt: skip

#: Methods that a traced function runs, by the kind of function; an empty text means all of them.
STEP_KINDS = {
    "train_step": "train",
    "test_step": "test",
    "predict_step": "predict",
    "compute_loss": "",
    "compute_metrics": "",
    "call": "",
}
STEPS = frozenset(STEP_KINDS)


def _names_read(cls: type, entries: Iterable[str], stop: tuple[type, ...]) -> Iterator[str]:
    """Yield attribute names loaded in ``entries`` and in the methods these reach on ``self``."""
    waiting, done = list(entries), set()
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        for function in _definitions(cls, name, stop):
            for attribute in _attributes_loaded(function.__code__):
                yield attribute
                waiting.append(attribute)


def _definitions(cls: type, name: str, stop: tuple[type, ...]) -> Iterator[FunctionType]:
    """Yield what a call of ``cls().name`` may run: the method in each class that defines it."""
    for base in cls.__mro__:
        if base in stop:
            return
        value = base.__dict__.get(name)
        if isinstance(value, property):
            value = value.fget
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, FunctionType):
            yield value


def _attributes_loaded(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR") and instruction.argval:
            yield str(instruction.argval)
        elif instruction.opname == "LOAD_CONST" and instruction.argval == "lora_rank":
            yield "lora_rank"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _attributes_loaded(constant)


def plain_globals_read(function: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the plain values a user's function reads from ``namespace``, by name.

    A traced function holds such a value as a constant. Only numbers, texts, booleans and tuples
    count: containers may change in place and objects may hold state of their own.
    """
    code = getattr(inspect.unwrap(function) if callable(function) else None, "__code__", None)
    if code is None or getattr(function, "__globals__", None) is not namespace:
        return {}
    found = {}
    for name in _global_names(code):
        value = namespace.get(name)
        if isinstance(value, (bool, int, float, str, tuple)) and name in namespace:
            found[name] = value
    return found


def _global_names(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)
