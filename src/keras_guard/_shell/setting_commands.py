"""The subcommands of ``%keras_guard`` that change what is watched and what is reported."""

from __future__ import annotations

from .._rules import CODES_BY_NAME, RULES
from .._session.session import Session
from .command_basics import CommandError, closest, no_arguments, say
from .command_words import CommandWords
from .options import CellSettings, Settings


class SettingCommands:
    """Changes the settings of one extension.

    Args:
        session: The session.
        settings: The settings.
        words: Finds what a word means.
    """

    def __init__(self, session: Session, settings: Settings, words: CommandWords) -> None:
        self._session = session
        self._settings = settings
        self._options = settings.options
        self._words = words

    def for_cell(self, words: list[str]) -> None:
        """Apply ``%%keras_guard ignore [CODES]`` or ``%%keras_guard strict`` to the running cell.

        Raises:
            CommandError: For anything but these two.
        """
        settings = CellSettings()
        match words:
            case ["ignore"]:
                settings.silent = True
            case ["ignore", *rest]:
                settings.ignored = frozenset(self._words.code_or_name(word) for word in rest)
            case ["strict"]:
                settings.strict = True
            case _:
                raise CommandError(
                    "a cell takes `%%keras_guard ignore`, `%%keras_guard ignore KG101 ...` "
                    "or `%%keras_guard strict`"
                )
        self._settings.cell = settings

    def ignore(self, words: list[str]) -> None:
        """Report nothing about rules or models."""
        options = self._options
        if not words:
            found = ", ".join(sorted(options.ignore))
            say([f"ignoring {found}" if found else "nothing is ignored; give a rule or a model's name"])
            return
        chosen = {self._words.code_or_name(word) for word in words}
        options.ignore = set(options.ignore) | chosen
        say([f"ignoring {', '.join(sorted(options.ignore))}"])

    def watch(self, words: list[str]) -> None:
        """Undo an ``ignore``, or watch the edits that a package makes."""
        if not words:
            packages = ", ".join(sorted(self._session.packages.names)) or "no packages"
            say([f"watching every rule but the ignored ones, in this notebook and in {packages}"])
            return
        options = self._options
        for word in words:
            known = CODES_BY_NAME.get(word, word)
            if known in options.ignore or known in RULES:
                options.ignore = set(options.ignore) - {known}
                say([f"watching {known} again" if known in RULES else f"watching `{known}` again"])
            else:
                self._watch_package(word)

    def _watch_package(self, name: str) -> None:
        try:
            late = self._session.packages.watch(name)
        except ModuleNotFoundError:
            known = closest(name, [*self._words.rules, *self._options.ignore])
            raise CommandError(
                f"`{name}` is neither a rule, nor ignored, nor a package that can be imported{known}"
            ) from None
        note = f"; {', '.join(late)} was imported before: reload it to have it watched" if late else ""
        say([f"watching edits made in `{name}`{note}"])

    def strict(self, words: list[str]) -> None:
        """Raise before a stale model is used, or only warn again."""
        if words not in ([], ["on"], ["off"]):
            raise CommandError("strict takes `on` or `off`: %keras_guard strict off")
        on = words != ["off"]
        self._options.strict = on
        say(["strict: a stale model raises before it is used" if on else "not strict: warns only"])

    def on(self, words: list[str]) -> None:
        """Watch."""
        no_arguments("on", words)
        self._options.enabled = True
        say(["keras_guard is on"])

    def off(self, words: list[str]) -> None:
        """Stop watching, until ``on``."""
        no_arguments("off", words)
        self._options.enabled = False
        say(["keras_guard is off; `%keras_guard on` turns it on again"])
