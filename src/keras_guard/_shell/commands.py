"""The subcommands of ``%keras_guard``: what each one does and says."""

from __future__ import annotations

import difflib
import textwrap
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from .._adapter.face import FACE, backend, is_model, version
from .._data.diagnostic import State
from .._ledger import Entry
from .._render.as_page import first_sentence, page_as_text
from .._render.as_text import render_text
from .._rules import CODES_BY_NAME, RULES
from .._session.reach import reachable
from .._version import __version__
from .command_error import CommandError
from .command_words import words_of
from .places import PlaceError, value_at_place
from .rebuild_command import FLAGS, OPTIONS, STYLES, Asked, RebuildCommand
from .support import complaints

if TYPE_CHECKING:
    from .._data.picture import Picture
    from .._data.views import ModelViews
    from .._rebuild import Rebuild
    from .extension import Extension


class Commands:
    """Answers the magics of one extension.

    Args:
        extension: The extension.
    """

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._session = extension.session
        self._rebuilding = RebuildCommand(extension, self._asked_model, self._say)
        self._commands: dict[str, Callable[[list[str]], None]] = {
            "status": self.status,
            "check": self.check,
            "diff": self.diff,
            "rebuild": self.rebuild,
            "explain": self.explain,
            "ignore": self.ignore,
            "watch": self.watch,
            "strict": self.strict,
            "on": self.on,
            "off": self.off,
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
                f"no subcommand `{name}`{_closest(name, self._commands)}; "
                f"there are {', '.join(self._commands)}"
            )
        command(rest)

    def set_for_cell(self, words: list[str]) -> None:
        """Apply ``%%keras_guard ignore [CODES]`` or ``%%keras_guard strict`` to the running cell.

        Raises:
            CommandError: For anything but these two.
        """
        from .options import CellSettings

        settings = CellSettings()
        match words:
            case ["ignore"]:
                settings.silent = True
            case ["ignore", *rest]:
                settings.ignored = frozenset(self._code_or_name(word) for word in rest)
            case ["strict"]:
                settings.strict = True
            case _:
                raise CommandError(
                    "a cell takes `%%keras_guard ignore`, `%%keras_guard ignore KG101 ...` "
                    "or `%%keras_guard strict`"
                )
        self._extension.cell_settings = settings

    def complete(self, line: str, symbol: str) -> list[str]:
        """Return the completions of a line's last word."""
        words = line.lstrip("%").split()[1:]
        if words and not line.endswith(" "):
            words = words[:-1]
        if line.startswith("%%"):
            found: Iterable[str] = ["ignore", "strict"] if not words else RULES
        elif not words:
            found = self._commands
        elif words[0] in ("check", "diff", "rebuild"):
            found = [*self._model_names(), *((*FLAGS, *OPTIONS) if words[0] == "rebuild" else ())]
            found = STYLES if words[-1] == "--style" else found
        elif words[0] == "explain":
            found = [*RULES, *CODES_BY_NAME]
        elif words[0] in ("ignore", "watch"):
            found = [*RULES, *CODES_BY_NAME, *self._model_names()]
        elif words[0] == "strict":
            found = ["on", "off"]
        else:
            found = []
        return sorted(word for word in found if word.startswith(symbol))

    # Subcommands

    def status(self, words: list[str]) -> None:
        """Say whether the guard watches, what is open, and what went wrong inside it."""
        _no_arguments("status", words)
        options, session = self._extension.options, self._session
        awake = f"{version()} on {backend()}" if FACE.awake else "asleep until Keras is imported"
        lines = [f"keras_guard {__version__}: {'on' if options.enabled else 'off'}, {awake}"]
        modes = (["strict"] if options.strict else []) + (
            [f"ignoring {', '.join(sorted(options.ignore))}"] if options.ignore else []
        )
        if modes:
            lines.append("  " + "; ".join(modes))
        session.settle()
        live = [entry for entry in session.ledger.live() if entry.shown]
        lines += [f"  {_one_line(entry)}" for entry in live] or ["  nothing pending, nothing open"]
        faults = session.containment.faults
        if faults:
            total = sum(faults.values())
            lines.append(f"  {total} fault{'s' * (total != 1)} inside the guard, contained:")
            lines += [f"    {count} x {label}" for label, count in faults.most_common(5)]
        lines += [f"  {line}" for line in complaints()]
        if session.hooks.missing:
            lines.append(f"  not found in this Keras: {', '.join(session.hooks.missing)}")
        self._say(lines)

    def check(self, words: list[str]) -> None:
        """Audit the three views of one model, or of all."""
        if len(words) > 1:
            raise CommandError("check takes one model, or none for all: %keras_guard check model")
        models = [self._model(words[0])] if words else self._top_models()
        if not models:
            self._say(["no Keras model is within reach of the notebook's names"])
            return
        lines = []
        for model in models:
            entries = self._session.audit(model)
            name = words[0] if words else self._session.name_of(model)
            if not entries:
                lines.append(f"`{name}`: declared, graph and compiled views agree")
                continue
            lines.append(f"`{name}`: {len(entries)} divergence{'s' * (len(entries) != 1)}")
            for entry in entries:
                lines.append(textwrap.indent(render_text(entry.diagnostic, colour=self._coloured()), "  "))
        self._say(lines)

    def diff(self, words: list[str]) -> None:
        """Show the views of a model side by side, layer by layer."""
        if len(words) > 1:
            raise CommandError("diff takes one model: %keras_guard diff model")
        from .._render.as_sketch import pictures_as_text
        from .._render.as_svg import picture_as_html
        from .._render.as_views import views_as_html, views_as_text
        from .._render.paint import painter

        model = self._model(words[0]) if words else self._only_model("diff")
        name = words[0] if words else self._session.name_of(model)
        views = self._session.views(model, name)
        pictures = self._pictures(model, views)
        text = [views_as_text(views, colour=self._coloured())]
        text += pictures_as_text(pictures, painter(self._coloured()))
        html = views_as_html(views) + "".join(picture_as_html(picture) for picture in pictures)
        self._extension.display.show_text("\n".join(text), html)

    def _pictures(self, model: Any, views: ModelViews) -> tuple[Picture, ...]:
        """Draw the edits of a model, and what else its views disagree on."""
        from .._rebuild.neighbourhood import pictures_of_views

        edits = self._session.edits_of(model)
        drawn = self._extension.pictures(model, edits)
        return drawn + (
            self._extension.containment.shield(pictures_of_views)(model, views, bool(drawn)) or ()
        )

    def rebuild(self, words: list[str]) -> None:
        """Write the code that brings a model and its edits together, or run it."""
        self._rebuilding(words)

    def rebuild_of(self, identity: str) -> Rebuild:
        """Return the rebuild that a live diagnostic asks for.

        Args:
            identity: The diagnostic's id.

        Raises:
            CommandError: When it is resolved by now, or the rebuild is refused.
        """
        for entry in self._session.ledger.live():
            models = entry.models()
            if entry.diagnostic.id == identity and models:
                name = entry.diagnostic.model
                return self._rebuilding.rebuilt(
                    models[0], Asked(name if self._is_at(name, models[0]) else None)
                )
        raise CommandError("this divergence is resolved by now")

    def explain(self, words: list[str]) -> None:
        """Explain a rule, or list all of them."""
        if not words:
            self._say([f"{rule.code}  {rule.name:<24} {first_sentence(rule)}" for rule in RULES.values()])
            return
        for word in words:
            rule = RULES.get(self._code(word))
            assert rule is not None
            self._say([page_as_text(rule)])

    def ignore(self, words: list[str]) -> None:
        """Say nothing more about rules or models."""
        options = self._extension.options
        if not words:
            found = ", ".join(sorted(options.ignore))
            self._say([f"ignoring {found}" if found else "nothing is ignored; give a rule or a model's name"])
            return
        chosen = {self._code_or_name(word) for word in words}
        options.ignore = set(options.ignore) | chosen
        self._say([f"ignoring {', '.join(sorted(options.ignore))}"])

    def watch(self, words: list[str]) -> None:
        """Take back an ``ignore``, or watch the edits a package of the user's makes."""
        if not words:
            packages = ", ".join(sorted(self._session.packages.names)) or "no packages"
            self._say([f"watching every rule but the ignored ones, in this notebook and in {packages}"])
            return
        options = self._extension.options
        for word in words:
            known = CODES_BY_NAME.get(word, word)
            if known in options.ignore or known in RULES:
                options.ignore = set(options.ignore) - {known}
                self._say([f"watching {known} again" if known in RULES else f"watching `{known}` again"])
            else:
                self._watch_package(word)

    def _watch_package(self, name: str) -> None:
        try:
            late = self._session.packages.watch(name)
        except ModuleNotFoundError:
            known = [*RULES, *CODES_BY_NAME, *self._extension.options.ignore]
            raise CommandError(
                f"`{name}` is neither a rule, nor ignored, nor a package that can be imported{_closest(name, known)}"
            ) from None
        note = f"; {', '.join(late)} was imported before: reload it to have it watched" if late else ""
        self._say([f"watching edits made in `{name}`{note}"])

    def strict(self, words: list[str]) -> None:
        """Raise before a stale model is used, or only warn again."""
        if words not in ([], ["on"], ["off"]):
            raise CommandError("strict takes `on` or `off`: %keras_guard strict off")
        self._extension.options.strict = words != ["off"]
        self._say(
            [
                "strict: a stale model raises before it is used"
                if words != ["off"]
                else "not strict: warns only"
            ]
        )

    def on(self, words: list[str]) -> None:
        """Watch."""
        _no_arguments("on", words)
        self._extension.options.enabled = True
        self._say(["keras_guard is on"])

    def off(self, words: list[str]) -> None:
        """Watch no more, until ``on``."""
        _no_arguments("off", words)
        self._extension.options.enabled = False
        self._say(["keras_guard is off; `%keras_guard on` turns it on again"])

    def history(self, words: list[str]) -> None:
        """List everything that was shown, with how it ended."""
        _no_arguments("history", words)
        lines = [_history_line(entry) for entry in self._session.ledger.shown()]
        self._say(lines or ["nothing was reported yet"])

    def help(self, words: list[str]) -> None:
        """List the subcommands."""
        _no_arguments("help", words)
        self._say(
            [f"%keras_guard {name:<8} {(f.__doc__ or '').strip()}" for name, f in self._commands.items()]
        )

    # Finding what a word means

    def _model(self, name: str) -> Any:
        try:
            value = value_at_place(self._session.shell.namespace, name)
        except PlaceError as error:
            raise CommandError(
                f"{error}{_closest(name, self._model_names())}{self._known_models()}"
            ) from None
        if not is_model(value):
            kind = type(value).__name__
            raise CommandError(f"`{name}` is no Keras model but of type {kind}{self._known_models()}")
        return value

    def _is_at(self, place: str, model: Any) -> bool:
        try:
            return value_at_place(self._session.shell.namespace, place) is model
        except PlaceError:
            return False

    def _asked_model(self, name: str | None) -> Any:
        return self._model(name) if name else self._only_model("rebuild")

    def _only_model(self, command: str) -> Any:
        """Return the model a command without a name means: the one with divergences, else the only one."""
        entries = [entry for entry in self._session.ledger.live() if entry.shown]
        concerned = {id(m): m for m in (entry.finding.model() for entry in entries) if m is not None}
        models = list(concerned.values()) or self._top_models()
        if len(models) == 1:
            return models[0]
        names = ", ".join(f"`{self._session.name_of(model)}`" for model in models)
        if not models:
            raise CommandError("no Keras model is within reach of the notebook's names")
        raise CommandError(f"which model? give one of {names}: %keras_guard {command} NAME")

    def _top_models(self) -> list[Any]:
        self._session.look_again()
        found: dict[int, Any] = {}
        for _, value in reachable(self._session.shell.namespace):
            if is_model(value):
                found.setdefault(id(value), value)
        return list(found.values())

    def _model_names(self) -> list[str]:
        return [path for path, value in reachable(self._session.shell.namespace) if is_model(value)]

    def _known_models(self) -> str:
        names = self._model_names()
        return f"; the models here: {', '.join(names[:8])}" if names else "; there is no model here yet"

    def _code(self, word: str) -> str:
        code = CODES_BY_NAME.get(word, word.upper())
        if code not in RULES:
            raise CommandError(
                f"no rule `{word}`{_closest(word, [*RULES, *CODES_BY_NAME])}; `%keras_guard explain` lists them"
            )
        return code

    def _code_or_name(self, word: str) -> str:
        if word in CODES_BY_NAME or word.upper() in RULES:
            return self._code(word)
        if word.upper().startswith("KG") and word[2:].isdigit():
            return self._code(word)
        if word not in self._session.shell.namespace and word not in self._model_names():
            raise CommandError(
                f"`{word}` is neither a rule nor a name in this notebook"
                f"{_closest(word, [*RULES, *CODES_BY_NAME, *self._model_names()])}"
            )
        return word

    def _coloured(self) -> bool:
        return self._extension.display.coloured()

    @staticmethod
    def _say(lines: list[str]) -> None:
        print("\n".join(lines))  # noqa: T201 - what a magic says is its output


def _no_arguments(name: str, words: list[str]) -> None:
    if words:
        raise CommandError(f"{name} takes no arguments, not `{' '.join(words)}`")


def _closest(word: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean `{found[0]}`?)" if found else ""


def _one_line(entry: Entry) -> str:
    diagnostic = entry.diagnostic
    return f"{diagnostic.state.value:<8} {diagnostic.code} {diagnostic.message} ({diagnostic.span.label()})"


def _history_line(entry: Entry) -> str:
    steps = ", ".join(
        f"{state.value} {'in Cell In[' + str(cell) + '] ' if cell is not None else ''}at "
        f"{time.strftime('%H:%M:%S', time.localtime(when))}"
        for when, state, cell in entry.history
    )
    line = f"{_one_line(entry)}; {steps}" if steps else _one_line(entry)
    if entry.state is State.RESOLVED and entry.diagnostic.resolution:
        line += f"; {entry.diagnostic.resolution}"
    return line
