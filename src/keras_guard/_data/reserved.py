"""Names and texts that the guard puts into instrumented code, and that no user's code has."""

from __future__ import annotations

#: The number of an instrumented statement is a text that begins so, and the name of its flag.
SITE_PREFIX = "__keras_guard_site__"
