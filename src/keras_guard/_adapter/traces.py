"""What each traced function saw when it was traced.

``compile`` throws the traced functions away; the first ``fit``, ``evaluate``, ``predict`` or
``*_on_batch`` after it traces the model's Python code, and later runs replay that trace. A call
with another structure, dtype or batch size is traced again (measured: a second batch size makes
a trace with an open batch size, which then serves all others; TensorFlow leaves it open from the start
where the batches of ``fit`` and ``evaluate`` do not come out even; JAX never does). This file predicts,
before a call runs, which trace will serve it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .._data.identity import IdentityMap
from .._data.types import Arguments, Model, Namespace
from .keras_types import backend
from .trace_facts import TraceFacts

_DEFAULT_BATCH = 32
#: The batch size of an iterator whose last batch may be smaller than the others.
OPEN = -1

OWN = "own"
#: The kind of the traced function that `generate` of a KerasHub model runs.
GENERATE = "generate"
KINDS = frozenset({"train", "test", "predict", OWN, GENERATE})
#: Entry methods and the traced function each one runs.
ENTRIES = {
    "fit": "train",
    "train_on_batch": "train",
    "evaluate": "test",
    "test_on_batch": "test",
    "predict": "predict",
    "predict_on_batch": "predict",
}
#: Entry methods that train.
TRAINING = frozenset(method for method, kind in ENTRIES.items() if kind == "train")


@dataclass(frozen=True)
class Call:
    """One call of an entry method: what decides which trace serves it.

    Attributes:
        method: ``fit``, ``predict_on_batch`` ...
        structure: Nesting, dtypes and inner shapes of the data.
        kind_of: For a function that ``tf.function`` traces, what tells it from others.
        batches: The batch sizes it will run with, ``OPEN`` for one left open; empty when they are unknown.
    """

    method: str
    structure: str
    batches: frozenset[int] = frozenset()
    kind_of: str = ""

    @property
    def kind(self) -> str:
        """``train``, ``test``, ``predict``, ``generate``, or ``own`` for a traced function of the user's own."""
        return self.kind_of.partition(":")[0] or ENTRIES[self.method]


def _optimizer_variables(model: Model) -> list[Any] | None:
    """Return the variables an optimizer began with, which tell of a trace that was not seen; ``None`` without one."""
    optimizer = getattr(model, "optimizer", None)
    if not getattr(optimizer, "built", False) or not getattr(model, "train_function", None):
        return None
    return list(getattr(optimizer, "_trainable_variables", ()) or ()) or None


def trains_other_variables(model: Model) -> bool:
    """Whether a model traced before anybody watched trains other variables than its flags say."""
    began = _optimizer_variables(model)
    return began is not None and {id(v) for v in began} != {id(v) for v in model.trainable_variables}


def trains_unknown_variables(model: Model) -> bool:
    """Whether a model traced before anybody watched trains variables it no longer holds."""
    began = _optimizer_variables(model)
    return began is not None and not {id(v) for v in began} <= {id(v) for v in model.variables}


class ModelTraces:
    """The traces of one model; ``changed`` is called when one was noted or dropped."""

    def __init__(self, namespace: Namespace, changed: Callable[[], None]) -> None:
        self._namespace = namespace
        self._changed = changed
        #: By kind, structure and batch size, which may be ``OPEN``.
        self._facts: dict[tuple[str, str, int], TraceFacts] = {}

    def __bool__(self) -> bool:
        return bool(self._facts)

    def forget(self, kind: str | None = None) -> None:
        """Drop the traces of one kind, or all that ``compile`` drops."""
        self._changed()
        self._facts = {k: v for k, v in self._facts.items() if not _is_dropped(k[0], kind)}

    def read(self, owner: object) -> bool:
        """Whether one of the traces read attributes of an object."""
        return any(facts.reads(owner) for facts in self.all_facts())

    def kinds(self) -> frozenset[str]:
        """Return the kinds (``train``, ``test``, ``predict``) that have a trace."""
        return frozenset(key.partition(":")[0] for key, _, _ in self._facts)

    def all_facts(self, kind: str | None = None) -> list[TraceFacts]:
        """Return the facts of every trace, or of those of one kind, the oldest first."""
        return [
            facts
            for (key, _, _), facts in self._facts.items()
            if (kind is None or key.startswith(kind)) and facts.is_current(self._namespace)
        ]

    def serving(self, call: Call) -> list[TraceFacts]:
        """Return the traces that will serve this call; empty when it will be traced again."""
        return [facts for _, facts in self._lookup(call) if facts is not None]

    def covers(self, call: Call) -> bool:
        """Whether no part of this call is traced again."""
        return all(facts is not None for _, facts in self._lookup(call))

    def record(self, call: Call, facts: TraceFacts) -> None:
        """Note the traces this call makes."""
        self._changed()
        key = (_key(call), call.structure)
        for batch, found in list(self._lookup(call)):
            if found is None:
                is_second = backend() != "jax" and any(k[:2] == key for k in self._facts)
                size = OPEN if is_second else batch
                self._facts[key[0], key[1], size] = facts

    def _lookup(self, call: Call) -> Iterator[tuple[int, TraceFacts | None]]:
        key = (_key(call), call.structure)
        for batch in sorted(call.batches) or [0]:
            yield batch, self._facts.get((*key, batch)) or self._facts.get((*key, OPEN))


