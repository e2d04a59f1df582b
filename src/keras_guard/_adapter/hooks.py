"""Where the guard listens inside Keras: attribute writes, entries, compile, add/pop, summary.

Each hook is a probe at the head of a Keras function (``probes.py``). A function that a Keras
version does not have is left out and named in :attr:`KerasHooks.missing`.
"""

from __future__ import annotations

import inspect
import sys
from functools import partial
from types import FrameType
from typing import Any, Protocol

from .._data.missing import MISSING
from .._data.types import Arguments, Layer, Model, Optimizer, Variable
from .attribute_reads import OPTIMIZER_SETTINGS
from .compiled_flags import LORA
from .dispatch import Dispatch
from .keras_types import TYPES, has, inner, is_layer, is_model, is_symbolic, lookup
from .membership import flat_items
from .own_functions import is_followed, own_call
from .probes import Probe, ProbeError
from .traces import ENTRIES, Call, call_of
from .tracked_lists import SLOT_METHODS, AddedMethod

#: Methods by which a model shows or saves its graph.
SHOWING = ("summary", "save", "export")

_LIST_METHODS = ("append", "insert", "extend", "remove", "pop", "clear", "__delitem__", *SLOT_METHODS)


class Sink(Protocol):
    """Who listens to Keras; none of the methods may raise."""

    def fault(self, error: BaseException) -> None:
        """Something went wrong inside a probe."""

    def attribute_set(self, target: object, name: str, old: object) -> None:
        """User code assigned an attribute of a layer, model or optimizer."""

    def entered(self, model: Model, call: Call) -> None:
        """An entry method of a model begins."""

    def left(self, model: Model) -> None:
        """The entry method ended."""

    def batch_begins(self, kind: str) -> None:
        """The traced function of the innermost entry is about to run."""

    def batch_ended(self, kind: str) -> None:
        """The traced function of the innermost entry has run."""

    def epoch_begins(self) -> None:
        """The callbacks have run that an epoch of the innermost entry begins with."""

    def shown(self, model: Model, method: str) -> None:
        """A model is about to be called by the user, summarised, saved, exported or plotted."""

    def compiled(self, model: Model) -> None:
        """``compile`` ended."""

    def layer_made(self) -> None:
        """A layer is about to be initialised."""

    def building(self, given: tuple[object, ...]) -> None:
        """A model's constructor begins, with these arguments."""

    def built(self, model: Model) -> None:
        """A model's constructor ended."""

    def functions_dropped(self, model: Model, kind: str) -> None:
        """A traced function was replaced or thrown away."""

    def structure_begins(self, model: Model, action: str) -> Any:
        """``add`` or ``pop`` begins; returns a token for :meth:`structure_ended`."""

    def structure_ended(self, token: object) -> None:
        """``add`` or ``pop`` ended."""

    def setting_begins(self, optimizer: Optimizer, name: str) -> Any:
        """A method that changes a setting of an optimizer begins; see :meth:`setting_ended`."""

    def setting_ended(self, token: object) -> None:
        """The method ended."""

    def function_begins(self, function: object, call: Call) -> Any:
        """A function of the user's that ``tf.function`` made is called; see :meth:`function_ended`."""

    def function_ended(self, token: object) -> None:
        """The call of a traced function of the user's ended."""

    def adapt_begins(self, layer: Layer) -> Any:
        """``adapt`` or ``set_vocabulary`` begins; what is returned goes to :meth:`adapt_ended`."""

    def adapt_ended(self, token: object) -> None:
        """``adapt`` or ``set_vocabulary`` ended."""

    def policy_begins(self) -> Any:
        """The global dtype policy is about to be set."""

    def policy_ended(self, token: object) -> None:
        """The global dtype policy was set."""


