"""``%keras_guard recompile``: the model's ``compile`` again, as the next cell or run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._data.types import Model
from .._session.session import Session
from .command_basics import CommandError, say
from .command_words import CommandWords
from .display import Display
from .rebuild_command import as_command_error

if TYPE_CHECKING:
    from .._rebuild import Recompile


class RecompileCommand:
    """Compiles models of one session again.

    Args:
        session: The session.
        display: Offers the next cell.
        words: Finds the model that a name means.
    """

    def __init__(self, session: Session, display: Display, words: CommandWords) -> None:
        self._session = session
        self._display = display
        self._words = words

    def run(self, words: list[str]) -> None:
        """Write the code that compiles a model again and keeps the optimizer's state, or run it."""
        names = [word for word in words if not word.startswith("-")]
        for word in words:
            if word.startswith("-") and word != "--run":
                raise CommandError(f"recompile has no option {word}; it takes --run")
        if len(names) > 1:
            raise CommandError(f"recompile takes one model, not also `{names[1]}`")
        model = self._words.model(names[0]) if names else self._words.only_model("recompile")
        found = self._recompiled(model, names[0] if names else None)
        if "--run" in words:
            say(self._run(found, model))
            return
        self._display.next_input(found.source.rstrip())
        say([f"recompile of `{found.target}` written into the next cell (tried): {found.optimizer}"])

    def source_for(self, model: Model) -> str:
        """Return the code that compiles a model again.

        Raises:
            CommandError: When it is refused.
        """
        return self._recompiled(model, None).source.rstrip()

    def _recompiled(self, model: Model, name: str | None) -> Recompile:
        from .._rebuild import RebuildRefused, recompile

        try:
            return recompile(
                model,
                namespace=self._session.shell.namespace,
                instead=self._session.bound_instead(model),
                name=name,
            )
        except RebuildRefused as refused:
            raise as_command_error(refused) from None

    def _run(self, found: Recompile, model: Model) -> list[str]:
        from .._rebuild import RebuildRefused

        try:
            found.run(self._session.shell.namespace)
        except RebuildRefused as refused:
            raise as_command_error(refused) from None
        except Exception as error:
            raise CommandError(
                f"the code raised {type(error).__name__}: {error}; `{found.target}` is compiled as before"
            ) from error
        self._session.look_again()
        return [
            found.source.rstrip(),
            "",
            f"ran: `{found.target}` is compiled again; {found.optimizer}",
            *self._left(model),
        ]

    def _left(self, model: Model) -> list[str]:
        """Say what ``compile`` does not cure."""
        return [
            f"still {entry.diagnostic.state.value}: {entry.diagnostic.code} {entry.diagnostic.message}"
            for entry in self._session.desk.entries_of(model)
            if entry.shown
        ]
