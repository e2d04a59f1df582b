"""``%keras_guard rebuild``: its words, what it runs and what it says."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .command_error import CommandError

if TYPE_CHECKING:
    from .._data.types import Model
    from .._rebuild import Rebuild
    from .extension import Extension

STYLES = ("replay", "copy", "source")
FLAGS = ("--run", "--fresh-optimizer", "--with-dependents")
OPTIONS = ("--style", "--name")
#: Of float32, which is what Keras uses unless told otherwise.
_PARAMETERS_IN_A_MEGABYTE = 250_000


@dataclass
class Asked:
    """What a line asks for.

    Attributes:
        model: The name or place of the model; ``None`` for the one with divergences.
        style: The style; ``None`` for the one of the options.
        target: The name or place to assign to; ``None`` for the model's own.
        run: Whether the code is run.
        fresh_optimizer: Whether the optimizer starts anew.
        with_dependents: Whether what depends on the model is rebuilt, too.
    """

    model: str | None = None
    style: str | None = None
    target: str | None = None
    run: bool = False
    fresh_optimizer: bool = False
    with_dependents: bool = False


def read_words(words: list[str]) -> Asked:
    """Read the words behind ``rebuild``.

    Raises:
        CommandError: For a word that is none of them.
    """
    asked, rest = Asked(), list(words)
    while rest:
        word = rest.pop(0)
        if word in FLAGS:
            setattr(asked, word[2:].replace("-", "_"), True)
        elif word in OPTIONS:
            if not rest:
                raise CommandError(f"{word} needs a value: %keras_guard rebuild model {word} VALUE")
            value = rest.pop(0)
            asked.style, asked.target = (value, asked.target) if word == "--style" else (asked.style, value)
        elif word.startswith("-"):
            known = ", ".join([*FLAGS, "--style STYLE", "--name NAME"])
            raise CommandError(f"rebuild has no option {word}; it takes {known}")
        elif asked.model is None:
            asked.model = word
        else:
            raise CommandError(f"rebuild takes one model, not also `{word}`")
    if asked.style is not None and asked.style not in STYLES:
        close = difflib.get_close_matches(asked.style, STYLES, n=1)
        meant = f" (did you mean `{close[0]}`?)" if close else ""
        raise CommandError(f"no style `{asked.style}`{meant}; there are {', '.join(STYLES)}")
    if asked.with_dependents and not asked.run:
        raise CommandError("--with-dependents rebuilds them one after another as it goes: add --run")
    return asked


class RebuildCommand:
    """Writes, or runs, the code that brings a model and its edits together.

    Args:
        extension: The extension.
        find: Returns the model at a place, or the only one for ``None``.
        say: Prints lines.
    """

    def __init__(
        self, extension: Extension, find: Callable[[str | None], Model], say: Callable[[list[str]], None]
    ) -> None:
        self._extension = extension
        self._find = find
        self._say = say

    def __call__(self, words: list[str]) -> None:
        """Answer ``rebuild`` with some words.

        Raises:
            CommandError: For a wrong word, a model that is not there, a refusal, or code that raises.
        """
        asked = read_words(words)
        found = self.rebuilt(self._find(asked.model), asked)
        if asked.run:
            self._run(found, asked)
            return
        self._extension.display.next_input(found.source.rstrip())
        self._say(
            [
                f"rebuild of `{found.target}` written into the next cell (tried: {found.dry_run})",
                *_notes(found),
                *self._left(found),
            ]
        )

    def rebuilt(self, model: Model, asked: Asked) -> Rebuild:
        """Return the rebuild of a model.

        Raises:
            CommandError: When it is refused.
        """
        from .._rebuild import RebuildRefused, rebuild

        options, session = self._extension.options, self._extension.session
        try:
            return rebuild(
                model,
                session.edits_of(model),
                namespace=session.shell.namespace,
                style=asked.style or options.rebuild_style,
                dry_run_limit=options.dry_run_limit_mb * _PARAMETERS_IN_A_MEGABYTE,
                name=asked.target or asked.model,
                fresh_optimizer=asked.fresh_optimizer,
            )
        except RebuildRefused as refused:
            raise _refused(refused) from None

    def _run(self, found: Rebuild, asked: Asked) -> None:
        from .._rebuild import RebuildRefused, run_with_dependents

        session = self._extension.session
        more: list[Rebuild] = []
        try:
            if asked.with_dependents:
                more = run_with_dependents(found, session.shell.namespace)
            else:
                found.run(session.shell.namespace)
        except RebuildRefused as refused:
            raise _refused(refused) from None
        except Exception as error:
            raise CommandError(
                f"the code raised {type(error).__name__}: {error}\n"
                "without --run it comes into the next cell, where you can see and change it"
            ) from error
        session.look_again()
        lines = [found.source.rstrip(), "", f"ran: `{found.target}` is the rebuilt model", *_notes(found)]
        for one in more:
            lines += ["", one.source.rstrip(), "", f"ran: `{one.target}` is rebuilt with it", *_notes(one)]
        if asked.with_dependents:
            held = [one.place for one in found.dependents if one.kind == "holds"]
            lines += [f"assigned the new model to `{place}`, too" for place in held]
        else:
            lines += self._left(found)
        self._say(lines)

    @staticmethod
    def _left(found: Rebuild) -> list[str]:
        """Say what goes on using the old model."""
        if not found.dependents:
            return []
        return [
            *(f"warning: {one}" for one in found.dependents),
            f"`%keras_guard rebuild {found.target} --run --with-dependents` rebuilds them, too",
        ]


def _notes(found: Rebuild) -> list[str]:
    return [f"# {note}" for note in found.notes]


def _refused(refused: Any) -> CommandError:
    choices = "".join(f"\n  - {choice}" for choice in refused.choices)
    return CommandError(f"{refused.reason}{choices}")
