"""``compile`` again without a loss of training state: code in the user's own names, tried before it is shown.

An optimizer that knows every variable that is trainable now stays the same object. Otherwise there is a new
one of the same class, and what the old one held of each weight is copied to it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from .._adapter.compile_facts import (
    asked_arguments,
    compile_arguments,
    compiled_as_before_on_failure,
    has_own_compile,
)
from .._adapter.compiled_objects import scoring_objects
from .._adapter.keras_types import is_keras_2, is_model, is_optimizer
from .._adapter.layer_config import user_objects
from .._adapter.marks import same_value
from .._adapter.membership import is_compiled
from .._adapter.no_side_effects import no_trace
from .._adapter.optimizer_state import StateNotFoundError, goes_on_as, has_state, serves
from .._adapter.traces import existing_trace_kinds
from .._data.types import Model, Namespace, Optimizer
from .api import wake
from .compiling import CompileWords
from .continuing import copied_by_name
from .dryrun import execute
from .layout import indented, laid_out
from .literals import is_plain_name, local_name
from .refused import RebuildRefused
from .spelling import Speller
from .target import target

_SAME = "the same optimizer object goes on"
_CARRIED = "a new optimizer, with the state of every weight that the old one knew"
_FRESH = "the optimizer has trained nothing yet"
_ANOTHER = "the optimizer is another one than before, and starts from its own state"


@dataclass(frozen=True, eq=False)
class Recompile:
    """Code that compiles a model again.

    Attributes:
        source: The text of a cell.
        target: The name, or other place, of the model.
        optimizer: What becomes of the optimizer, in words.
    """

    source: str
    target: str
    optimizer: str
    _asked: _Asked = field(repr=False)
    # The source reaches these through handles; they must live as long as it may run.
    _held: tuple[Any, ...] = field(default=(), repr=False)

    def run(self, namespace: MutableMapping[str, Any]) -> None:
        """Run the source, and compare the compiled model with what was asked.

        Args:
            namespace: The user's globals.

        Raises:
            RebuildRefused: When the model is not compiled as asked; model and names are as before then.
        """
        name = self._asked.optimizer_name
        before = namespace.get(name)
        try:
            with compiled_as_before_on_failure(self._asked.model):
                execute(self.source, namespace, "recompile")
                self._asked.check()
        except BaseException:
            if name:
                namespace[name] = before
            raise


@dataclass(frozen=True, eq=False)
class _Asked:
    """What the compiled model is to be.

    Attributes:
        model: The model.
        arguments: What ``compile`` is to get, without the optimizer.
        optimizer: The optimizer that trained, or the one that was asked for.
        optimizer_name: The user's name that a new optimizer is bound to; empty for none.
    """

    model: Model
    arguments: Mapping[str, Any]
    optimizer: Optimizer
    optimizer_name: str = ""

    def check(self) -> None:
        """Refuse the first thing that did not arrive at the live objects."""
        found = compile_arguments(self.model)
        found.pop("optimizer", None)
        for name in {**self.arguments, **found}:
            if not _is_same(self.arguments.get(name), found.get(name)):
                raise RebuildRefused(f"the model would be compiled with another {name} than asked")
        if existing_trace_kinds(self.model):
            raise RebuildRefused("the model would go on with functions that were traced before")
        if self.optimizer is not None:
            self._check_optimizer(self.model.optimizer)

    def _check_optimizer(self, now: Optimizer) -> None:
        if not serves(now, self.model.trainable_variables):
            raise RebuildRefused("the optimizer would not know all variables that are trainable now")
        try:
            if not goes_on_as(self.optimizer, now):
                raise RebuildRefused("the optimizer would not go on where it was")
        except StateNotFoundError as error:
            raise RebuildRefused(str(error)) from None
        if now is not self.optimizer and not _is_same(_config(self.optimizer), _config(now)):
            raise RebuildRefused("the new optimizer would have other settings than the old one")


def recompile(
    model: Model,
    *,
    namespace: Namespace,
    instead: Mapping[int, Any] | None = None,
    name: str | None = None,
) -> Recompile:
    """Write code that compiles a model again, and keeps what its optimizer has learned.

    The code is tried before it is returned, and all effects of that are undone.

    Args:
        model: A compiled model.
        namespace: The user's names; the code uses those that hold the very objects.
        instead: By ``id`` of an object that the model was compiled with, the one that its name holds now.
        name: The name or place of the model; else its own.

    Raises:
        RebuildRefused: When the model cannot be compiled again by code that is known to be right.
    """
    wake()
    _check(model)
    writer = _Writer(model, dict(namespace), instead or {}, name)
    refusal = RebuildRefused("no way to keep the state of the optimizer passed its trial")
    for found in writer.attempts():
        try:
            _try(found, namespace)
        except RebuildRefused as refused:
            refusal = refused
        else:
            return found
    raise refusal


def _check(model: Model) -> None:
    if not is_model(model):
        raise RebuildRefused(f"only a Keras model can be compiled again, not a {type(model).__name__}")
    name = model.name
    if is_keras_2(model):
        raise RebuildRefused(f"{name!r} is a model of tf_keras; recompile knows the optimizers of Keras 3")
    if has_own_compile(model):
        raise RebuildRefused(
            f"{name!r} is a subclassed model ({type(model).__name__}) with a `compile` of its own: "
            "what it was given is kept nowhere",
            ("call its `compile` as before, with the same optimizer objects",),
        )
    if not is_compiled(model):
        raise RebuildRefused(f"{name!r} was never compiled; there is nothing to keep")


class _Writer:
    """Writes the ways to compile one model again, the plainest first."""

    def __init__(
        self, model: Model, namespace: dict[str, Any], instead: Mapping[int, Any], name: str | None
    ) -> None:
        self._model = model
        self._names = namespace
        self._place = name
        asked = {key: _replaced(value, instead) for key, value in asked_arguments(model).items()}
        self._optimizer = asked.pop("optimizer", None)
        self._arguments = asked

    def attempts(self) -> Iterator[Recompile]:
        optimizer, variables = self._optimizer, self._model.trainable_variables
        if optimizer is None or serves(optimizer, variables):
            yield self._plain(_SAME if optimizer is self._model.optimizer else _ANOTHER)
        elif has_state(self._model) and optimizer is self._model.optimizer:
            yield self._carried(by_name=True)
            yield self._carried(by_name=False)
        else:
            yield self._plain(_FRESH, fresh=True)

    def _start(self) -> tuple[CompileWords, str, list[str]]:
        """Return what spells, how the model is spelled, and the arguments but for the optimizer."""
        speller = Speller(self._names)
        place = self._place or speller.name_of(self._model) or speller.handle(self._model)
        if self._place:
            speller.used.add(target(self._place).root)
        words = CompileWords(speller, user_objects(self._names))
        return words, place, words.spelled(self._arguments)

    def _plain(self, what: str, *, fresh: bool = False) -> Recompile:
        words, place, rest = self._start()
        if fresh or self._optimizer is None:
            optimizer = words.fresh_optimizer(self._optimizer)
        else:
            optimizer = words.speller.name_of(self._optimizer) or f"{place}.optimizer"
        call = f"{place}.compile({', '.join([f'optimizer={optimizer}', *rest])})"
        return self._made([call], place, what, words.speller)

    def _carried(self, *, by_name: bool) -> Recompile:
        words, place, rest = self._start()
        speller = words.speller
        own = speller.name_of(self._optimizer, deep=False) or ""
        if not by_name:
            speller.need_guard()
        taken = speller.used | {place.partition(".")[0].partition("[")[0]}
        old, new = local_name("old", taken), local_name("new", taken)
        copied = (
            copied_by_name(old, place, taken)
            if by_name
            else [f"keras_guard.copy_optimizer_state({old}, {place})"]
        )
        lines = [
            f"{old} = {place}.optimizer",
            f"{new} = type({old}).from_config({old}.get_config())",
            f"{place}.compile({', '.join([f'optimizer={new}', *rest])})",
            "# The optimizer goes on where it was, for every weight that it knew.",
            *copied,
            *([f"return {new}"] if own else []),
        ]
        return self._made(lines, place, _CARRIED, speller, own)

    def _made(self, lines: list[str], place: str, what: str, speller: Speller, own: str = "") -> Recompile:
        if speller.imports or len(lines) > 1:
            function = local_name(f"recompile_{place}", set(self._names))
            body = [*sorted(speller.imports), *([""] if speller.imports else []), *lines]
            call = f"{own} = {function}()" if own else f"{function}()"
            lines = [f"def {function}():", *indented(body), "", "", call, f"del {function}"]
        kept = self._optimizer if what is not _FRESH else None
        asked = _Asked(self._model, self._arguments, kept, own if is_plain_name(own) else "")
        return Recompile(laid_out(lines), place, what, asked, tuple(speller.held))


def _try(found: Recompile, namespace: Namespace) -> None:
    """Run the code, compare, and undo all of it."""
    model = found._asked.model
    sandbox = dict(namespace)
    with no_trace([model], scoring_objects(model)):
        try:
            execute(found.source, sandbox, "recompile")
        except Exception as error:
            words = " ".join(str(error).split())
            raise RebuildRefused(f"the code does not run: {type(error).__name__}: {words[:400]}") from None
        found._asked.check()
        sandbox.clear()


def _replaced(value: Any, instead: Mapping[int, Any]) -> Any:
    """Return an argument with the objects in it that another one is asked for."""
    if id(value) in instead:
        return instead[id(value)]
    if type(value) is dict:
        return {key: _replaced(item, instead) for key, item in value.items()} if instead else value
    if type(value) in (list, tuple):
        return type(value)(_replaced(item, instead) for item in value) if instead else value
    return value


def _is_same(asked: Any, found: Any) -> bool:
    """Whether an argument is the one that was asked for, or one that was constructed alike."""
    if same_value(asked, found):
        return True
    if isinstance(asked, dict) and isinstance(found, dict):
        return asked.keys() == found.keys() and all(_is_same(v, found[k]) for k, v in asked.items())
    if isinstance(asked, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(asked) == len(found) and all(map(_is_same, asked, found))
    if type(asked) is type(found) and hasattr(asked, "get_config"):
        with contextlib.suppress(Exception):
            return _is_same(asked.get_config(), found.get_config())
    return False


def _config(optimizer: Optimizer) -> dict[str, Any]:
    with contextlib.suppress(Exception):
        if is_optimizer(optimizer):
            return {key: value for key, value in optimizer.get_config().items() if key != "name"}
    return {}
