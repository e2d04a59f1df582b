"""What ``adapt`` or ``set_vocabulary`` taught a preprocessing layer, and whether a trace holds on to it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

from .._data.identity import IdentityMap
from .._data.types import Layer
from .keras_types import backend

#: The name of what a layer learned among its attributes; no attribute has it.
ADAPTED = "adapt()"

_LEARNED = ("mean", "variance", "bin_boundaries", "idf_weights")


def adapted_state(layer: Layer) -> str:
    """Return a short text that differs when what a layer learned differs.

    What cannot be read counts as nothing, so that it never looks changed.
    """
    digest = hashlib.blake2b(digest_size=16)
    holder = getattr(layer, "_lookup_layer", layer)
    for part in _parts(holder):
        digest.update(part)
    return digest.hexdigest()


#: What each layer knew when it was first seen to learn, and what it knows now.
_LEARNING: IdentityMap[tuple[str, str]] = IdentityMap()


def note_learning(layer: Layer) -> None:
    """Note what a layer knows, before and after it learns: reading it at each trace would cost too much."""
    state = adapted_state(layer)
    first, _ = _LEARNING.get(layer, (state, state))
    _LEARNING[layer] = (first, state)


def learned_now(layer: Layer) -> str:
    """Return a text that differs when what a layer knows differs; empty for what it first knew."""
    first, now = _LEARNING.get(layer, ("", ""))
    return "" if now == first else now


def _parts(holder: Any) -> Iterator[bytes]:
    import numpy

    for name in _LEARNED:
        with contextlib.suppress(Exception):
            value = getattr(holder, name, None)
            if value is not None:
                yield name.encode() + numpy.asarray(value).tobytes()
    with contextlib.suppress(Exception):
        yield "\0".join(map(str, holder.get_vocabulary())).encode("utf-8", "surrogatepass")


def has_words(layer: Layer) -> bool:
    """Whether a preprocessing layer was given or taught a vocabulary, beyond its marks for missing and unknown words."""
    with contextlib.suppress(Exception):
        lookup: Layer = getattr(layer, "_lookup_layer", layer)
        return len(lookup.get_vocabulary()) > _MARKS
    return False


_MARKS = 2


def bakes_adapted_state(layer: Layer) -> bool:
    """Whether a trace goes on with what the layer had learned when it was traced.

    Measured on Keras 3.3 and 3.15 with TensorFlow: statistics and boundaries become constants, and a
    trace looks words up in the table of its time, for ``adapt`` makes a new one. Other backends run the
    lookup layers outside their traces.
    """
    return backend() == "tensorflow" or not (
        hasattr(layer, "lookup_table") or hasattr(layer, "_lookup_layer")
    )
