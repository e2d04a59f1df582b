"""Plain attributes of losses, metrics and schedules, as the traces that read them hold them.

No write of these is listened to: what a trace held is compared with what is there when it runs again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .face import FACE
from .membership import compile_argument_of, compile_objects, flat_items
from .reads import SCORING_KINDS, is_keras_class, read_when_scored

_SCORED_BY = ("loss", "metrics", "weighted_metrics")
_PLAIN = frozenset({bool, int, float, str, tuple, type(None)})


@dataclass(frozen=True)
class HeldValue:
    """A plain attribute of an object that a model was compiled with.

    Attributes:
        owner: Weak reference to the object.
        name: The attribute.
        value: Its value when the trace was made.
    """

    owner: Callable[[], Any]
    name: str
    value: Any

    @property
    def changed(self) -> bool:
        """Whether the object lives and has another value now."""
        owner = self.owner()
        return owner is not None and not _equal(vars(owner).get(self.name), self.value)


def held_now(model: Any, kind: str) -> tuple[HeldValue, ...]:
    """Return what a trace of one kind made now would hold."""
    return tuple(
        HeldValue(weakref.ref(owner), name, value)
        for owner in held_objects(model, kind)
        for name, value in vars(owner).items()
        if type(value) in _PLAIN and name != "name" and name in read_when_scored(owner.__class__)
    )


def held_objects(model: Any, kind: str) -> Iterator[Any]:
    """Yield the losses, metrics and schedules that a traced function of one kind runs."""
    given = compile_objects(model)
    if kind in SCORING_KINDS:
        for argument in _SCORED_BY:
            for item in flat_items(given.get(argument)):
                if issubclass(type(item), FACE.loss + FACE.metric):
                    yield item
    if kind == "train":
        schedule = _schedule(given.get("optimizer"))
        if schedule is not None:
            yield schedule


def _schedule(optimizer: Any) -> Any:
    rate = getattr(optimizer, "_learning_rate", None)
    return rate if callable(rate) and callable(getattr(rate, "get_config", None)) else None


def argument_of(model: Any, value: Any) -> str | None:
    """Return the argument of ``compile`` that a loss, metric or schedule came with, or ``None``."""
    if _schedule(getattr(model, "optimizer", None)) is value:
        return "optimizer"
    return compile_argument_of(model, value)


def unapplied_arguments(value: Any) -> dict[str, Any]:
    """Return the arguments that a loss or metric of Keras goes by, where its attributes say something else.

    Those that wrap a function hand it the arguments of their constructor, whatever becomes of the attributes.
    """
    given = getattr(value, "_fn_kwargs", None)
    if not isinstance(given, dict) or not is_keras_class(value.__class__):
        return {}
    shown = vars(value)
    return {
        name: held
        for name, held in given.items()
        if name in shown and type(held) in _PLAIN and not _equal(shown[name], held)
    }


def _equal(a: Any, b: Any) -> bool:
    return type(a) in _PLAIN and type(b) in _PLAIN and bool(a == b or (a != a and b != b))  # noqa: PLR0124
