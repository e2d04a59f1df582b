"""``%keras_guard rebuild``: its options, the code for the next cell, ``--run``, and the button of a front end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._session.session import Session
from .command_basics import CommandError, closest, say
from .command_words import CommandWords
from .display import Display
from .options import KerasGuard

if TYPE_CHECKING:
    from .._rebuild import Rebuild

#: Of float32, which is what Keras uses unless told otherwise.
_PARAMETERS_IN_A_MEGABYTE = 250_000
STYLES = ("replay", "copy", "source")
OPTIONS = ("--run", "--style", "--name")


@dataclass
class RebuildOptions:
    """The words after ``rebuild``.

    Attributes:
        model: What leads to the model; ``None`` for the only one.
        style: The style; ``None`` for the configured one.
        name: The name that the code binds; ``None`` for the model's own.
        run: Whether to run the code.
    """

    model: str | None = None
    style: str | None = None
    name: str | None = None
    run: bool = False


def rebuild_options(words: list[str]) -> RebuildOptions:
    """Read the words after ``rebuild``.

    Raises:
        CommandError: When they cannot be read.
    """
    options = RebuildOptions()
    rest = iter(words)
    for word in rest:
        if word == "--run":
            options.run = True
        elif word in ("--style", "--name"):
            value = next(rest, None)
            if value is None:
                raise CommandError(f"{word} needs a value: %keras_guard rebuild model {word} VALUE")
            setattr(options, word.removeprefix("--"), value)
        elif word.startswith("-"):
            raise CommandError(f"rebuild has no option {word}; it takes --run, --style STYLE, --name NAME")
        elif options.model is None:
            options.model = word
        else:
            raise CommandError(f"rebuild takes one model, not also `{word}`")
    if options.style is not None and options.style not in STYLES:
        raise CommandError(
            f"no style `{options.style}`{closest(options.style, STYLES)}; there are {', '.join(STYLES)}"
        )
    if options.name is not None and not options.name.isidentifier():
        raise CommandError(f"`{options.name}` is no Python name; give --name a plain one")
    return options


class RebuildCommand:
    """Rebuilds models of one session.

    Args:
        session: The session.
        options: The options of the extension.
        display: Offers the next cell.
        words: Finds the model that a name means.
    """

    def __init__(self, session: Session, options: KerasGuard, display: Display, words: CommandWords) -> None:
        self._session = session
        self._options = options
        self._display = display
        self._words = words

    def run(self, words: list[str]) -> None:
        """Write the code that brings a model and its edits together, or run it."""
        options = rebuild_options(words)
        model = self._words.model(options.model) if options.model else self._words.only_model("rebuild")
        found = self._rebuilt(model, options.style, options.name or _plain(options.model))
        notes = [f"# {note}" for note in found.notes]
        if options.run:
            self._run(found)
            say([found.source.rstrip(), "", f"ran: `{found.target}` is the rebuilt model", *notes])
            return
        self._display.next_input(found.source.rstrip())
        say([f"rebuild of `{found.target}` written into the next cell (tried: {found.dry_run})", *notes])

    def _run(self, found: Rebuild) -> None:
        try:
            found.run(self._session.shell.namespace)
        except Exception as error:
            raise CommandError(
                f"the code raised {type(error).__name__}: {error}\n"
                "without --run it comes into the next cell, where you can see and change it"
            ) from error
        self._session.look_again()

    def source_for(self, identity: str) -> str:
        """Return the code of the rebuild that a live diagnostic asks for.

        Args:
            identity: The diagnostic's id.

        Raises:
            CommandError: When it is resolved by now, or the rebuild is refused.
        """
        for entry in self._session.ledger.live():
            models = entry.models()
            if entry.diagnostic.id == identity and models:
                return self._rebuilt(models[0], None, _plain(entry.diagnostic.model)).source.rstrip()
        raise CommandError("this divergence is resolved by now")

    def _rebuilt(self, model: object, style: str | None, name: str | None) -> Rebuild:
        from .._rebuild import RebuildRefused, rebuild

        try:
            return rebuild(
                model,
                self._session.edits_of(model),
                namespace=self._session.shell.namespace,
                style=style or self._options.rebuild_style,
                dry_run_limit=self._options.dry_run_limit_mb * _PARAMETERS_IN_A_MEGABYTE,
                name=name,
            )
        except RebuildRefused as refused:
            choices = "".join(f"\n  - {choice}" for choice in refused.choices)
            raise CommandError(f"{refused.reason}{choices}") from None


def _plain(name: str | None) -> str | None:
    """Return a name that code can bind, and ``None`` for an expression such as ``nets["a"]``."""
    return name if name and name.isidentifier() else None
