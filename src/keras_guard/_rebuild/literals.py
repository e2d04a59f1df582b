"""Plain values and names as code.

Names and configs of models come from files of strangers. They reach the source only through
:func:`literal`, never as code.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from typing import Any

from .._adapter.layer_config import NotExpressibleError
from .._data.quoting import quoted


def literal(value: object) -> str:
    """Return Python source that evaluates to a plain value.

    Raises:
        NotExpressibleError: For anything but numbers, texts, ``None``, slices, and lists, tuples, dicts of these.
    """
    if value is None or value is Ellipsis or isinstance(value, (bool, int)):
        return "..." if value is Ellipsis else repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if type(value) is str or type(value) is bytes:
        return quoted(value) if isinstance(value, str) else repr(value)
    if isinstance(value, slice):
        return f"slice({literal(value.start)}, {literal(value.stop)}, {literal(value.step)})"
    text = container(value, literal)
    if text is None:
        raise NotExpressibleError(f"no literal for a {type(value).__name__}")
    return text


def container(value: object, spelled: Callable[[Any], str]) -> str | None:
    """Return a list, tuple or dict as code, its items as another function spells them; ``None`` for anything else."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(k)}: {spelled(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(spelled, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(spelled, value))}{',' if len(value) == 1 else ''})"
    return None


def subscript(key: object) -> str:
    """Write what is in the brackets of ``x[...]``, with colons for slices."""
    parts = key if isinstance(key, (tuple, list)) else (key,)
    return ", ".join(_colons(part) if isinstance(part, slice) else literal(part) for part in parts)


def _colons(part: slice) -> str:
    ends = [literal(end) if end is not None else "" for end in (part.start, part.stop, part.step)]
    return ":".join(ends if part.step is not None else ends[:2])


def is_plain_name(name: object) -> bool:
    """Whether a text is a Python name that can be assigned to and read without harm."""
    return (
        isinstance(name, str)
        and name.isascii()
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and name != "__debug__"
    )


def local_name(wanted: str, taken: set[str]) -> str:
    """Return a free local name that resembles ``wanted``, and take it."""
    stem = re.sub(r"[^0-9a-zA-Z]+", "_", wanted).strip("_").lower()[:40] or "x"
    stem = f"t{stem}" if stem[0].isdigit() else stem
    stem = f"{stem}_" if keyword.iskeyword(stem) or keyword.issoftkeyword(stem) else stem
    found, number = stem, 2
    while found in taken:
        found, number = f"{stem}_{number}", number + 1
    taken.add(found)
    return found
