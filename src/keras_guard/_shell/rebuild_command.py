"""``%keras_guard rebuild``: its options, the code for the next cell, ``--run``, and the button of a front end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .._data.place import Place
from .._session.session import Session
from .command_basics import CommandError, closest, say
from .command_words import CommandWords
from .display import Display
from .options import KerasGuard

if TYPE_CHECKING:
    from .._rebuild import Rebuild, RebuildRefused

#: Of float32, which is what Keras uses unless told otherwise.
_PARAMETERS_IN_A_MEGABYTE = 250_000
STYLES = ("replay", "copy", "source")
FLAGS = ("--run", "--fresh-optimizer", "--with-dependents")
_VALUES = ("--style", "--name", "--input-shape")
OPTIONS = (*FLAGS, *_VALUES)


@dataclass
class RebuildOptions:
    """The words after ``rebuild``.

    Attributes:
        model: The name or place of the model; ``None`` for the only one.
        style: The style; ``None`` for the configured one.
        name: The name or place to assign to; ``None`` for the model's own.
        run: Whether to run the code.
        fresh_optimizer: Whether the optimizer starts from its initial state.
        with_dependents: Whether what depends on the model is rebuilt, too.
        input_shapes: Shapes for inputs by name; an empty name for the only one.
    """

    model: str | None = None
    style: str | None = None
    name: str | None = None
    run: bool = False
    fresh_optimizer: bool = False
    with_dependents: bool = False
    input_shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)


def rebuild_options(words: list[str]) -> RebuildOptions:
    """Read the words after ``rebuild``.

    Raises:
        CommandError: When they cannot be read.
    """
    options = RebuildOptions()
    rest = iter(words)
    for word in rest:
        if word in FLAGS:
            setattr(options, word.removeprefix("--").replace("-", "_"), True)
        elif word in _VALUES:
            value = next(rest, None)
            if value is None:
                raise CommandError(f"{word} needs a value: %keras_guard rebuild model {word} VALUE")
            if word == "--input-shape":
                _add_shape(options.input_shapes, value)
            else:
                setattr(options, word.removeprefix("--"), value)
        elif word.startswith("-"):
            known = ", ".join([*FLAGS, "--style STYLE", "--name NAME", "--input-shape SIZES"])
            raise CommandError(f"rebuild has no option {word}; it takes {known}")
        elif options.model is None:
            options.model = word
        else:
            raise CommandError(f"rebuild takes one model, not also `{word}`")
    if options.style is not None and options.style not in STYLES:
        raise CommandError(
            f"no style `{options.style}`{closest(options.style, STYLES)}; there are {', '.join(STYLES)}"
        )
    if options.with_dependents and not options.run:
        raise CommandError("--with-dependents rebuilds them one after another as it goes: add --run")
    return options


def _add_shape(shapes: dict[str, tuple[int | None, ...]], value: str) -> None:
    """Read ``96,96,1`` or ``name=96,96,1``; ``none`` is a size of any length."""
    name, equals, sizes = value.rpartition("=")
    words = [word.strip().lower() for word in sizes.strip("()").rstrip(",").split(",")]
    try:
        shape = tuple(None if word == "none" else int(word) for word in words)
    except ValueError:
        shape = ()
    if not shape or bool(equals) != bool(name) or (shapes and bool(name) == ("" in shapes)):
        raise CommandError(
            f"`{value}` is no shape: write --input-shape 96,96,1, or --input-shape NAME=96,96,1 for each input"
        )
    shapes[name] = shape


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
        found = self._rebuilt(model, options)
        if options.run:
            say(self._run(found, options))
            return
        self._display.next_input(found.source.rstrip())
        say(
            [
                f"rebuild of `{found.target}` written into the next cell (tried: {found.dry_run})",
                *_notes(found),
                *_left(found),
            ]
        )

    def _run(self, found: Rebuild, options: RebuildOptions) -> list[str]:
        """Run the code; returns what to say of it."""
        from .._rebuild import RebuildRefused, run_with_dependents

        namespace = self._session.shell.namespace
        more: list[Rebuild] = []
        try:
            if options.with_dependents:
                more = run_with_dependents(found, namespace)
            else:
                found.run(namespace)
        except RebuildRefused as refused:
            raise as_command_error(refused) from None
        except Exception as error:
            raise CommandError(
                f"the code raised {type(error).__name__}: {error}\n"
                "without --run it comes into the next cell, where you can see and change it"
            ) from error
        self._session.look_again()
        lines = [found.source.rstrip(), "", f"ran: `{found.target}` is the rebuilt model", *_notes(found)]
        for one in more:
            lines += ["", one.source.rstrip(), "", f"ran: `{one.target}` is rebuilt with it", *_notes(one)]
        if not options.with_dependents:
            return lines + _left(found)
        held = [one.place for one in found.dependents if one.kind == "holds"]
        return lines + [f"assigned the new model to `{place}`, too" for place in held]

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
                name = entry.diagnostic.model
                options = RebuildOptions(name if self._is_at(name, models[0]) else None)
                return self._rebuilt(models[0], options).source.rstrip()
        raise CommandError("this divergence is resolved by now")

    def _is_at(self, text: str, model: object) -> bool:
        try:
            return Place.parse(text).read(self._session.shell.namespace) is model
        except ValueError:
            return False

    def _rebuilt(self, model: object, options: RebuildOptions) -> Rebuild:
        from .._data.edits import InputShape
        from .._rebuild import RebuildRefused, rebuild

        shapes = options.input_shapes
        shaped = [InputShape(shapes.get("", shapes))] if shapes else []
        try:
            return rebuild(
                model,
                [*self._session.edits_of(model), *shaped],
                namespace=self._session.shell.namespace,
                style=options.style or self._options.rebuild_style,
                dry_run_limit=self._options.dry_run_limit_mb * _PARAMETERS_IN_A_MEGABYTE,
                name=options.name or options.model,
                fresh_optimizer=options.fresh_optimizer,
            )
        except RebuildRefused as refused:
            raise as_command_error(refused) from None


def _notes(found: Rebuild) -> list[str]:
    return [f"# {note}" for note in found.notes]


def _left(found: Rebuild) -> list[str]:
    """Say what goes on using the old model."""
    if not found.dependents:
        return []
    return [
        *(f"warning: {one}" for one in found.dependents),
        f"`%keras_guard rebuild {found.target} --run --with-dependents` rebuilds them, too",
    ]


def as_command_error(refused: RebuildRefused) -> CommandError:
    """Return a refusal as the answer of a command."""
    choices = "".join(f"\n  - {choice}" for choice in refused.choices)
    return CommandError(f"{refused.reason}{choices}")
