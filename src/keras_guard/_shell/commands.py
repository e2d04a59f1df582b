"""The subcommands of ``%keras_guard``: which there are, their completion, and those that show something."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .._render.as_page import first_sentence, page_as_text
from .._render.as_table import lines_as_html, table_as_html
from .._render.as_text import render_text
from .._render.paint import Line, laid_out
from .._rules import RULES
from .._session.session import Session
from . import rebuild_command
from .command_basics import CommandError, closest, no_arguments, say
from .command_words import CommandWords
from .display import Display
from .entry_lines import EVENT_COLUMNS, diagnostic_of, event_lines, events_of
from .help_rows import ROWS, help_lines
from .line_words import words_of
from .options import Settings
from .rebuild_command import RebuildCommand
from .recompile_command import RecompileCommand
from .setting_commands import SettingCommands
from .status_lines import LISTED, STATUS_COLUMNS, status_lines, status_rows

if TYPE_CHECKING:
    from .._data.picture import Picture
    from .._data.views import ModelViews

#: The flag of ``diff`` for every layer.
ALL = "--all"


#: What follows a model's name, by subcommand.
_OPTIONS = {"rebuild": rebuild_command.OPTIONS, "recompile": ("--run",), "diff": (ALL,)}


class Commands:
    """Answers the magics of one extension.

    Args:
        session: The session.
        settings: The settings.
        display: Shows tables and pictures, and offers the next cell.
    """

    def __init__(self, session: Session, settings: Settings, display: Display) -> None:
        self._session = session
        self._settings = settings
        self._display = display
        self._words = CommandWords(session)
        self.rebuild = RebuildCommand(session, settings.options, display, self._words)
        self._setting = SettingCommands(session, settings, self._words)
        self.for_cell = self._setting.for_cell
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "status": self.status,
            "check": self.check,
            "diff": self.diff,
            "doctor": self.doctor,
            "rebuild": self.rebuild.run,
            "recompile": RecompileCommand(session, display, self._words).run,
            "explain": self.explain,
            "ignore": self._setting.ignore,
            "watch": self._setting.watch,
            "strict": self._setting.strict,
            "on": self._setting.on,
            "off": self._setting.off,
            "history": self.history,
            "help": self.help,
        }

    def run(self, line: str) -> None:
        """Run one line.

        Raises:
            CommandError: For an unknown subcommand or a bad argument.
        """
        words = words_of(line)
        name, rest = (words[0], words[1:]) if words else ("status", [])
        command = self._commands.get(name)
        if command is None:
            raise CommandError(
                f"no subcommand `{name}`{closest(name, self._commands)}; there are {', '.join(self._commands)}"
            )
        command(rest)

    def complete(self, line: str, symbol: str) -> list[str]:
        """Return the completions of a line's last word."""
        words = line.lstrip("%").split()[1:]
        if words and not line.endswith(" "):
            words = words[:-1]
        if line.startswith("%%"):
            found: Iterable[str] = ["ignore", "strict"] if not words else RULES
        else:
            found = self._continuations(words)
        return sorted(word for word in found if word.startswith(symbol))

    def _continuations(self, words: list[str]) -> Iterable[str]:
        """Return what may follow the words of a line."""
        match words:
            case []:
                return self._commands
            case ["rebuild", *_, "--style"]:
                return rebuild_command.STYLES
            case ["rebuild" | "recompile" | "check" | "diff" | "doctor" as command, *_]:
                return [*self._words.model_names(), *_OPTIONS.get(command, ())]
            case ["explain", *_]:
                return self._words.rules
            case ["ignore" | "watch", *_]:
                return [*self._words.rules, *self._words.model_names()]
            case ["strict", *_]:
                return ["on", "off"]
        return []

    def status(self, words: list[str]) -> None:
        """Say whether the guard watches, what is open, and what went wrong inside it."""
        no_arguments("status", words)
        lines = status_lines(self._settings.options, self._session)
        rows = status_rows(self._session.ledger)
        html = table_as_html(lines[0], STATUS_COLUMNS, rows) + lines_as_html(
            line.strip() for line in lines[1:] if not line.startswith(LISTED)
        )
        self._display.show_text("\n".join(laid_out(map(_status_line, lines), self._display.look())), html)

    def check(self, words: list[str]) -> None:
        """Audit the three views of one model, or of all."""
        if len(words) > 1:
            raise CommandError("check takes one model, or none for all: %keras_guard check model")
        models = [self._words.model(words[0])] if words else self._words.top_models()
        if not models:
            say(["no Keras model is within reach of the notebook's names"])
            return
        lines = []
        for model in models:
            entries = self._session.audit(model)
            name = words[0] if words else self._session.desk.name_of(model)
            if not entries:
                lines.append(f"`{name}`: declared, graph and compiled views agree")
                continue
            lines.append(f"`{name}`: {len(entries)} divergence{'s' * (len(entries) != 1)}")
            for entry in entries:
                look = self._display.look()
                narrower = replace(look, width=look.width and look.width - 2)
                lines.append(textwrap.indent(render_text(diagnostic_of(entry), look=narrower), "  "))
        say(lines)

    def diff(self, words: list[str]) -> None:
        """Show the views of a model side by side, layer by layer."""
        every = ALL in words
        words = [word for word in words if word != ALL]
        if len(words) > 1 or any(word.startswith("--") for word in words):
            raise CommandError(
                f"diff takes one model, and {ALL} for every layer: %keras_guard diff model {ALL}"
            )
        from .._render.as_svg import picture_as_html
        from .._render.as_text import picture_lines
        from .._render.as_views import views_as_html, views_as_text

        model = self._words.model(words[0]) if words else self._words.only_model("diff")
        name = words[0] if words else self._session.desk.name_of(model)
        views = self._session.views(model, name)
        pictures = self._pictures(model, views)
        look = self._display.look()
        text = [views_as_text(views, look=look, every=every), *laid_out(picture_lines(pictures), look)]
        html = views_as_html(views, every=every) + "".join(picture_as_html(picture) for picture in pictures)
        self._display.show_text("\n".join(text), html)

    def doctor(self, words: list[str]) -> None:
        """Find out why a model does not change; reads only."""
        if len(words) > 1:
            raise CommandError("doctor takes one model: %keras_guard doctor model")
        from .._render.as_checkup import checkup_as_html, checkup_as_text

        model = self._words.model(words[0]) if words else self._words.only_model("doctor")
        found = self._session.examine(model, words[0] if words else self._session.desk.name_of(model))
        text = checkup_as_text(found, look=self._display.look())
        self._display.show_text(text, checkup_as_html(found))

    def _pictures(self, model: object, views: ModelViews) -> tuple[Picture, ...]:
        """Draw the edits of a model, and what else its views disagree on."""
        from .._rebuild.neighbourhood import pictures_of_views

        drawn = self._session.shell.pictures(model, self._session.edits_of(model))
        others = self._session.containment.try_to(pictures_of_views, model, views, bool(drawn))
        return drawn + (others or ())

    def explain(self, words: list[str]) -> None:
        """Explain a rule, or list all of them."""
        if not words:
            say([f"{rule.code}  {rule.name:<24} {first_sentence(rule)}" for rule in RULES.values()])
        for word in words:
            say([page_as_text(RULES[self._words.code(word)])])

    def history(self, words: list[str]) -> None:
        """List everything that was shown, with how it ended."""
        no_arguments("history", words)
        events = events_of(self._session.ledger.shown())
        if not events:
            say(["nothing was reported yet"])
            return
        text = "\n".join(laid_out(event_lines(events), self._display.look()))
        self._display.show_text(text, table_as_html("history", EVENT_COLUMNS, events))

    def help(self, words: list[str]) -> None:
        """List the subcommands and their flags."""
        no_arguments("help", words)
        text = "\n".join(laid_out(help_lines(), self._display.look()))
        rows = [(f"`{usage}`", what, f"`{example}`") for usage, what, example in ROWS]
        self._display.show_text(
            text, table_as_html("%keras_guard", ("subcommand", "what it does", "example"), rows)
        )


def _status_line(text: str) -> Line:
    return Line(text, indent=len(text) - len(text.lstrip()) + 2)
