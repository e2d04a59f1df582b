"""Words for compile arguments, shared by the parts of KG204."""

from __future__ import annotations

from .._claims.base import RETRACES
from .._claims.state_claim import Terms

UNTIL_COMPILED = Terms(certain=True, cured_by=RETRACES)


def kind_of(argument: str) -> str:
    """Return what an argument of ``compile`` is: one of ``metrics`` is a metric."""
    return {"metrics": "metric", "weighted_metrics": "metric"}.get(argument, argument)


def weighing(argument: str) -> str:
    """Say how loss weights can change while the model trains."""
    if argument != "loss_weights":
        return ""
    return (
        "; to change a weight while it trains, compile with "
        "`loss_weights=[keras.Variable(1.0, trainable=False), ...]` and assign to that"
    )
