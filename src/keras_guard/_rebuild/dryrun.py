"""The dry run: the text of the cell is run, its model is called on data, and all effects are undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._adapter.face import is_layer, is_model
from .._adapter.membership import holds
from .._adapter.no_side_effects import forward, no_trace, parameters
from .plan import ModelPlan
from .refused import RebuildRefused

#: Models with more parameters than this are not fed in the dry run.
MAX_PARAMETERS = 200_000_000


def dry_run(
    source: str, target: str, plan: ModelPlan, namespace: Mapping[str, Any], limit: int | None
) -> str:
    """Run a rebuild's code on the user's own objects and leave no trace of it.

    Args:
        source: The text of the cell.
        target: The name it binds.
        plan: What it is to make.
        namespace: The user's names; not changed.
        limit: Above this many parameters the model is built but not fed.

    Returns:
        What was proved, in words.

    Raises:
        RebuildRefused: When the code fails or makes another graph than planned.
    """
    given = [part.item for part in plan.parts() if is_layer(part.item)]
    sandbox = dict(namespace)
    with no_trace([plan.model], given):
        try:
            exec(compile(source, "<keras_guard rebuild>", "exec"), sandbox)
        except Exception as error:
            raise _failed("the code does not run", error) from None
        made = sandbox[target]
        _check(made, plan)
        proof = _feed(made, limit)
        sandbox.clear()
        del made
    return proof


def _check(made: Any, plan: ModelPlan) -> None:
    if not is_model(made):
        raise RebuildRefused("the code made no model")
    kept = [part for part in plan.parts() if part.origin == "kept" and is_layer(part.item)]
    lost = [part.name for part in kept if not holds(made, part.item)]
    if lost:
        raise RebuildRefused(f"the rebuilt graph would lose {', '.join(map(repr, lost))}")


def _feed(made: Any, limit: int | None) -> str:
    if not getattr(made, "built", False) or not _has_inputs(made):
        return "shapes only (the model has no input shape yet)"
    if parameters(made) > (MAX_PARAMETERS if limit is None else limit):
        return f"shapes only ({parameters(made):,} parameters are too many to try)"
    try:
        forward(made)
    except Exception as error:
        raise _failed("the rebuilt model fails when it is fed", error) from None
    return "forward pass"


def _has_inputs(model: Any) -> bool:
    try:
        return bool(model.inputs)
    except AttributeError:
        return False


def _failed(what: str, error: Exception) -> RebuildRefused:
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    words = " ".join(lines[:3])
    return RebuildRefused(f"{what}: {type(error).__name__}: {words[:400]}")
