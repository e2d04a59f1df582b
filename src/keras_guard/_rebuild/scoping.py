"""The ``with`` line a rebuilt model needs: the distribution its variables were made under."""

from __future__ import annotations

from .._adapter.build_scope import distribution_among, left_distribution, strategy_of
from .._data.types import Model
from .spelling import Speller

_GONE = (
    "the model was built under a keras.distribution that no name holds now; run the rebuild inside that "
    "distribution's scope"
)


def scope_words(model: Model, model_text: str, speller: Speller, style: str) -> tuple[str, list[str]]:
    """Return in whose scope the code has to run, as the expression after ``with``, empty for none, and notes.

    ``model_text`` is how the code spells the model. A file that stands alone names nothing of the user's; there
    the scope is only a note.
    """
    strategy = strategy_of(model)
    if strategy is not None:
        if style == "source":
            kind = type(strategy).__name__
            return "", [f"the model was built under a {kind}; run this code inside such a strategy's scope"]
        name = speller.name_of(strategy, deep=False)
        if not name:
            name = f"{model_text}.distribute_strategy" if model_text else speller.handle(strategy)
        return f"{name}.scope()", []
    if not left_distribution(model):
        return "", []
    found = distribution_among(speller.values(), model)
    name = speller.name_of(found, deep=False) if found is not None and style != "source" else None
    return (f"{name}.scope()", []) if name else ("", [_GONE])
