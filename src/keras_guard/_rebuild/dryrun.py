"""The dry run: the text of the cell is run, its model is called on data, and all effects are undone."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

from .._adapter.compiled_objects import scoring_objects
from .._adapter.keras_types import is_layer
from .._adapter.no_side_effects import no_trace
from .._adapter.trial import forward, has_loss, parameters, score
from .._data.types import Model, Namespace
from .continuing import goes_on
from .plan import ModelPlan
from .postcondition import check_model
from .refused import RebuildRefused

#: The name that the trial of a cell binds.
TRIAL = "rebuilt_in_trial"
#: Models with more parameters than this are not fed in the dry run.
MAX_PARAMETERS = 200_000_000


class StateLostError(RebuildRefused):
    """The code did not copy the state of the optimizer as it should."""


def execute(source: str, namespace: MutableMapping[str, Any], what: str) -> None:
    """Run code that was written for the user's names."""
    code = compile(source, f"<keras_guard {what}>", "exec")
    if isinstance(namespace, dict):
        exec(code, namespace)
    else:
        exec(code, dict(namespace), namespace)


def dry_run(source: str, plan: ModelPlan, namespace: Namespace, limit: int | None, *, continued: bool) -> str:
    """Run a rebuild's code on the user's own objects and leave no trace of it; return what was proved, in words.

    Args:
        source: The text of the cell, which binds :data:`TRIAL`.
        plan: What it is to make.
        namespace: The user's names; not changed.
        limit: Above this many parameters the model is built but not fed.
        continued: Whether the code copies the state of the optimizer.

    Raises:
        RebuildRefused: When the code fails or makes another graph than planned.
    """
    given = [part.item for part in plan.parts() if is_layer(part.item)]
    sandbox = dict(namespace)
    with no_trace([plan.model], [*given, *scoring_objects(plan.model)]):
        try:
            execute(source, sandbox, "rebuild")
        except Exception as error:
            raise _failed("the code does not run", error) from None
        made = sandbox[TRIAL]
        pairs = check_model(made, plan)
        if continued and not goes_on(made, plan, pairs):
            raise StateLostError("the optimizer of the rebuilt model would not go on where it was")
        proof = _try(made, plan.model, limit)
        sandbox.clear()
        del made
    return proof


def _try(made: Model, old: Model, limit: int | None) -> str:
    if not getattr(made, "built", False) or not getattr(made, "inputs", None):
        return "shapes only (the model has no input shape yet)"
    if parameters(made) > (MAX_PARAMETERS if limit is None else limit):
        return f"shapes only ({parameters(made):,} parameters are too many to try)"
    try:
        data, output = forward(made)
    except Exception as error:
        raise _failed("the rebuilt model fails when it is called", error) from None
    if not has_loss(made):
        return "forward pass"
    try:
        score(made, data, output)
    except Exception as error:
        if not _scores(old):
            return "forward pass"  # no target that was tried suits this loss
        raise _failed("the compiled loss of the rebuilt model fails", error) from None
    return "forward pass and loss"


def _scores(model: Model) -> bool:
    """Whether the loss of the old model can be computed on random data."""
    try:
        score(model, *forward(model))
    except Exception:
        return False
    return True


def _failed(what: str, error: Exception) -> RebuildRefused:
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = " ".join(lines[:3])
    return RebuildRefused(f"{what}: {type(error).__name__}: {words[:400]}")
