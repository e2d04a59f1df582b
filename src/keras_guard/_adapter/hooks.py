"""Where the guard listens inside Keras: attribute writes, entries, compile, add/pop, summary.

Each hook is a probe at the head of a Keras function (``probes.py``). A function that a Keras
version does not have is left out and named in :attr:`KerasHooks.missing`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Protocol

from .._data.events import MISSING
from .face import FACE, is_model, lookup
from .probes import Probe, ProbeError
from .traces import ENTRIES, Call, call_of

#: Methods by which a model shows or saves its graph.
SHOWING = ("summary", "save", "export")

_LIST_METHODS = ("append", "insert", "extend", "remove", "pop", "clear", "__setitem__", "__delitem__")


class Sink(Protocol):
    """Who listens to Keras; none of the methods may raise."""

    def attribute_set(self, target: Any, name: str, old: Any) -> None:
        """User code assigned an attribute of a layer, model or optimizer."""

    def entered(self, model: Any, call: Call) -> None:
        """An entry method of a model begins."""

    def left(self, model: Any) -> None:
        """The entry method ended."""

    def batch_begins(self, kind: str) -> None:
        """The traced function of the innermost entry is about to run."""

    def shown(self, model: Any, method: str) -> None:
        """A model is about to be called by the user, summarised, saved, exported or plotted."""

    def compiled(self, model: Any) -> None:
        """``compile`` ended."""

    def building(self, given: tuple[Any, ...]) -> None:
        """A model's constructor begins, with these arguments."""

    def built(self, model: Any) -> None:
        """A model's constructor ended."""

    def functions_dropped(self, model: Any, kind: str) -> None:
        """A traced function was replaced or thrown away."""

    def structure_begins(self, model: Any, action: str) -> Any:
        """``add`` or ``pop`` begins; returns a token for :meth:`structure_ended`."""

    def structure_ended(self, token: Any) -> None:
        """``add`` or ``pop`` ended."""

    def adapted(self, layer: Any) -> None:
        """``adapt`` ended."""

    def policy_begins(self) -> Any:
        """The global dtype policy is about to be set."""

    def policy_ended(self, token: Any) -> None:
        """The global dtype policy was set."""


