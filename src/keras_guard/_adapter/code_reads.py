"""What code of the user's reads from outside itself when it is traced: globals, closures, attributes, items.

One walker answers for losses, metrics, layers, steps, schedules and ``Lambda``: it begins at a function,
finds in its bytecode what it reads, and goes on into the functions, methods, partials and callable objects
it finds there. What the code writes itself, such as a count, is not among it: that changes with every call.
"""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .._data.missing import MISSING
from .._data.place import Attribute, Item, Place, Step
from .._data.types import Model, Namespace
from .bytecode_reads import Read, reads_in
from .idle_code import UNKNOWN, idle_instructions
from .keras_types import TYPES
from .marks import Mark, is_length, is_marked, is_unknown, mark_of, mark_of_length, unwrapped
from .same_code import content
from .stock import class_with, is_stock

#: A walk looks at no more functions than these.
_MAX_FUNCTIONS = 128


@dataclass(frozen=True, eq=False)
class Source:
    """Where a value is read from, so that it can be read again; keeps nothing alive.

    Attributes:
        place: The global, or, where there is an owner, the variable of its closure or its attribute.
        owner: Returns the function whose closure is read, or the object whose attributes are; ``None`` for a global.
    """

    place: Place
    owner: Callable[[], Any] | None = None

    def read(self, namespace: Namespace) -> Any:
        """Return what is there now, or ``MISSING``."""
        owner = self.owner_now()
        if type(owner) in _CLOSED_OVER:
            namespace = _closed_over(owner)
        elif self.owner is not None:
            namespace = {self.place.root: MISSING if owner is None else owner}
        return _value_at(self.place, namespace)

    def is_global(self, name: str) -> bool:
        """Whether it is a global, or a part of one."""
        return self.owner is None and self.place.root == name

    def owner_now(self) -> Any:
        """Return the function or object while it lives, ``None`` for a global."""
        return self.owner() if self.owner is not None else None

    @property
    def key(self) -> tuple[int, Place]:
        """What tells this source from others."""
        return (0 if self.owner is None else id(self.owner()), self.place)


@dataclass(frozen=True, eq=False)
class CodeFact:
    """One value that code reads, as a trace holds it.

    Attributes:
        source: Where it is read from.
        mark: What it was.
        touched: Identities of the containers and objects it is read through, which an edit in place goes through.
    """

    source: Source
    mark: Mark
    touched: frozenset[int] = frozenset()

    def differs(self, namespace: Namespace) -> bool:
        """Whether another value is there now; not where nothing is there."""
        now = self.source.read(namespace)
        return now is not MISSING and not is_marked(self.mark, now)


@dataclass(frozen=True, eq=False)
class ObjectRead:
    """A layer, model, optimizer, loss or metric that code reads, with the step it reads from it, if it reads one.

    Attributes:
        value: The object.
        step: The step.
        source: Where the object is read from, ``None`` for one whose own method reads it.
        touched: Identities of the containers and objects it is read through.
    """

    value: Any
    step: Step | None
    source: Source | None = None
    touched: frozenset[int] = frozenset()


def walk_of(functions: Iterable[object], namespace: Namespace) -> CodeWalk:
    """Return what functions and all they call read now; what is no function, method, partial or callable is passed over."""
    walk = CodeWalk(namespace)
    for function in functions:
        walk.enter(function)
    return walk


