"""Why does a model not change? Each check reads the live objects; none trains or calls the model."""

from __future__ import annotations

from collections.abc import Callable

from .._adapter import health
from .._adapter.health import CannotTellError, layer_words, path_of
from .._adapter.membership import is_compiled
from .._data.checkup import Check, Checkup, Outcome
from .._data.types import Model
from .._ledger import Entry
from .containers import user_names
from .desk import Desk

#: More facts of one check than this are counted, not listed.
_MAX_FACTS = 8


class Doctor:
    """Examines models of one session.

    Args:
        desk: What is known of models.
        audit: Lets every rule look at a model.
    """

    def __init__(self, desk: Desk, audit: Callable[[Model], list[Entry]]) -> None:
        self._desk = desk
        self._audit = audit

    def examine(self, model: Model, name: str) -> Checkup:
        """Run every check on a model.

        Args:
            model: The model.
            name: The user's name of it.
        """
        checks: list[tuple[str, Callable[[Model], tuple[bool, list[str]]]]] = [
            ("declared, graph and compiled views", self._views),
            ("variables to train", self._trainable),
            ("flags under a frozen parent", self._flags),
            ("variables that a loss reaches", self._reached),
            ("the optimizer's variables and rate", self._optimizer),
            ("layers outside the graph", self._layers),
            ("metrics of another object", self._metrics),
            ("what moved since the last fit began", self._moved),
        ]
        return Checkup(name, tuple(_checked(title, check, model) for title, check in checks))

    def _views(self, model: Model) -> tuple[bool, list[str]]:
        found = [entry.diagnostic for entry in self._audit(model)]
        facts = [f"{d.code} {d.message} ({d.span.label()})" for d in found]
        return bool(facts), facts or ["they agree"]

    def _trainable(self, model: Model) -> tuple[bool, list[str]]:
        if not is_compiled(model):
            return True, ["it was never compiled"]
        count, every = len(model.trainable_variables), len(model.weights)
        if not every:
            raise CannotTellError("it has no weights yet")
        return not count, [f"{count} of its {every} weights are trainable"]

    def _flags(self, model: Model) -> tuple[bool, list[str]]:
        found = health.masked_flags(model)
        facts = [
            f"{layer_words(part)} says trainable, but `{self._desk.name_of(holder)}` around it is frozen"
            for part, holder in found
        ]
        return bool(facts), facts or ["no flag is masked"]

    def _reached(self, model: Model) -> tuple[bool, list[str]]:
        found = health.unreached_variables(model)
        return bool(found), [f"no gradient comes to {path_of(v)}" for v in found] or ["all, by the graph"]

    def _optimizer(self, model: Model) -> tuple[bool, list[str]]:
        rate = health.learning_rate(model)
        if rate == 0:
            return True, ["its learning rate is 0"]
        unknown, foreign = health.unknown_to_optimizer(model)
        facts = [f"{path_of(v)} is trainable, and the optimizer was not built for it" for v in unknown]
        facts += [f"the optimizer trains {path_of(v)}, which is not of this model" for v in foreign]
        rates = "a schedule gives the rate" if rate is None else f"the rate is {rate:g}"
        return bool(facts), facts or [f"it knows all that is trainable; {rates}"]

    def _layers(self, model: Model) -> tuple[bool, list[str]]:
        named = health.attached_layers(model)
        facts = [f"{layer_words(layer)} is `.{name}`, and nothing calls it" for name, layer in named]
        seen = {id(layer) for _, layer in named}
        facts += [
            f"{layer_words(layer)} is listed, and nothing calls it"
            for layer in health.only_tracked(model)
            if id(layer) not in seen
        ]
        return bool(facts), facts or ["every layer of it is called"]

    def _metrics(self, model: Model) -> tuple[bool, list[str]]:
        if not is_compiled(model):
            raise CannotTellError("it was never compiled")
        own = health.metrics_of(model)
        numbers = {id(metric) for metric in own}
        others = [m for m in self._desk.models() if m is not model and is_compiled(m)]
        facts = [
            f"`{self._desk.name_of(metric)}` is a metric of `{self._desk.name_of(other)}`, too: each resets it"
            for other in others
            for metric in health.metrics_of(other)
            if id(metric) in numbers
        ]
        elsewhere = {id(metric) for other in others for metric in health.metrics_of(other)}
        kinds = {type(metric) for metric in own}
        facts += [
            f"`{name}` is a {type(value).__name__}, but not the one that the model updates"
            for name, value in user_names(self._desk.namespace)
            if health.is_metric(value) and type(value) in kinds and id(value) not in numbers | elsewhere
        ]
        return bool(facts), facts or ["none"]

    def _moved(self, model: Model) -> tuple[bool, list[str]]:
        moved, still, broken = health.movement(model, self._desk.norms.of(model))
        trained = {id(variable) for variable in model.trainable_variables}
        facts = [f"{path_of(v)} holds values that are no numbers" for v in broken]
        facts += [f"{path_of(v)} is trainable, and did not move" for v in still if id(v) in trained]
        count = sum(id(v) in trained for v in moved)
        return bool(facts), [f"{count} of {len(trained)} trainable weights moved", *facts]


def _checked(title: str, check: Callable[[Model], tuple[bool, list[str]]], model: Model) -> Check:
    try:
        found, facts = check(model)
    except CannotTellError as why:
        return Check(title, Outcome.NOT_RUN, (str(why),))
    except Exception as error:  # a model whose own code raises when it is read
        return Check(title, Outcome.NOT_RUN, (f"it raised {type(error).__name__}: {error}",))
    more = [f"and {len(facts) - _MAX_FACTS} more"] if len(facts) > _MAX_FACTS else []
    return Check(title, Outcome.FOUND if found else Outcome.CLEAR, (*facts[:_MAX_FACTS], *more))
