"""The Python warning of a diagnostic, and the filters that users set on it."""

from __future__ import annotations

import warnings


class KerasGuardWarning(UserWarning):
    """The Python warning of a diagnostic, where nothing can be displayed.

    A filter on this category is honoured everywhere: ``ignore`` silences cards too, ``error``
    makes them exceptions. A blanket ``filterwarnings("ignore")`` does not silence cards.
    """


def filtered_action() -> str | None:
    """Return what a warnings filter on our own category asks for, or ``None`` when there is none."""
    for action, _, category, *_ in warnings.filters:
        if isinstance(category, type) and issubclass(category, KerasGuardWarning):
            return str(action)
    return None
