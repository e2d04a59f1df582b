"""What a trace holds: the facts of a model that its Python code read while it was traced.

``compile`` throws the traced functions away; the first ``fit``, ``evaluate``, ``predict`` or ``*_on_batch``
after it runs the model's Python code once and replays what that did. What the code read then has become
constants. :func:`facts_now` reads the same facts, and :class:`TraceFacts` answers the one question of the
rules about traces: does this trace hold another value than is true now?
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from .._data.place import Attribute, Place
from .._data.types import Layer, Model, Namespace, Optimizer
from .adapted_state import ADAPTED
from .attribute_reads import (
    COMPILE_ARGUMENTS,
    OPTIMIZER_SETTINGS,
    SCORE_ENTRIES,
    SCORING_KINDS,
    STEP_ENTRIES,
    STEP_KINDS,
    constructor_arguments,
    is_called_in_training,
    read_at_inference,
    read_in_steps,
    read_when_applied,
    read_when_called,
    read_when_scored,
)
from .code_reads import CodeFact, own_classes, step_facts, walk_of
from .compiled_objects import GIVEN, held_objects
from .idle_attributes import without_idle
from .keras_types import TYPES
from .marks import Mark, can_change_in_place, is_marked
from .membership import compile_objects, flat_items, graph_layers, layers_of_classes
from .owner_facts import NOT_READ, OwnerFacts, owner_facts, value_of
from .tracked_lists import layers_listed

#: Arguments of ``compile`` that a traced function reads again.
_TRACED_ARGUMENTS = frozenset({"optimizer", "run_eagerly", "jit_compile", "steps_per_execution"})


@dataclass(frozen=True, eq=False)
class TraceFacts:
    """The facts that one trace holds.

    Attributes:
        layers: Identities of the layers in the graph.
        trainable: Identities of the variables that are trained, and of layers that act on the flag; ``None`` where
            nothing asked what is trainable.
        read: What was read from attributes, by the identity of their owner.
        code: What the user's own code read from globals, closures and objects.
        maker: For a traced function of the user's own, returns it while it lives.
        maker_place: The name that holds it.
    """

    layers: tuple[int, ...]
    trainable: tuple[int, ...] | None
    read: dict[int, OwnerFacts] = field(default_factory=dict)
    code: tuple[CodeFact, ...] = ()
    maker: Callable[[], Any] | None = None
    maker_place: Place | None = None

    def is_current(self, namespace: Namespace) -> bool:
        """Whether the function of the user's that holds the trace lives, and was not defined again."""
        if self.maker is None:
            return True
        function = self.maker()
        place = self.maker_place
        return function is not None and (place is None or place.read(namespace) is function)

    def held(self, owner: object, name: str) -> Mark:
        """Return the mark of an attribute, ``NOT_READ`` where the trace did not read it."""
        facts = self.read.get(id(owner))
        if facts is None or facts.owner() is not owner:
            return NOT_READ
        found = facts.mark(name)
        return facts.mark(f"_{name}") if found is NOT_READ else found

    def reads(self, owner: object) -> bool:
        """Whether the trace read attributes of an object."""
        found = self.read.get(id(owner))
        return found is not None and found.owner() is owner

    def differs(self, owner: object, name: str) -> bool:
        """Whether the trace read another value of an attribute than it has now."""
        mark = self.held(owner, name)
        return mark is not NOT_READ and not is_marked(mark, value_of(owner, name))

    def reads_now(self, owner: object, name: str) -> bool:
        """Whether the trace read the value that an attribute has now."""
        mark = self.held(owner, name)
        return mark is not NOT_READ and is_marked(mark, value_of(owner, name))

    def globals_read(self) -> Iterator[str]:
        """Yield the names of the globals that code read."""
        return (fact.source.place.root for fact in self.code if fact.source.owner is None)

    def objects_read(self) -> Iterator[int]:
        """Yield the identities of the objects that something was read through, and whose changes are not heard."""
        for fact in self.code:
            yield from fact.touched
        for number, facts in self.read.items():
            if not issubclass(type(facts.owner()), TYPES.owners):
                yield number

    def unheard(self, names: Collection[str] = ()) -> Iterator[tuple[Any, str, Mark]]:
        """Yield (owner, attribute, mark) of what may have been written without being heard.

        Of layers and optimizers these are the given names. No write to losses, metrics and schedules is heard.
        """
        for facts in self.read.values():
            owner = facts.owner()
            if owner is None:
                continue
            is_heard = issubclass(type(owner), TYPES.owners)
            for name in sorted(facts.names) if names or not is_heard else ():
                if (not is_heard or name in names) and (mark := facts.mark(name)) is not NOT_READ:
                    yield owner, name, mark

    def code_that_differs(self, namespace: Namespace) -> Iterator[CodeFact]:
        """Yield what code read that is another value now."""
        return (fact for fact in self.code if fact.differs(namespace))


