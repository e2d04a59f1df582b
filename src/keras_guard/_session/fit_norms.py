"""What the weights of a model were when its last ``fit`` began, by norm."""

from __future__ import annotations

from .._adapter.health import CannotTellError, Norms, norms_of
from .._data.identity import IdentityMap
from .._data.types import Model


class FitNorms:
    """The norm of every weight when the last ``fit`` of a model began; no weight is kept."""

    def __init__(self) -> None:
        self._norms: IdentityMap[Norms | None] = IdentityMap()

    def note(self, model: Model, limit: int) -> None:
        """``fit`` of a model begins."""
        self._norms[model] = norms_of(model, limit) if limit else None

    def of(self, model: Model) -> Norms:
        """Return the norms.

        Raises:
            CannotTellError: Where there are none.
        """
        if model not in self._norms:
            raise CannotTellError("no `fit` of it was seen")
        found = self._norms.get(model, None)
        if found is None:
            raise CannotTellError(
                "the model is large, or was not built when `fit` began: `%config KerasGuard.norms_limit` says up to "
                "how many parameters norms are noted"
            )
        return found
