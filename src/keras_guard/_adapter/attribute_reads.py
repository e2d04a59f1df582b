"""Which attributes of a Keras object still matter once it is built.

Not a list of attributes: the answer is read from the class's own code. An attribute that the
methods running at call time read is *live* (a new trace sees it); one that only ``build`` or
the constructor reads is *dead* once the weights exist.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType

from .._data.types import Layer
from .bytecode_reads import codes_in, instructions_of
from .keras_types import TYPES
from .same_code import function_of_member
from .source_reads import attributes_of_self, read_in_training_only
from .stock import is_stock_module

ALL_KINDS = frozenset({"train", "test", "predict"})
#: The kinds of traced function that compute a loss.
SCORING_KINDS = frozenset({"train", "test"})
_TRAIN = frozenset({"train"})
_LAYER_ENTRIES = ("call", "compute_mask")
#: What ``Layer.__call__`` itself reads on the way to ``call``.
_GENERIC = frozenset({"activity_regularizer", "supports_masking", "dtype_policy"})
_OPTIMIZER_ENTRIES = (
    "apply",
    "apply_gradients",
    "update_step",
    "_backend_apply_gradients",
    "_internal_apply_gradients",
)
SCORE_ENTRIES = ("__call__", "call", "update_state", "result")
#: Methods of a model that its traced functions run, by the kind of function.
STEP_ENTRIES = {
    "train": ("train_step", "compute_loss", "compute_metrics"),
    "test": ("test_step", "compute_loss", "compute_metrics"),
    "predict": ("predict_step",),
    "generate": ("generate_step",),  # of a causal language model of KerasHub
}

#: Names of Keras 1 and 2 that Keras 3 accepts in silence and never reads.
FORMER_NAMES = {
    "lr": "learning_rate",
    "decay": "a learning-rate schedule",
    "_name": "name",
    "batch_input_shape": "keras.Input",
    "_batch_input_shape": "keras.Input",
    "_input_shape": "keras.Input",
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
    return _GENERIC | _names_read(cls, _LAYER_ENTRIES, TYPES.layer)


@functools.lru_cache(maxsize=64)
def read_when_applied(cls: type) -> frozenset[str]:
    """Return the attributes of ``self`` an optimizer class reads while it applies gradients."""
    return _names_read(cls, _OPTIMIZER_ENTRIES, ())


@functools.lru_cache(maxsize=512)
def read_at_inference(cls: type) -> frozenset[str]:
    """Return the attributes of ``self`` that a layer class reads while it is called without ``training``."""
    return _GENERIC | _names_read(cls, _LAYER_ENTRIES, TYPES.layer, read_in_training_only)


@functools.lru_cache(maxsize=512)
def read_when_scored(cls: type) -> frozenset[str]:
    """Return the public attributes a loss, metric or schedule class reads when it is called, and never sets then."""
    loaded: set[str] = set()
    stored: set[str] = set()
    for function, names in _reached(cls, SCORE_ENTRIES, ()):
        loaded |= names
        steps = dis.get_instructions(function.__code__)
        stored |= {str(step.argval) for step in steps if step.opname == "STORE_ATTR"}
    return frozenset(name for name in loaded - stored if not name.startswith("_"))


@functools.lru_cache(maxsize=256)
def read_in_steps(cls: type, kind: str) -> frozenset[str]:
    """Return the attributes of ``self`` that the user's own steps and losses of a model class read."""
    return _names_read(cls, STEP_ENTRIES[kind], TYPES.model)


def is_called_in_training(layer: Layer) -> bool:
    """Whether a graph calls a layer with ``training=True``, whoever runs it."""
    for node in getattr(layer, "_inbound_nodes", ()):
        given = getattr(getattr(node, "arguments", None), "kwargs", None)
        if given and given.get("training") is True:
            return True
    return False


@functools.lru_cache(maxsize=512)
def constructor_arguments(cls: type) -> frozenset[str]:
    """Return the names of the constructor's arguments, base classes included."""
    names: set[str] = set()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if isinstance(init, FunctionType):
            names.update(inspect.signature(init).parameters)
    return frozenset(names - {"self", "args", "kwargs"})


#: Where the base classes of Keras' layers come from.
_LIBRARIES = frozenset({"keras", "tf_keras", "tensorflow", "jax", "torch", "builtins"})
#: Methods in which reading an attribute does not make it act on a built layer.
INERT = frozenset(
    {"__init__", "build", "get_config", "compute_output_shape", "compute_output_spec", "from_config",
     "get_build_config", "build_from_config", "__repr__", "__str__"}
)  # fmt: skip


@functools.lru_cache(maxsize=256)
def read_by_user_code(cls: type) -> frozenset[str]:
    """Return the attributes that the user's own classes read in methods that may run after building."""
    names: set[str] = set()
    for name, function in user_methods(cls):
        if name not in INERT:
            names.update(attributes_loaded(function.__code__))
    return frozenset(names)


@functools.lru_cache(maxsize=256)
def is_read_by_known_code_only(cls: type) -> bool:
    """Whether no method of the user's own hands the object on, so that all code that reads it is known."""
    return all(attributes_of_self(function) is not None for _, function in user_methods(cls))