def facts_now(model: Model, kind: str, namespace: Namespace) -> TraceFacts:
    """Read the facts that a trace of one kind (``train``, ``test``, ``predict``, ``generate``) made now holds."""
    layers = tuple(graph_layers(model))
    shared: dict[int, Mark] = {}  # layers share their functions
    read = {
        id(owner): owner_facts(owner, names, shared) for owner, names in _attributes_read(model, layers, kind)
    }
    code = walk_of(_functions_run(model, layers, kind), namespace).facts.values()
    return TraceFacts(
        layers=_structure(model, layers),
        trainable=trainable_identity(model, layers),
        read=read,
        code=(
            *(fact for fact in code if not _is_noted(fact, read)),
            *step_facts(model, STEP_ENTRIES[kind]),
        ),
    )


def _is_noted(fact: CodeFact, read: Mapping[int, OwnerFacts]) -> bool:
    """Whether what code read is an attribute that is noted already, and whose change will be noticed."""
    owner, steps = fact.source.owner_now(), fact.source.place.steps
    if owner is None or len(steps) != 1:
        return False
    if issubclass(type(owner), TYPES.owners):
        is_own = isinstance(steps[0], Attribute) and steps[0].name in vars(
            owner
        )  # and no default of its class
        return is_own and not can_change_in_place(fact.mark)  # its writes are heard
    noted = read.get(id(owner))
    return noted is not None and isinstance(steps[0], Attribute) and noted.mark(steps[0].name) is not NOT_READ


def optimizer_facts(optimizers: Iterable[Optimizer]) -> dict[int, OwnerFacts]:
    """Return what a train step made now reads from optimizers."""
    return {id(item): owner_facts(item, _names_of_optimizer(item.__class__), {}) for item in optimizers}


def _attributes_read(
    model: Model, layers: tuple[Layer, ...], kind: str
) -> Iterator[tuple[Any, frozenset[str]]]:
    """Yield the objects that a trace of one kind reads attributes of, with the names."""
    for layer in layers:
        always = kind == "train" or is_called_in_training(layer)
        yield layer, without_idle(layer, _names_of_layer(layer.__class__, "train" if always else kind))
    yield model, without_idle(model, _names_of_model(model.__class__, kind))
    optimizer = getattr(model, "optimizer", None)
    if kind == "train" and optimizer is not None and issubclass(type(optimizer), TYPES.optimizer):
        yield optimizer, _names_of_optimizer(optimizer.__class__)
    for item in held_objects(model, kind, layers):
        yield item, _names_of_score(item.__class__)


@functools.lru_cache(maxsize=1_024)
def _names_of_layer(cls: type, kind: str) -> frozenset[str]:
    names = set(read_when_called(cls) if kind == "train" else read_at_inference(cls)) | {"call"}
    if kind not in SCORING_KINDS:
        names.discard("activity_regularizer")  # makes a loss, which predict does not compute
    if hasattr(cls, "adapt") or hasattr(cls, "set_vocabulary"):
        names.add(ADAPTED)
    return frozenset(names - {"built", "trainable"})