def _is_dropped(key: str, kind: str | None) -> bool:
    return key.startswith(kind) if kind is not None else not key.startswith(OWN)


def _key(call: Call) -> str:
    if call.kind_of:
        return call.kind_of
    # One batch at a time is a trace of its own beside the loop over an iterator.
    return f"{call.kind}:batch" if call.method.endswith("_on_batch") else f"{call.kind}:loop"


def runs_eagerly_now() -> bool:
    """Whether what ``tf.function`` was given runs as plain Python now: no trace serves, and none is made."""
    tensorflow: Any = sys.modules.get("tensorflow")
    return backend() == "tensorflow" and tensorflow is not None and tensorflow.config.functions_run_eagerly()


def makes_traces(model: Model) -> bool:
    """Whether a function made for this model now would be traced: not when it runs eagerly, nor on torch."""
    if getattr(model, "run_eagerly", False):
        return False
    return backend() in ("tensorflow", "jax")


def call_of(method: str, arguments: Arguments) -> Call:
    """Describe a call of an entry method by its arguments."""
    x, y = arguments.get("x"), arguments.get("y")
    weights = arguments.get("sample_weight")
    parts = [
        _structure(x),
        _structure(y),
        _structure(weights),
        "class" if arguments.get("class_weight") else "",
    ]
    return Call(method, " | ".join(parts), _batches(method, x, arguments))


def _structure(value: object) -> str:
    if isinstance(value, dict):
        items = sorted(value.items(), key=lambda item: str(item[0]))
        return "{" + ",".join(f"{key}:{_structure(item)}" for key, item in items) + "}"
    if isinstance(value, (list, tuple)):
        numbers = value and all(isinstance(v, (int, float)) for v in value)
        return "numbers" if numbers else "[" + ",".join(_structure(v) for v in value[:64]) + "]"
    spec = getattr(value, "element_spec", None)
    if spec is not None:
        return str(spec)
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is not None and dtype is not None:
        return f"{_array_dtype(value, dtype)}{tuple(shape)[1:]}"
    return type(value).__name__


def _array_dtype(value: object, dtype: object) -> str:
    # fit, evaluate and predict bring arrays of floats to the model's own float type.
    text = str(getattr(dtype, "name", dtype))
    return "float" if "float" in text else text


def _batches(method: str, x: object, arguments: Arguments) -> frozenset[int]:
    count = _length(x)
    if count is None:
        return frozenset()
    if method.endswith("_on_batch"):
        return frozenset({count})
    split = arguments.get("validation_split") or 0
    if split:
        count = int(count * (1 - split))
    size = arguments.get("batch_size") or _DEFAULT_BATCH
    full, rest = divmod(count, size)
    if ENTRIES[method] != "predict" and backend() == "tensorflow":
        # These are traced for the iterator over the batches, predict for the batches that come out of it.
        return frozenset({OPEN if rest else size})
    return frozenset(([size] if full else []) + ([rest] if rest else []))


def _length(x: object) -> int | None:
    while isinstance(x, (dict, list, tuple)) and x:
        x = next(iter(x.values())) if isinstance(x, dict) else x[0]
    shape = getattr(x, "shape", None)
    try:
        return int(shape[0]) if shape is not None else None
    except (TypeError, IndexError):
        return None


class TraceBook:
    """Traces of all models; holds no model alive."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        #: What the traces read, worked out when it is asked for: names of globals, and identities of objects.
        self._read: tuple[frozenset[str], frozenset[int]] | None = None
        self._traces: IdentityMap[ModelTraces] = IdentityMap()

    def of(self, model: Model) -> ModelTraces:
        """Return the traces of a model, none at first."""
        traces = self._traces.get(model, None)
        if traces is None:
            traces = self._traces[model] = ModelTraces(self._namespace, self._forget_read)
        return traces

    def touches(self, name: str, value: object) -> bool:
        """Whether some traced function read a global, or read something through an object; asked of every name."""
        if self._read is None:
            found = [facts for _, traces in self._traces.items() for facts in traces.all_facts()]
            names = frozenset(name for facts in found for name in facts.globals_read())
            self._read = names, frozenset(number for facts in found for number in facts.objects_read())
        names, numbers = self._read
        return name in names or id(value) in numbers

    def _forget_read(self) -> None:
        self._read = None

    def models(self) -> list[Model]:
        """Return the living models that have a trace."""
        return [model for model, traces in self._traces.items() if traces]


def existing_trace_kinds(model: Model) -> frozenset[str]:
    """Return the kinds whose function exists, also for a model traced before the guard was loaded."""
    return frozenset(
        kind for kind in ("train", "test", "predict") if getattr(model, f"{kind}_function", None)
    )
