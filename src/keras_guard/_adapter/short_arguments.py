"""Leaving out the arguments of a constructor call that change nothing.

A config holds every argument of a layer, those its author gave and those it chose itself. An
argument is left out when the call without it gives the same config.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .stock import is_stock


def shortened(
    cls: type, kwargs: Mapping[str, Any], same: Callable[[Mapping[str, Any]], bool], *, built: str
) -> dict[str, Any]:
    """Return the arguments that matter, each in its shortest form; those of a class that is not Keras' as they are.

    Args:
        same: Whether a call with other arguments gives the same config.
        built: What ``same`` asks besides: how the layer was built.
    """
    if not is_stock(cls):
        return dict(kwargs)
    key = (cls, built, tuple((name, repr(value)) for name, value in kwargs.items() if name != "name"))
    changes = _KNOWN.get(key)
    if changes is None:
        changes = _KNOWN[key] = dict(_changes(kwargs, same))
        if len(_KNOWN) > _MOST:
            del _KNOWN[next(iter(_KNOWN))]
    return _changed(kwargs, changes)


#: By class, what a living layer says, and the texts of the arguments.
_KNOWN: dict[tuple[type, str, tuple[tuple[str, str], ...]], dict[str, Any]] = {}
_MOST = 2000
_LEFT_OUT = object()


def _changes(
    kwargs: Mapping[str, Any], same: Callable[[Mapping[str, Any]], bool]
) -> Iterator[tuple[str, Any]]:
    """Yield each argument that can be left out or written shorter."""
    found: dict[str, Any] = {}
    for name, value in kwargs.items():
        candidates = [] if name == "name" else [_LEFT_OUT]
        if isinstance(value, (list, tuple)) and len(set(map(repr, value))) == 1 and type(value[0]) is int:
            candidates.append(value[0])
        for candidate in candidates:
            if same(_changed(kwargs, {**found, name: candidate})):
                found[name] = candidate
                yield name, candidate
                break


def _changed(kwargs: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: changes.get(name, value) for name, value in kwargs.items()}
    return {name: value for name, value in values.items() if value is not _LEFT_OUT}


def is_filled_in(key: str, given: object, built: Any, live: object) -> bool:
    """Whether a value in a built layer's config is what the layer made of the given one."""
    if key == "axis":
        return isinstance(built, (list, tuple)) and len(built) == 1 and bool(built[0] == given)
    if key == "attention_axes" and given is None and live is not None:
        rank = len(equation_of(live).partition(",")[0])
        return rank > 2 and list(built or ()) == list(range(1, rank - 1))
    return False


def equation_of(live: object) -> str:
    """Return the equation by which a built attention layer projects its query; empty for others."""
    return str(getattr(getattr(live, "_query_dense", None), "equation", ""))