class KerasHooks:
    """What one listener has to do with the probes in Keras, which all listeners of a process share.

    Args:
        sink: Who listens.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    @property
    def missing(self) -> list[str]:
        """What was not found in the loaded Keras."""
        return _SHARED.missing

    def attach(self) -> None:
        """Listen; attach every probe that is not attached yet, in every loaded Keras."""
        if not any(sink is self._sink for sink in _SHARED.dispatch.sinks):
            _SHARED.dispatch.sinks += (self._sink,)
        _SHARED.attach()

    def detach(self) -> None:
        """Listen no more; the last one takes all probes out again."""
        _SHARED.dispatch.sinks = tuple(sink for sink in _SHARED.dispatch.sinks if sink is not self._sink)
        if not _SHARED.dispatch.sinks:
            _SHARED.detach()


class _Shared:
    """All probes of the process."""

    def __init__(self) -> None:
        self.dispatch = Dispatch()
        self.missing: list[str] = []
        self._probes: list[Probe | AddedMethod] = []
        self._done: set[int] = set()

    def attach(self) -> None:
        self.missing.clear()
        for package in TYPES.packages:
            self._attach_package(package)
        function = lookup(_TRACED_FUNCTION, "Function")
        if function is not None:
            self._probe(
                function, "__call__", self._before_function, partial(self.dispatch.end, "function_ended")
            )

    def detach(self) -> None:
        while self._probes:
            self._probes.pop().remove()
        self._done.clear()

    def _attach_package(self, package: str) -> None:
        keras = sys.modules[package]
        model = keras.Model
        self._probe(keras.layers.Layer, "__init__", lambda *_: self.dispatch.tell("layer_made"))
        self._probe(keras.layers.Layer, "__setattr__", _before_setattr, self._after_setattr)
        if has(package, "optimizer"):
            optimizer = inner(package, "optimizer")
            self._probe(optimizer, "__setattr__", _before_setattr, self._after_setattr)
            for name in sorted(OPTIMIZER_SETTINGS):
                self._probe(
                    optimizer,
                    name,
                    partial(self._before_setting, name),
                    partial(self.dispatch.end, "setting_ended"),
                )
        for caller in (keras.layers.Layer, model):
            self._probe(caller, "__call__", self._before_call)
        self._probe(model, "compile", lambda model, *_: model, partial(self.dispatch.tell, "compiled"))
        for kind in (model, keras.Sequential, inner(package, "functional")):
            self._probe(kind, "__init__", self._before_building, partial(self.dispatch.tell, "built"))
        for method in ENTRIES:
            self._attach_entry(model, method)
        for method in SHOWING:
            self._probe(model, method, partial(self._before_showing, method))
        self._probe_function(inner(package, "plot"), "plot_model", partial(self._before_showing, "plot"))
        self._attach_batches(package)
        self._attach_structure(package, keras)
        self._attach_state(package, keras)
        self._attach_flags(keras)

    def _attach_entry(self, model: type, method: str) -> None:
        function = inspect.unwrap(getattr(model, method))
        names = list(inspect.signature(function).parameters)

        def before(*values: object) -> Any:
            arguments = dict(zip(names, values, strict=False))
            try:
                call = call_of(method, arguments)
            except Exception as error:  # data whose shape cannot be asked for: the entry is told all the same
                self.dispatch.tell("fault", error)
                call = Call(method, "unknown")
            self.dispatch.tell("entered", values[0], call)
            return values[0]

        self._probe(model, method, before, partial(self.dispatch.tell, "left"))

    def _attach_batches(self, package: str) -> None:
        if not has(package, "callbacks"):
            return
        callbacks = inner(package, "callbacks")
        self._probe(callbacks, "on_epoch_begin", _token, lambda _: self.dispatch.tell("epoch_begins"))
        for kind in ("train", "test", "predict"):

            def after(_: object, kind: str = kind) -> None:
                self.dispatch.tell("batch_begins", kind)

            def ended(*_: object, kind: str = kind) -> None:
                self.dispatch.tell("batch_ended", kind)

            # At the end of the method the callbacks have had their say, and the step comes next.
            self._probe(callbacks, f"on_{kind}_batch_begin", _token, after)
            # At the head of this one, the callbacks have not run yet.
            self._probe(callbacks, f"on_{kind}_batch_end", ended)

    def _attach_structure(self, package: str, keras: Any) -> None:
        ended = partial(self.dispatch.end, "structure_ended")
        for action in ("add", "pop"):
            self._probe(keras.Sequential, action, partial(self._before_structure, action), ended)
        tracked = inner(package, "tracked_list")
        if tracked is None:
            return
        for action in sorted(set(_LIST_METHODS) & set(vars(tracked))):
            self._probe(tracked, action, partial(self._before_structure, action), ended)
        contained = self.dispatch.contained
        for action in sorted(set(SLOT_METHODS) - set(vars(tracked))):
            added = AddedMethod(
                tracked, action, contained(partial(self._before_structure, action)), contained(ended)
            )
            self._probes.append(added)
            self._done.add(id(added.function))

    def _attach_flags(self, keras: Any) -> None:
        flag = inspect.getattr_static(getattr(keras, "Variable", None), "trainable", None)
        if isinstance(flag, property):
            self._probe_function(
                flag.fset, "Variable.trainable", partial(_before_change, "trainable"), self._after_setattr
            )
        for layer in list(vars(keras.layers).values()):
            if hasattr(layer, "enable_lora"):
                self._probe(layer, "enable_lora", partial(_before_change, LORA), self._after_setattr)

    def _attach_state(self, package: str, keras: Any) -> None:
        for name in ("Normalization", "Discretization", "TextVectorization", "StringLookup", "IntegerLookup"):
            layer = getattr(keras.layers, name, None)
            for method in ("adapt", "set_vocabulary"):
                if layer is None or method == "adapt" or hasattr(layer, method):
                    self._probe(layer, method, self._learning, partial(self.dispatch.end, "adapt_ended"))
        if not has(package, "policy_setter"):
            return
        setter = inner(package, "policy_setter")
        begins = lambda *_: self.dispatch.begin("policy_begins")  # noqa: E731
        self._probe_function(setter, "set_dtype_policy", begins, partial(self.dispatch.end, "policy_ended"))

    def _probe(self, owner: object, name: str, before: object, after: object = None) -> None:
        function = getattr(owner, name, None)
        self._probe_function(function, f"{getattr(owner, '__name__', owner)}.{name}", before, after)

    def _probe_function(self, function: Any, label: str, before: Any, after: Any = None) -> None:
        if function is None:
            self.missing.append(label)
            return
        plain = inspect.unwrap(function)
        if id(plain) in self._done:
            return
        contained = self.dispatch.contained
        try:
            self._probes.append(
                Probe(function, contained(before), None if after is None else contained(after))
            )
            self._done.add(id(plain))
        except (ProbeError, SyntaxError, ValueError) as error:
            self.missing.append(f"{label} ({error})")

    # What the probes do. The caller of the Keras function is three frames up: contained, function, caller.

    def _after_setattr(self, token: Any) -> None:
        target, name, old = token
        if old is _DROPPED:
            self.dispatch.tell("functions_dropped", target, name[:-9])
            return
        self.dispatch.tell("attribute_set", target, name, old)

    def _before_call(self, layer: Layer, args: tuple[object, ...], _: dict[str, Any]) -> None:
        if not is_model(layer) or _in_keras(sys._getframe(3)):
            return
        if any(is_symbolic(item) for item in flat_items(args)):
            return  # nesting a model in another one is building, not using
        self.dispatch.tell("shown", layer, "call")

    def _before_building(self, model: Model, *given: object) -> Any:
        if not _in_keras(sys._getframe(3)):  # a Sequential makes its own Functional, of the same layers
            self.dispatch.tell("building", given)
        return model

    def _before_function(self, function: object, args: tuple[object, ...], kwargs: Arguments) -> Any:
        if not is_followed(function):
            return None
        return self.dispatch.begin("function_begins", function, own_call(function, args, kwargs))

    def _before_showing(self, method: str, model: Model, *_: object) -> None:
        if is_model(model):
            self.dispatch.tell("shown", model, method)

    def _learning(self, layer: Layer, *_: object) -> Any:
        return None if _in_keras(sys._getframe(3)) else self.dispatch.begin("adapt_begins", layer)

    def _before_setting(self, name: str, optimizer: Optimizer, *_: object) -> Any:
        return self.dispatch.begin("setting_begins", optimizer, name)

    def _before_structure(self, action: str, target: object, *_: object) -> Any:
        return (
            None if _in_keras(sys._getframe(3)) else self.dispatch.begin("structure_begins", target, action)
        )


_SHARED = _Shared()
#: In the place of the old value of a traced function that a model drops.
_DROPPED = object()
_FUNCTIONS = frozenset({"train_function", "test_function", "predict_function"})


def _token(*_: object) -> bool:
    return True


def _before_setattr(target: object, name: str, value: object) -> Any:
    """Keep the old value of an attribute that user code is about to set on a living object.

    Runs for every attribute of every layer while it is made, so it must leave early: objects
    not built yet take every edit, but that of a layer they hold, which stays tracked; and Keras' own
    writes are no edits.
    """
    attributes = target.__dict__
    if (
        not (
            attributes.get("built")
            or attributes.get("compiled")
            or attributes.get("_is_compiled")
            or "_learning_rate" in attributes  # an optimizer has its settings before it is built
        )
        and ((held := attributes.get(name)) is None or not is_layer(held))
    ):  # fmt: skip
        return None
    caller: FrameType | None = sys._getframe(3)
    while caller is not None and caller.f_code.co_name == "__setattr__":
        caller = caller.f_back  # a class that passes on what it is assigned
    if name in _FUNCTIONS and is_model(target):
        # From None to a function is a first trace; from one function to the next, or to None, the old traces are
        # gone, whoever writes it. Keras 2 binds the same function again at each entry.
        held = attributes.get(name)
        return (target, name, _DROPPED) if held is not None and held is not value else None
    if _in_keras(caller):
        return None
    if _model_runs(caller):
        return None  # a layer's own bookkeeping while it is called or traced
    try:
        old = attributes[name] if name in attributes else getattr(target, name, MISSING)
    except Exception:
        old = MISSING
    return target, name, old


def _before_change(name: str, target: Layer | Variable, *_: object) -> Any:
    """Keep the old value of an attribute that a setter or method is about to change."""
    return None if _in_keras(sys._getframe(3)) else (target, name, getattr(target, name, False))


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


_TRACED_FUNCTION = "tensorflow.python.eager.polymorphic_function.polymorphic_function"
_CALLBACKS = ("keras.src.callbacks.", "tf_keras.src.callbacks")
_RUNNERS = (
    "keras.src.layers.layer", "keras.src.ops.operation", "keras.src.backend.", "keras.src.trainers.trainer",
    "tf_keras.src.engine.", "tensorflow.python.", "jax._src.", "torch.nn.",
)  # fmt: skip
_OWN_PACKAGES = frozenset({"keras", "tf_keras", "tensorflow", "jax", "torch"})