class KerasHooks:
    """All probes of one listener.

    Args:
        sink: Who listens.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._probes: list[Probe] = []
        self._done: set[int] = set()
        self.missing: list[str] = []

    def attach(self) -> None:
        """Attach every probe that is not attached yet, in every loaded Keras."""
        for package in FACE.packages:
            self._attach_package(package)

    def detach(self) -> None:
        """Take all probes out again."""
        while self._probes:
            self._probes.pop().remove()
        self._done.clear()

    def _attach_package(self, package: str) -> None:
        keras = sys.modules[package]
        sink = self._sink
        model = keras.Model
        self._probe(keras.layers.Layer, "__setattr__", _before_setattr, _after_setattr(sink))
        optimizer = lookup(f"{package}.src.optimizers.base_optimizer", "BaseOptimizer")
        self._probe(optimizer, "__setattr__", _before_setattr, _after_setattr(sink))
        self._probe(keras.layers.Layer, "__call__", _before_call(sink))
        self._probe(model, "compile", lambda model, *_: model, sink.compiled)
        for kind in (model, keras.Sequential, lookup(f"{package}.src.models.functional", "Functional")):
            self._probe(kind, "__init__", _builder(sink), sink.built)
        for method in ENTRIES:
            self._attach_entry(model, method)
        for method in SHOWING:
            self._probe(model, method, _shower(sink, method))
        plot = lookup(f"{package}.src.utils.model_visualization", "plot_model")
        self._probe_function(plot, "plot_model", _shower(sink, "plot"))
        self._attach_batches(package)
        self._attach_structure(package, keras)
        self._attach_state(package, keras)

    def _attach_entry(self, model: type, method: str) -> None:
        sink = self._sink
        function = inspect.unwrap(getattr(model, method))
        names = list(inspect.signature(function).parameters)

        def before(*values: Any) -> Any:
            arguments = dict(zip(names, values, strict=False))
            sink.entered(values[0], call_of(method, arguments))
            return values[0]

        self._probe(model, method, before, sink.left)

    def _attach_batches(self, package: str) -> None:
        callbacks = lookup(f"{package}.src.callbacks.callback_list", "CallbackList")
        sink = self._sink
        for kind in ("train", "test", "predict"):

            def before(*_: Any, kind: str = kind) -> None:
                sink.batch_begins(kind)

            # At the end of the method the callbacks have had their say, and the step comes next.
            self._probe(callbacks, f"on_{kind}_batch_begin", _token, lambda _, b=before: b())

    def _attach_structure(self, package: str, keras: Any) -> None:
        sink = self._sink
        for action in ("add", "pop"):
            self._probe(keras.Sequential, action, _structure(sink, action), sink.structure_ended)
        tracked = lookup(f"{package}.src.utils.tracking", "TrackedList")
        for action in set(_LIST_METHODS) & set(vars(tracked) if tracked is not None else ()):
            self._probe(tracked, action, _structure(sink, action), sink.structure_ended)

    def _attach_state(self, package: str, keras: Any) -> None:
        sink = self._sink
        for name in ("Normalization", "Discretization", "TextVectorization", "StringLookup", "IntegerLookup"):
            self._probe(getattr(keras.layers, name, None), "adapt", lambda layer, *_: layer, sink.adapted)
        setter = lookup(f"{package}.src.dtype_policies.dtype_policy", "set_dtype_policy")
        self._probe_function(setter, "set_dtype_policy", lambda *_: sink.policy_begins(), sink.policy_ended)

    def _probe(self, owner: Any, name: str, before: Any, after: Any = None) -> None:
        function = getattr(owner, name, None)
        self._probe_function(function, f"{getattr(owner, '__name__', owner)}.{name}", before, after)

    def _probe_function(self, function: Any, label: str, before: Any, after: Any = None) -> None:
        if function is None:
            self.missing.append(label)
            return
        plain = inspect.unwrap(function)
        if id(plain) in self._done:
            return
        try:
            self._probes.append(Probe(function, before, after))
            self._done.add(id(plain))
        except (ProbeError, SyntaxError, ValueError) as error:
            self.missing.append(f"{label} ({error})")


def _token(*_: Any) -> bool:
    return True


def _before_setattr(target: Any, name: str, value: Any) -> Any:
    """Keep the old value of an attribute that user code is about to set on a living object.

    Runs for every attribute of every layer while it is made, so it must leave early: objects
    not built yet take every edit, and Keras' own writes are no edits.
    """
    attributes = target.__dict__
    if not attributes.get("built") and not attributes.get("compiled"):
        return None
    caller: FrameType | None = sys._getframe(2)
    while caller is not None and caller.f_code.co_name == "__setattr__":
        caller = caller.f_back  # a class that hands on what it is assigned
    if _in_keras(caller):
        # From None to a function is a first trace; from one function to the next, the old traces are gone.
        is_function = name.endswith("_function") and name[:-9] in ("train", "test", "predict")
        return (target, name, None) if is_function and attributes.get(name) is not None else None
    if _model_runs(caller):
        return None  # a layer's own bookkeeping while it is called or traced
    try:
        old = attributes[name] if name in attributes else getattr(target, name, MISSING)
    except Exception:
        old = MISSING
    return target, name, old


def _after_setattr(sink: Sink) -> Callable[[Any], None]:
    def after(token: Any) -> None:
        if token is None:
            return
        target, name, old = token
        if old is None and name.endswith("_function") and name[:-9] in ("train", "test", "predict"):
            sink.functions_dropped(target, name[:-9])
            return
        sink.attribute_set(target, name, old)

    return after


def _before_call(sink: Sink) -> Callable[..., None]:
    def before(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not is_model(layer) or _in_keras(sys._getframe(2)):
            return
        if any(isinstance(a, FACE.symbolic) for a in _leaves(args)):
            return  # nesting a model in another one is building, not using
        sink.shown(layer, "call")

    return before


def _leaves(value: Any, depth: int = 3) -> Any:
    if depth and isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item, depth - 1)
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item, depth - 1)
    else:
        yield value


def _builder(sink: Sink) -> Callable[..., Any]:
    def before(model: Any, *given: Any) -> Any:
        sink.building(given)
        return model

    return before


def _shower(sink: Sink, method: str) -> Callable[..., None]:
    def before(model: Any, *_: Any) -> None:
        if is_model(model):
            sink.shown(model, method)

    return before


def _structure(sink: Sink, action: str) -> Callable[..., Any]:
    def before(target: Any, *_: Any) -> Any:
        if _in_keras(sys._getframe(2)):
            return None
        return sink.structure_begins(target, action)

    return before


def _in_keras(frame: FrameType | None) -> bool:
    """Whether a frame runs Keras' or TensorFlow's own code (traceback filters looked through)."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.endswith("traceback_utils"):
            return module.partition(".")[0] in _OWN_PACKAGES
        frame = frame.f_back
    return False


def _model_runs(frame: FrameType | None) -> bool:
    """Whether a frame is reached from a layer that is being called, or from a step that runs or is traced.

    Callbacks are the user's own say in the midst of ``fit``.
    """
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_CALLBACKS):
            return False
        if module.startswith(_RUNNERS) and "trackable" not in module:
            return True
        frame = frame.f_back
    return False


_CALLBACKS = ("keras.src.callbacks.", "tf_keras.src.callbacks")
_RUNNERS = (
    "keras.src.layers.layer", "keras.src.ops.operation", "keras.src.backend.", "keras.src.trainers.trainer",
    "tf_keras.src.engine.", "tensorflow.python.", "jax._src.", "torch.nn.",
)  # fmt: skip
_OWN_PACKAGES = frozenset({"keras", "tf_keras", "tensorflow", "jax", "torch"})