def user_methods(cls: type) -> Iterator[tuple[str, FunctionType]]:
    """Yield the names and the functions of the methods and properties that classes of no library define."""
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in _LIBRARIES:
            continue
        for name, value in list(vars(base).items()):
            function = function_of_member(value)
            if function is not None:
                yield name, function


def is_read_by_user_code(cls: type, name: str) -> bool:
    """Whether a class of the user's reads an attribute in a method that may run after building."""
    return name in read_by_user_code(cls)


#: Arguments of ``compile`` that a model shows as attributes.
COMPILE_ARGUMENTS = frozenset(
    {"optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "jit_compile",
     "steps_per_execution", "auto_scale_loss"}
)  # fmt: skip

#: Settings of an optimizer that the method of this name changes; the attribute has an underscore before it.
OPTIMIZER_SETTINGS = frozenset({"exclude_from_weight_decay"})

#: Methods that a traced function runs, with the kinds of function that run them.
STEP_KINDS = {
    "train_step": _TRAIN,
    "test_step": frozenset({"test"}),
    "predict_step": frozenset({"predict"}),
    "compute_loss": SCORING_KINDS,
    "compute_metrics": SCORING_KINDS,
    "call": ALL_KINDS,
}
STEPS = frozenset(STEP_KINDS)


def _read_anywhere(function: FunctionType) -> frozenset[str]:
    return frozenset()


def _names_read(
    cls: type,
    entries: Iterable[str],
    stop: tuple[type, ...],
    leaving: Callable[[FunctionType], frozenset[str]] = _read_anywhere,
) -> frozenset[str]:
    return frozenset().union(*(names for _, names in _reached(cls, entries, stop, leaving)))


def _reached(
    cls: type,
    entries: Iterable[str],
    stop: tuple[type, ...],
    leaving: Callable[[FunctionType], frozenset[str]] = _read_anywhere,
) -> Iterator[tuple[FunctionType, frozenset[str]]]:
    """Yield the methods that ``entries`` reach on ``self``, with the attribute names each loads but for ``leaving``.

    The methods of the classes ``stop``, and those of their bases, do not count.
    """
    waiting, done = [(name, False) for name in entries], set()
    while waiting:
        name, in_bases = waiting.pop()
        if (name, in_bases) in done:
            continue
        done.add((name, in_bases))
        for function in _definitions(cls, name, stop, in_bases):
            names = _names_loaded(function) - leaving(function)
            yield function, names
            goes_on = _runs_bases(function, cls)
            waiting += [(loaded, goes_on) for loaded in names]


def _definitions(cls: type, name: str, stop: tuple[type, ...], in_bases: bool) -> Iterator[FunctionType]:
    """Yield what a call of ``cls().name`` may run.

    That is the first definition in the order of the classes, and the next one where it runs those of base classes,
    or where ``super()`` may do so (``in_bases``).
    """
    for base in cls.__mro__:
        if base in stop:
            return
        value = base.__dict__.get(name)
        if isinstance(value, property):
            value = value.fget
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, FunctionType):
            yield value
            if not (in_bases or _runs_bases(value, cls)):
                return


def _runs_bases(function: FunctionType, cls: type) -> bool:
    """Whether a method may run the methods of base classes, by ``super()``, by their names, or in what it wraps."""
    code = function.__code__
    bases = {base.__name__ for base in cls.__mro__[1:]}
    return bool(code.co_freevars) or not {"super", *bases}.isdisjoint(
        name for part in codes_in(code) for name in part.co_names
    )


def _names_loaded(function: FunctionType) -> frozenset[str]:
    """Return the attributes that a method may read of the object it is called on.

    Keras' own methods are known to name the attributes of other objects otherwise, but for ``name``.
    """
    loaded = frozenset(attributes_loaded(function.__code__))
    if is_stock_module(function.__module__):
        return loaded - _NAMES
    found = attributes_of_self(function)
    return loaded if found is None else loaded & found


#: What every layer has, and its call reads of its inputs.
_NAMES = frozenset({"name"})


#: Methods that only make a list longer.
_FILLS = frozenset({"append", "extend", "insert"})
_METHOD_LOADS = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_ATTRIBUTE_LOADS = _METHOD_LOADS | {"LOAD_SUPER_ATTR"}


def attributes_loaded(code: CodeType, idle: frozenset[int] = frozenset()) -> Iterator[str]:
    """Yield the names of the attributes that code reads of anything, but for the instructions at some offsets."""
    before = ""
    steps = instructions_of(code)
    for instruction, following in zip(steps, (*steps[1:], None), strict=True):
        # ``self.calls += 1`` copies its target first: a count is kept, and nothing depends on it.
        counts, before = before in ("COPY", "DUP_TOP"), instruction.opname
        if counts or _only_fills(following) or instruction.offset in idle:
            continue
        if instruction.opname in _ATTRIBUTE_LOADS and instruction.argval:
            yield str(instruction.argval)
        elif instruction.opname == "LOAD_CONST" and instruction.argval == "lora_rank":
            yield "lora_rank"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from attributes_loaded(constant)


def _only_fills(following: dis.Instruction | None) -> bool:
    """Whether what was read is a list that the next instruction only makes longer: ``self.shapes.append(...)``."""
    return following is not None and following.opname in _METHOD_LOADS and following.argval in _FILLS
