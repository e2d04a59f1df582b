"""Which places a rebuilt model may be assigned to."""

from __future__ import annotations

from .._data.place import Attribute, Place
from .._data.refused import RebuildRefused
from .literals import is_plain_name


def target(text: str) -> Place:
    """Return the place that a text names: a name, or a chain such as ``nets["a"].model``.

    Raises:
        RebuildRefused: For anything else, and for names with look-alike letters.
    """
    try:
        place = Place.parse(text)
    except ValueError:
        place = Place("")
    names = [place.root, *(step.name for step in place.steps if isinstance(step, Attribute))]
    if not all(map(is_plain_name, names)):
        raise RebuildRefused(
            f"{text!r} is no place for a model; give a name, or a place such as nets['a'].model"
        )
    return place
