"""Refusals: what cannot be known is refused, with the reason and the choices."""

from __future__ import annotations

from .._data.refused import RebuildRefused
from .._data.types import Model

__all__ = ["RebuildRefused", "refuse_standalone", "refuse_subclassed"]


def refuse_subclassed(model: Model) -> RebuildRefused:
    """Return the refusal for a model whose graph is the Python code of its class."""
    return RebuildRefused(
        f"{model.name!r} is a subclassed model ({type(model).__name__}): its graph is Python code that cannot be rewritten",
        ("make the edit in its class, then build the model again",),
    )


def refuse_standalone(name: str, why: object = "") -> RebuildRefused:
    """Return the refusal for what a file that stands alone cannot create."""
    reason = f": {why}" if why else ""
    return RebuildRefused(
        f"no code that stands alone creates {name!r} again{reason}", ("rebuild in the style copy or replay",)
    )
