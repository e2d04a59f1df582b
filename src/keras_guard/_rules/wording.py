"""Wording shared by the rules: layers, cells, traced functions, diffs of layer lists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from .._adapter.describe import brief_value, describe_layer
from .._adapter.keras_types import is_keras_2, is_layer
from .._adapter.marks import Mark, in_words, is_marked
from .._adapter.traces import GENERATE, OWN
from .._claims.base import Desk
from .._claims.trace_claim import TraceClaim
from .._data.diagnostic import DiffRow, LayerFacts, Span
from .._data.edits import LayerRecord
from .._data.types import Model

_CONTEXT = 1
_MAX_ROWS = 12


def opcodes(before: Sequence[object], after: Sequence[object]) -> list[tuple[str, int, int, int, int]]:
    """Return how one list became the other, comparing items by identity."""
    matcher = difflib.SequenceMatcher(None, [id(i) for i in before], [id(i) for i in after], autojunk=False)
    return [code for code in matcher.get_opcodes() if code[0] != "equal"]


def diff_rows(before: Sequence[object], after: Sequence[object]) -> tuple[DiffRow, ...]:
    """Return the layers around an edit, before and after, as rows."""
    changes = opcodes(before, after)
    if not changes:
        return ()
    first, last = changes[0][1], changes[-1][2]
    rows = [DiffRow(" ", facts(before[i]), i) for i in range(max(0, first - _CONTEXT), first)]
    position = first
    for _, start, end, new_start, new_end in changes:
        rows += [DiffRow(" ", facts(before[i]), i) for i in range(position, start)]
        rows += [DiffRow("-", facts(before[i]), i) for i in range(start, end)]
        rows += [DiffRow("+", facts(after[i]), i) for i in range(new_start, new_end)]
        position = end
    rows += [DiffRow(" ", facts(before[i]), i) for i in range(last, min(len(before), last + _CONTEXT))]
    return tuple(rows[:_MAX_ROWS])


def facts(item: object) -> LayerFacts:
    """Describe a layer, or whatever is in a layer's place."""
    if is_layer(item) or isinstance(item, LayerRecord):
        return describe_layer(item)
    return LayerFacts(name=str(getattr(item, "name", "")) or "?", cls=type(item).__name__)


def layer_title(about: LayerFacts) -> str:
    """Name a layer shortly: ``Dense "head"``."""
    return f'{about.cls} "{about.name}"'


def cell(number: int | None) -> str:
    """Name a cell as the user sees it."""
    return "an earlier cell" if number is None else f"Cell In[{number}]"


def built_note(number: int | None, name: str) -> tuple[str, ...]:
    """Say which cell built a model, where that is known."""
    return (f"{cell(number)} built `{name}`",) if number else ()


def held_words(held: Mark, replaced: object) -> str:
    """Say what a trace holds: most often what an edit replaced, and after several edits what was there before."""
    return brief_value(replaced) if is_marked(held, replaced) else in_words(held)


class Traced:
    """The traced functions that hold another value, as a card names them.

    Args:
        claim: The claim.
        name: The user's name of its model.
        desk: What claims ask.
        otherwise: The kinds where none is known.

    Attributes:
        kinds: Their kinds.
    """

    _METHODS: ClassVar = {
        "train": "`fit`", "test": "`evaluate`", "predict": "`predict`", GENERATE: "`generate`"
    }  # fmt: skip

    def __init__(
        self, claim: TraceClaim, name: str, desk: Desk, otherwise: frozenset[str] = frozenset()
    ) -> None:
        self.kinds = claim.stale_kinds(desk) or otherwise
        self._name = name
        self._methods = [word for kind, word in self._METHODS.items() if kind in self.kinds]
        self._own = [f"`{function}`" for function in claim.own_functions(desk)]

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def __str__(self) -> str:
        """Return the subject of a sentence: ``the traced `fit` and `predict` of `m` ``."""
        of_model = f"the traced {_listed(self._methods)} of `{self._name}`" if self._methods else ""
        of_user = f"the traced function{'s' * (len(self._own) > 1)} {_listed(self._own)}" if self._own else ""
        return " and ".join(filter(None, (of_model, of_user)))

    def does(self, one: str, several: str) -> str:
        """Return the form of a verb that goes with them."""
        return one if len(self._methods) + len(self._own) == 1 else several

    @property
    def subject(self) -> str:
        """What was traced: the model, or functions of the user's own."""
        return f"`{self._name}`" if self._methods or not self._own else _listed(self._own)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"


def keeping_state(model: Model, name: str) -> str:
    """Say, behind the advice to compile a model again, what does that without a loss; empty where nothing does."""
    if is_keras_2(model):
        return ""
    return f"; `%keras_guard recompile {name}` writes it and keeps the state of the optimizer"


def while_training(desk: Desk, model: Model, name: str) -> str:
    """Say, behind other advice, what makes a change count that a callback makes while ``fit`` runs."""
    if not desk.is_midway(model) or is_keras_2(model):
        return ""
    return f"; in a callback, call `{name}.make_train_function(force=True)` after the change"


def trace_again(kinds: Iterable[str], otherwise: str) -> str:
    """Say how to have functions traced again: ``compile`` drops those of the model, not one of the user's own."""
    own = "run the cell that defines your traced function again, so that it is traced again"
    found = set(kinds)
    return own if found == {OWN} else f"{otherwise}; {own}" if OWN in found else otherwise


def cause(span: Span, name: str, target: object) -> tuple[Any, ...]:
    """Return the key under which the edits of one line are one finding."""
    if span.line is None:
        return (name, id(target))
    return (name, span.execution_count, span.file, span.line)
