"""The options, as ``%config KerasGuard`` shows them, and the settings of the running cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypedDict

from traitlets import Bool, Enum, Int, Set, TraitError, Unicode, validate
from traitlets.config import Configurable

from .warning import filtered_action

if TYPE_CHECKING:
    from .._session.shell_interface import Options

_COMMENT = re.compile(r"#\s*keras-guard:\s*ignore(?:\[([^\]]*)\])?", re.IGNORECASE)


class _Proposal(TypedDict):
    """What traitlets gives to a validator."""

    value: set[str]


class KerasGuard(Configurable):
    """Options of keras_guard; set them with ``%config KerasGuard.name = value``."""

    enabled = Bool(True, help="Watch cells as they run.").tag(config=True)
    strict = Bool(
        False,
        help="Raise KerasGuardError in the cell, before a stale model is used, instead of only warning.",
    ).tag(config=True)
    ignore = Set(
        Unicode(),
        help="Rule codes (KG101), rule names (layer-list) or names of models that are not reported.",
    ).tag(config=True)
    autoload = Bool(
        True, help="Load at kernel start where the startup file is installed (read by that file only)."
    ).tag(config=True)
    html = Bool(True, help="Send the HTML card beside the text; off leaves text and JSON.").tag(config=True)
    picture = Bool(
        True, help="Draw the neighbourhood of an edit, before and after; off shows a table of layers."
    ).tag(config=True)
    colour = Enum(
        ["auto", "always", "never"], default_value="auto", help="Colour of the text card in terminals."
    ).tag(config=True)
    rebuild_style = Enum(
        ["replay", "copy", "source"],
        default_value="replay",
        help="Style of `%keras_guard rebuild` when none is given.",
    ).tag(config=True)
    dry_run_limit_mb = Int(
        512,
        min=0,
        help="Models with more megabytes of weights are dry-run by shapes only when they are rebuilt.",
    ).tag(config=True)

    norms_limit = Int(
        1_000_000,
        min=0,
        help="Note the norm of each weight when `fit` begins, for `%keras_guard doctor`, in models of up to so many "
        "parameters; 0 notes none.",
    ).tag(config=True)

    @validate("ignore")
    def _known_words(self, proposal: _Proposal) -> set[str]:
        from .._rules import RULES

        for word in proposal["value"]:
            if re.fullmatch(r"KG\d+", word) and word not in RULES:
                raise TraitError(f"{word} is not a rule; the rules are {', '.join(sorted(RULES))}")
        return proposal["value"]


class CellSettings:
    """Settings of one cell, from ``%%keras_guard ignore|strict``."""

    def __init__(self) -> None:
        self.strict = False
        self.ignored: frozenset[str] = frozenset()
        self.silent = False


class Settings:
    """The options and the settings of the running cell.

    Args:
        options: The options.

    Attributes:
        options: The options.
        cell: The settings of the running cell, ``None`` when it has none.
    """

    def __init__(self, options: KerasGuard) -> None:
        self.options = options
        self.cell: CellSettings | None = None

    def in_force(self) -> Options:
        """Return the options in force now."""
        from .._rules import RULES
        from .._session.shell_interface import Options

        options, cell = self.options, self.cell
        ignored = frozenset(options.ignore)
        strict = options.strict or filtered_action() == "error"
        if cell is not None:
            ignored |= cell.ignored
            strict = strict or cell.strict
            if cell.silent:
                ignored |= frozenset(RULES)
        return Options(options.enabled, ignored, strict, options.norms_limit)


def ignored_by_comment(lines: tuple[str, ...], code: str) -> bool:
    """Whether one of the lines ends in ``# keras-guard: ignore`` or ``ignore[CODE]``."""
    from .._rules import CODES_BY_NAME

    for line in lines:
        match = _COMMENT.search(line)
        if match is None:
            continue
        words = match.group(1)
        if words is None:
            return True
        named = {CODES_BY_NAME.get(word.strip(), word.strip().upper()) for word in words.split(",")}
        if code in named:
            return True
    return False