class CodeWalk:
    """One walk, with one limit.

    Attributes:
        facts: What was read, by the place it is read from.
        objects: The layers, models, optimizers, losses and metrics that were read.
    """

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._entered: set[tuple[int, int]] = set()
        self.facts: dict[tuple[int, Place], CodeFact] = {}
        self.objects: list[ObjectRead] = []

    def enter(self, value: object, owner: object = None) -> None:
        """Look into what a call of ``value`` runs, where it is a method of ``owner``."""
        if type(value) is functools.partial:
            self.enter(value.func)
            given = _closed_over(value)
            reference = weakref.ref(value)
            for name in value.keywords:
                self._follow(Source(Place(name), reference), given)
            for index in range(len(value.args)):
                self._follow(Source(Place("args", (Item(index),)), reference), given)
        elif type(value) is types.MethodType:
            self.enter(value.__func__, value.__self__)
        elif type(value) is types.FunctionType:
            self._enter_function(value, owner)
        elif _is_own_class(type(value)):
            for name in ("__call__", "call"):
                method = vars(type(value)).get(name)
                if type(method) is types.FunctionType:
                    self._enter_function(method, value)
        elif python_function_of(value) is not value:
            self.enter(python_function_of(value))

    def _enter_function(self, function: types.FunctionType, owner: object) -> None:
        key = (id(function), id(owner))
        if key in self._entered or len(self._entered) >= _MAX_FUNCTIONS:
            return
        self._entered.add(key)
        if owner is not None:
            self._note_method(function, type(owner))
        wrapped = inspect.unwrap(function)
        if wrapped is not function:
            self.enter(wrapped, owner)
        if function.__globals__ is not self._namespace and owner is None and not function.__closure__:
            return  # of a library, or a module: what it reads from itself is not the notebook's
        idle = idle_instructions(function.__code__, functools.partial(plain_value, function, owner))
        for read in reads_in(function.__code__, idle):
            self._note(read, function, owner)

    def _note_method(self, function: types.FunctionType, kind: type) -> None:
        """Note which function a class of the user's had as a method: it may be replaced there."""
        name = function.__name__
        for cls in kind.__mro__:
            if cls.__module__ == "__main__" and vars(cls).get(name) is function:
                source = Source(Place(cls.__name__, (Attribute(name),)), weakref.ref(cls))
                self.facts.setdefault(source.key, CodeFact(source, mark_of(function), frozenset({id(cls)})))
                return

    def _note(self, read: Read, function: types.FunctionType, owner: object) -> None:
        if read.scope == "global":
            if function.__globals__ is self._namespace:
                self._follow(Source(read.place), self._namespace, read.length)
        elif read.scope == "free":
            self._follow(Source(read.place, weakref.ref(function)), _closed_over(function), read.length)
        elif owner is not None:
            if issubclass(type(owner), TYPES.owners):
                self.objects.append(ObjectRead(owner, next(iter(read.place.steps), None)))
            if not read.place.steps:
                return
            try:
                self._follow(Source(read.place, weakref.ref(owner)), {read.place.root: owner}, read.length)
            except TypeError:
                return  # takes no weak reference

    def _follow(self, source: Source, names: Namespace, length: bool = False) -> None:
        """Note what a source holds, or look into what it calls. Only steps through the user's own objects count."""
        value: Any = names.get(source.place.root, MISSING)
        touched = {id(value)}
        is_owner = source.owner is not None and type(source.owner_now()) not in _CLOSED_OVER
        steps = source.place.steps
        for count, step in enumerate((*steps, None)):
            if issubclass(type(value), TYPES.watched) and not is_owner:
                found = Source(Place(source.place.root, steps[:count]), source.owner)
                self.objects.append(ObjectRead(value, step, found, frozenset(touched) - {id(value)}))
                return
            if step is None:
                break
            if not (is_owner or _keeps_settings(value) or _is_entry(step, value)):
                # A slice of an array, or a method of a text: the whole is what is read.
                length = False
                source = Source(Place(source.place.root, steps[:count]), source.owner)
                break
            method = _method_of(value, step)
            if method is not None:
                self.enter(method, value)
                return
            touched.update(_classes_read(step, value))
            value, is_owner = _after(step, value), False
            touched.add(id(value))
        if _is_code(value):
            self.enter(value)
        if _is_fact(value):
            self._keep(
                CodeFact(source, mark_of_length(value) if length else mark_of(value), frozenset(touched))
            )

    def _keep(self, fact: CodeFact) -> None:
        noted = self.facts.get(fact.source.key)
        if not is_unknown(fact.mark) and (noted is None or is_length(noted.mark)):
            self.facts[fact.source.key] = fact


def plain_value(function: types.FunctionType, owner: object, scope: str, place: Place) -> Any:
    """Return a number, text or ``None`` that decides a branch of a function, ``UNKNOWN`` for anything else.

    The owner is the object that the function is a method of, if it is one; the scope is that of :class:`Read`.
    """
    names: Namespace = function.__globals__
    if scope != "global":
        names = _closed_over(function) if scope == "free" else {place.root: owner}
    value = _value_at(place, names)
    return value if value is None or type(value) in _PLAIN else UNKNOWN


def _value_at(place: Place, names: Namespace) -> Any:
    value: Any = names.get(place.root, MISSING)
    for step in place.steps:
        value = _after(step, value)
    return value


def python_function_of(value: Any) -> Any:
    """Return the function or method of the user's that ``tf.function`` or ``jax.jit`` was given; any other value as it is."""
    kind = type(value)
    if hasattr(kind, "python_function"):
        return _bound(value.python_function)
    if kind.__module__.partition(".")[0] in ("jax", "jaxlib") and hasattr(value, "__wrapped__"):
        return value.__wrapped__
    return value


def function_name(value: object) -> str:
    """Return the name of the function that ``tf.function`` or ``jax.jit`` was given."""
    return str(getattr(python_function_of(value), "__name__", "function"))


