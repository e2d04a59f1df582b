"""A claim about a traced function that holds another value than is true now."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from .._adapter.attribute_reads import read_when_called
from .._adapter.code_reads import CodeFact, function_name
from .._adapter.keras_types import is_layer
from .._adapter.marks import Mark, same_value
from .._adapter.membership import graph_layers, holds, is_input, runs
from .._adapter.model_use import Use
from .._adapter.owner_facts import value_of
from .._adapter.trace_facts import TraceFacts, facts_now, layers_identity, trainable_identity
from .._adapter.traces import KINDS, OWN, trains_other_variables, trains_unknown_variables
from .._data.identity import IdentityMap
from .._data.missing import MISSING
from .._data.types import Layer, Model
from .._instrument.code_ahead import Ahead
from .base import RETRACES, Claim, Desk
from .in_turn import is_trained_in_turn


class Fact:
    """One fact that a trace may hold.

    Attributes:
        identity: What tells this fact from others about the same living objects.
        is_setting: Whether it is a setting, of which a model that is not trained any more may have no need.
    """

    identity: tuple[object, ...]
    is_setting = False
    #: Methods that show what is true now, so that a user takes it for what the traced functions run.
    shown_by: frozenset[str] = frozenset()
    #: Methods that run no trace, so that what they run or write has the new value.
    effective_in: frozenset[str] = frozenset({"call"})

    def differs(self, facts: TraceFacts, model: Model, desk: Desk) -> bool:
        """Whether a trace holds another value than is true now."""
        raise NotImplementedError

    def differs_unseen(self, model: Model) -> bool:
        """Whether a model that was traced before anybody watched shows that it does."""
        return False

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """Whether a trace that a use has made, of the model or another one, holds what is true now."""
        return False

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """Whether a call of a model, of this or another one, runs with what is true now."""
        return False

    def is_set_for(self, other: Model, model: Model) -> bool:
        """Whether a setting is one of a model that is run, the one of the claim or another one."""
        return other is model


class AttributeFact(Fact):
    """An attribute of a layer, model, optimizer, loss, metric or schedule."""

    is_setting = True

    def __init__(self, owner: object, name: str) -> None:
        self._owner: weakref.ref[Any] = weakref.ref(owner)
        self._name = name
        self.identity = (id(owner), name)

    def differs(self, facts: TraceFacts, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        owner = self._owner()
        return owner is not None and facts.differs(owner, self._name)

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return any(facts.reads_now(owner, self._name) for owner in self._owners(use.model))

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        owner: Layer = self._owner()
        if not is_layer(owner) or self._name not in read_when_called(owner.__class__):
            return False
        return any(runs(use.model, item) for item in self._owners(use.model))

    def _owners(self, model: Model) -> Iterator[Any]:
        """Yield the object, and the layers of a model that were made from its config since, as a clone has them."""
        owner = self._owner()
        if owner is None:
            return
        yield owner
        if is_layer(owner):
            value = value_of(owner, self._name)
            for layer in (model, *graph_layers(model)):
                is_alike = layer.__class__ is owner.__class__ and layer.name == owner.name
                if layer is not owner and is_alike and same_value(value, value_of(layer, self._name)):
                    yield layer


class CodeRead(Fact):
    """A global, a variable of a closure, or a part of one, that code of the user's reads."""

    def __init__(self, fact: CodeFact) -> None:
        self._key = fact.source.key
        #: Of models that were called, whether a call reads it: a loop may call a model often.
        self._called: IdentityMap[bool] = IdentityMap()
        self.identity = self._key

    def differs(self, facts: TraceFacts, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return any(fact.source.key == self._key and fact.differs(desk.namespace) for fact in facts.code)

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return any(fact.source.key == self._key and not fact.differs(desk.namespace) for fact in facts.code)

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        known = self._called.get(use.model, None)
        if known is None:
            facts = facts_now(use.model, "predict", desk.namespace)
            known = self._called[use.model] = self.is_new_in(facts, use, model, desk)
        return known


class ModelRead(CodeRead):
    """A model that a traced function of the user's own read through a name, which holds another one now."""

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`. The new model has a life of its own."""
        return use.model is model

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return use.model is model


class Layers(Fact):
    """The layers of the model.

    An edit of them reaches all but the functions that were traced: calls, files, and models made of the layers.
    """

    identity = ("layers",)
    shown_by = frozenset({"summary", "plot"})
    effective_in = frozenset({"call", "save", "export"})

    def differs(self, facts: TraceFacts, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return facts.layers != layers_identity(model)

    def differs_unseen(self, model: Model) -> bool:
        """See :class:`Fact`."""
        return trains_unknown_variables(model)

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        if use.model is model:
            return not self.differs(facts, model, desk)
        layers = {id(layer) for layer in graph_layers(model) if not is_input(layer)}
        # The model of the use is one around it, or is made of all its layers.
        return bool(layers) and layers.issubset(facts.layers)

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return runs(use.model, model)


class Trainable(Fact):
    """What of the model is trained.

    A flag may be set for another model, one that holds all that was changed and was compiled with the flags as
    they are now. It says nothing of this model when the other one runs it: a discriminator is frozen for the
    stacked model. Where the two only share layers, as a pretext model and a probe share an encoder, it
    matters once this model is trained again; not where a loop trains both in turn, each with the flags it was
    compiled with, as the two composite models of a CycleGAN.

    Args:
        flipped: The layer or model whose flag was set.
        at_use: Whether the model is about to be trained.

    Attributes:
        flipped: All layers and models whose flags the same line set.
    """

    identity = ("trainable",)
    is_setting = True

    def __init__(self, flipped: object, *, at_use: bool = False) -> None:
        self._at_use = at_use
        self.flipped: IdentityMap[None] = IdentityMap()
        self.flipped[flipped] = None

    def differs(self, facts: TraceFacts, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        now = trainable_identity(model)
        if facts.trainable is None or facts.trainable == now:
            return False
        own = {id(variable) for variable in model.variables}
        changed = (set(facts.trainable) ^ set(now)) & own
        return not changed or not any(
            _was_compiled_with(other, changed, changed & set(now), desk)
            for other in desk.models()
            if other is not model
            and (not self._at_use or holds(other, model) or _take_turns(facts, model, other, desk))
        )

    def differs_unseen(self, model: Model) -> bool:
        """See :class:`Fact`."""
        return trains_other_variables(model)

    def is_new_in(self, facts: TraceFacts, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`. A step of the user's own that does not ask for the flags has no use for them."""
        if use.model is not model or use.kind not in ("train", OWN):
            return False
        return facts.trainable is None or facts.trainable == trainable_identity(model)

    def is_called(self, use: Use, model: Model, desk: Desk) -> bool:
        """See :class:`Fact`."""
        return use.concerns(model)

    def is_set_for(self, other: Model, model: Model) -> bool:
        """See :class:`Fact`. An encoder is frozen to be run from here on; the autoencoder has its layers."""
        return other is model or other in self.flipped


def _was_compiled_with(model: Model, changed: set[int], trained: set[int], desk: Desk) -> bool:
    """Whether a model holds some variables, and was compiled while just these of them were trainable."""
    if not desk.compiles(model) or not changed <= {id(variable) for variable in model.variables}:
        return False
    return desk.trained_when_compiled(model) & changed == trained


def _take_turns(facts: TraceFacts, model: Model, other: Model, desk: Desk) -> bool:
    """Whether a loop trains two models in turn, and each trains what it was compiled with."""
    return (
        is_trained_in_turn(other, desk)
        and _trains_as_compiled(model, facts, desk)
        and all(_trains_as_compiled(other, made, desk) for made in desk.traces.of(other).all_facts("train"))
    )


def _trains_as_compiled(model: Model, facts: TraceFacts, desk: Desk) -> bool:
    own = {id(variable) for variable in model.variables}
    return own & set(facts.trainable or ()) == own & desk.trained_when_compiled(model)


class TraceClaim(Claim):
    """Some traced function of a model holds another value of a fact than is true now.

    Args:
        model: The model.
        fact: The fact.
        kinds: The kinds of traced function that count.
        certain: See :class:`Claim`. Otherwise it opens when such a trace is about to run.
        at_use: Whether it is found when such a trace is about to run: it is certain, and nothing is waited for.
        shows_pending: See :class:`Claim`.
    """

    opens_with_trace = True
    quiet_after_use = True
    seen_as = "a use did not run the old trace"

    def __init__(
        self,
        model: Model,
        fact: Fact,
        kinds: frozenset[str] = KINDS,
        *,
        certain: bool = False,
        at_use: bool = False,
        shows_pending: bool = True,
    ) -> None:
        super().__init__(model, certain=certain or at_use, cured_by=RETRACES)
        self.at_use = at_use
        self.is_checked = not isinstance(fact, ModelRead)  # it is the function that holds something old
        self.fact = fact
        self._kinds = kinds
        self.shows_pending = shows_pending

    @property
    def identity(self) -> tuple[object, ...]:
        """See :class:`Claim`."""
        return (id(self.model), *self.fact.identity)

    def stale_kinds(self, desk: Desk) -> frozenset[str]:
        """Return the kinds of traced function that hold another value."""
        return frozenset(kind for kind, _ in self._stale(desk))

    def own_functions(self, desk: Desk) -> list[str]:
        """Return the names of the traced functions of the user's own that hold another value."""
        makers = [
            facts.maker() for kind, facts in self._stale(desk) if kind == OWN and facts.maker is not None
        ]
        return list(dict.fromkeys(function_name(maker) for maker in makers if maker is not None))

    def held(self, owner: object, name: str, desk: Desk) -> Mark:
        """Return the mark of an attribute in a trace that holds another value, which may be older than the last edit."""
        return next((facts.held(owner, name) for _, facts in self._stale(desk)), MISSING)

    def _stale(self, desk: Desk) -> Iterator[tuple[str, TraceFacts]]:
        """Yield the traces that hold another value, each with its kind."""
        model = self.model
        if model is None:
            return
        traces = desk.traces.of(model)
        for kind in sorted(self._kinds):
            for facts in traces.all_facts(kind):
                if self.fact.differs(facts, model, desk):
                    yield kind, facts

    def holds(self, desk: Desk) -> bool:
        """See :class:`Claim`."""
        model = self.model
        if model is None:
            return False
        if not desk.traces.of(model):
            return self.fact.differs_unseen(model)
        return any(self._stale(desk))

    def opened_by(self, use: Use, desk: Desk) -> bool:
        """See :class:`Claim`."""
        model = self.model
        if model is None or use.model is not model:
            return False
        if use.method in self.fact.shown_by:
            return True
        if use.kind not in self._kinds:
            return False
        return any(self.fact.differs(facts, model, desk) for facts in use.serving)

    def seen_by(self, use: Use, desk: Desk) -> bool:
        """See :class:`Claim`."""
        model = self.model
        if model is None:
            return False
        if self._is_seen(use, model, desk):
            self.seen_as = TraceClaim.seen_as
        elif self._is_needless(use, model, desk):
            self.seen_as = f"`{use.method}` does not use it"
        else:
            return False
        return True

    def _is_seen(self, use: Use, model: Model, desk: Desk) -> bool:
        if use.made is not None:
            return self.fact.is_new_in(use.made, use, model, desk)
        return use.method in self.fact.effective_in and self.fact.is_called(use, model, desk)

    def _is_needless(self, use: Use, model: Model, desk: Desk) -> bool:
        """Whether the model is run by what does not read the setting: it matters once the model is trained again."""
        return (
            self.fact.is_setting
            and self.fact.is_set_for(use.model, model)
            and use.kind in ("test", "predict")
            and self.stale_kinds(desk) == {"train"}
            and not desk.is_midway(model)
        )

    def waits(self, ahead: Ahead, desk: Desk) -> bool:
        """A stale trace does no harm until it runs, and that opens the claim by itself."""
        if self.at_use:
            return False
        return self.is_rebuilt_ahead(ahead, desk) if self.certain else True
