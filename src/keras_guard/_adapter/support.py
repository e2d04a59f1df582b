"""What of the loaded Keras the guard does not know, in words for the user."""

from __future__ import annotations

import sys

from .keras_types import KERAS_2, TYPES, backend, version_of

OLDEST_KERAS = (3, 3)
BACKENDS = ("tensorflow", "jax", "torch")


def complaints(known_of_keras_2: list[str]) -> list[str]:
    """Return a line for everything about the loaded Keras that is not, or only partly, supported.

    The rules whose codes are given speak of ``tf_keras``, too.
    """
    found = []
    keras, older = sys.modules.get("keras"), sys.modules.get(KERAS_2)
    number = version_of(keras) if keras is not None else ()
    if number and number < OLDEST_KERAS:
        what = "watches nothing of it" if "keras" not in TYPES.packages else "may miss edits of its models"
        found.append(
            f"Keras {getattr(keras, '__version__', '')} is not supported and the guard {what}; "
            f"Keras {'.'.join(map(str, OLDEST_KERAS))} or later and tf_keras are"
        )
    if "keras" in TYPES.packages and backend() not in BACKENDS:
        found.append(f"the backend {backend()!r} is not supported; {', '.join(BACKENDS)} are")
    if KERAS_2 in TYPES.packages:
        found.append(
            f"of tf_keras {getattr(older, '__version__', '')} the guard knows {', '.join(known_of_keras_2)} "
            "and rebuild; its other rules speak of Keras 3 only"
        )
    return found