@functools.lru_cache(maxsize=256)
def _names_of_model(cls: type, kind: str) -> frozenset[str]:
    steps = {name for name, kinds in STEP_KINDS.items() if kind in kinds}
    arguments = {
        name for name in COMPILE_ARGUMENTS & _TRACED_ARGUMENTS if kind == "train" or name != "optimizer"
    }
    own = read_in_steps(cls, kind) | _names_of_layer(cls, kind)
    stored = {f"_{name}" for name in arguments}
    return frozenset((steps | arguments | stored | own) - {"loss", "metrics", "compiled", ADAPTED})


@functools.lru_cache(maxsize=64)
def _names_of_optimizer(cls: type) -> frozenset[str]:
    names = read_when_applied(cls) | {
        name for argument in constructor_arguments(cls) for name in (argument, f"_{argument}")
    }
    return (names - _OPTIMIZER_STATE) | {f"_{name}" for name in OPTIMIZER_SETTINGS}


#: What an optimizer changes itself while it trains.
_OPTIMIZER_STATE = frozenset(
    {"built", "iterations", "_iterations", "_trainable_variables", "_trainable_variables_indices", "_tracker",
     "_accumulated_gradients", "_model_variables_moving_average", "_variables", "_momentums", "_velocities",
     "name", "_exclude_from_weight_decay_cache"}
)  # fmt: skip


@functools.lru_cache(maxsize=256)
def _names_of_score(cls: type) -> frozenset[str]:
    return (read_when_scored(cls) - {"name"}) | {GIVEN}


def trainable_identity(model: Model, layers: tuple[Layer, ...] | None = None) -> tuple[int, ...]:
    """Return what distinguishes one setting of ``trainable`` from another, for this model."""
    layers = tuple(graph_layers(model)) if layers is None else layers
    variables = [id(variable) for variable in model.trainable_variables]
    # BatchNormalization runs in inference mode while frozen: there the flag is more than a list.
    acting = layers_of_classes(layers, _acts_on_flag)
    return (*variables, 0, *(id(layer) for layer in acting if layer.trainable))


def _acts_on_flag(cls: type) -> bool:
    return "trainable" in read_when_called(cls)


def layers_identity(model: Model) -> tuple[int, ...]:
    """Return what distinguishes one structure of a model from another."""
    return _structure(model, tuple(graph_layers(model)))


def _structure(model: Model, layers: tuple[Layer, ...]) -> tuple[int, ...]:
    return tuple(map(id, (*layers, *layers_listed((model, *layers)))))


def _functions_run(model: Model, layers: tuple[Layer, ...], kind: str) -> Iterator[Any]:
    """Yield what may be the user's own code in a traced function of this kind, bound to its object."""
    if kind in SCORING_KINDS:
        for given in compile_objects(model).values():
            for item in flat_items(given):
                yield item
                yield from _methods(item, SCORE_ENTRIES)
    rate = getattr(getattr(model, "optimizer", None), "_learning_rate", None)
    if kind == "train" and type(rate) is FunctionType:  # ``SGD(learning_rate=lambda: rate)``
        yield rate
    for layer in layers_of_classes(layers, _may_run_own_code):
        yield from _methods(layer, ("call",))
        if type(layer).__name__ == "Lambda":
            yield getattr(layer, "function", None)
    yield from _methods(model, (*STEP_ENTRIES[kind], "call"))


def _may_run_own_code(cls: type) -> bool:
    return bool(own_classes(cls)) or cls.__name__ == "Lambda"


def _methods(item: object, names: tuple[str, ...]) -> Iterator[Any]:
    """Yield the methods that the user's own classes define."""
    kind: type = type(item)
    classes = own_classes(kind)
    for name in names if classes else ():
        for cls in classes:
            found = vars(cls).get(name)
            if found is not None and callable(found):
                yield found.__get__(item, kind) if hasattr(found, "__get__") else found
                break