def _bound(function: object) -> Any:
    """Return the method that TensorFlow's wrapper holds, bound to its object, which TensorFlow only refers to weakly."""
    # AutoGraph puts the code that it writes in the place of ``__wrapped__``.
    method = getattr(function, "__original_wrapped__", None) or getattr(function, "__wrapped__", None)
    if type(method) is not types.MethodType:
        return function
    target = getattr(method.__self__, "weakrefself_target__", None)
    owner = target() if target is not None else None
    return function if owner is None else types.MethodType(method.__func__, owner)


def _method_of(value: object, step: Step) -> types.FunctionType | None:
    """Return the method that a step from an object of the user's own class reads."""
    if not isinstance(step, Attribute) or issubclass(type(value), type):
        return None
    base = class_with(type(value), step.name)
    found = vars(base)[step.name] if base is not None and base.__module__ == "__main__" else None
    return found if type(found) is types.FunctionType else None


def _classes_read(step: Step, value: object) -> Iterable[int]:
    """Return the identities of the user's classes in which a step finds what the object itself has not."""
    is_class = issubclass(type(value), type)
    if not isinstance(step, Attribute) or is_class or step.name in _own_attributes(value):
        return ()
    kind: type = type(value)
    return map(id, own_classes(kind))


@functools.lru_cache(maxsize=1_024)
def own_classes(cls: type) -> tuple[type, ...]:
    """Return the classes of the user's own among the bases of a class, itself included."""
    return tuple(base for base in cls.__mro__ if base.__module__ == "__main__")


def class_that_gives(value: object, name: str) -> type | None:
    """Return the class in which an attribute is found that an object of the user's has not itself."""
    if issubclass(type(value), type) or name in _own_attributes(value):
        return None
    return class_with(type(value), name)


def _own_attributes(value: object) -> Collection[str]:
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return ()
    return found if type(found) is dict else ()


def step_facts(model: Model, names: Iterable[str]) -> Iterator[CodeFact]:
    """Yield the methods that a model of the user's own class inherits from Keras: one may be put into the class later."""
    kind: type = type(model)
    classes = own_classes(kind)
    for name in names if classes else ():
        if not any(name in vars(base) for base in classes):
            source = Source(Place(classes[0].__name__, (Attribute(name),)), weakref.ref(classes[0]))
            mark = mark_of(source.read({}))
            if not is_unknown(mark):
                yield CodeFact(source, mark, frozenset(map(id, classes)))


def _is_code(value: object) -> bool:
    kind = type(value)
    return kind in _CODE or _is_own_class(kind) or python_function_of(value) is not value


_CODE = frozenset({types.FunctionType, types.MethodType, functools.partial})
_PLAIN = frozenset({bool, int, float, complex, str, bytes})


def _is_fact(value: Any) -> bool:
    """Whether a trace turns a value into a constant: numbers, texts, arrays, lists of these, functions."""
    kind = type(value)
    if kind in _PLAIN or kind is types.FunctionType:
        return True
    if kind is list or kind is tuple or (is_stock(kind) and issubclass(kind, list)):
        return all(map(_is_fact, value[:65]))
    return kind.__module__ == "numpy" and getattr(value, "size", 0) > 0


def _keeps_settings(value: Any) -> bool:
    """Whether steps into a value lead to settings: a dict, a list, an object or class of the user's own."""
    value = unwrapped(value)
    kind = type(value)
    if issubclass(kind, type):
        return bool(value.__module__ == "__main__")  # also one that is made of a class of Keras
    if kind in (dict, list, tuple, types.SimpleNamespace) or _is_own_class(kind):
        return True
    return is_stock(kind) and issubclass(kind, (dict, list))  # what a layer or model keeps them as


def _is_entry(step: Step, value: object) -> bool:
    """Whether a step leads to one entry, or row, of an array."""
    return isinstance(step, Item) and type(step.key) is int and _is_array(value)


def _is_array(value: object) -> bool:
    return type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"


def _after(step: Step, value: Any) -> Any:
    """Return where a step leads from a value, or ``MISSING``. No code of the user's runs."""
    if value is MISSING:
        return MISSING
    if not _is_entry(step, value):
        return step.read(unwrapped(value))
    try:
        return value[step.key]  # type: ignore[union-attr]
    except IndexError:
        return MISSING


def _is_own_class(kind: type) -> bool:
    return kind.__module__ == "__main__" and not any(map(is_stock, kind.__mro__))


_CLOSED_OVER = frozenset({types.FunctionType, functools.partial})


def _closed_over(function: Any) -> dict[str, Any]:
    """Return what a function closes over, or what a partial was given, by name."""
    if type(function) is functools.partial:
        return {**function.keywords, "args": function.args}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    return {name: content(cell) for name, cell in cells}
