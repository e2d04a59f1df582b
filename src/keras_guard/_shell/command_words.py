"""What the words after ``%keras_guard`` mean: models, rules, names."""

from __future__ import annotations

from .._adapter.keras_types import is_model
from .._data.missing import MISSING
from .._data.place import Place
from .._rules import CODES_BY_NAME, RULES
from .._session.containers import reachable
from .._session.session import Session
from .command_basics import CommandError, closest


class CommandWords:
    """Finds what a user's word means in one session.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def rules(self) -> list[str]:
        """The codes and the names of all rules."""
        return [*RULES, *CODES_BY_NAME]

    def model(self, name: str) -> object:
        """Return the model that a name or an expression such as ``nets["a"]`` leads to.

        Raises:
            CommandError: When there is none.
        """
        try:
            value = Place.parse(name).read(self._session.shell.namespace)
        except ValueError as error:
            raise CommandError(f"{error}{self._known_models()}") from None
        if value is MISSING:
            raise CommandError(
                f"there is nothing at `{name}`{closest(name, self.model_names())}{self._known_models()}"
            )
        if not is_model(value):
            kind = type(value).__name__
            raise CommandError(f"`{name}` is no Keras model but of type {kind}{self._known_models()}")
        return value

    def only_model(self, command: str) -> object:
        """Return the model a command without a name means: the one with divergences, else the only one.

        Raises:
            CommandError: When there are several, or none.
        """
        entries = [entry for entry in self._session.ledger.live() if entry.shown]
        concerned = {id(m): m for m in (entry.finding.model for entry in entries) if m is not None}
        models = list(concerned.values()) or self.top_models()
        if len(models) == 1:
            return models[0]
        names = ", ".join(f"`{self._session.desk.name_of(model)}`" for model in models)
        if not models:
            raise CommandError("no Keras model is within reach of the notebook's names")
        raise CommandError(f"which model? give one of {names}: %keras_guard {command} NAME")

    def top_models(self) -> list[object]:
        """Return the models that the notebook's names reach."""
        self._session.look_again()
        found: dict[int, object] = {}
        for _, value in reachable(self._session.shell.namespace):
            if is_model(value):
                found.setdefault(id(value), value)
        return list(found.values())

    def model_names(self) -> list[str]:
        """Return the names of the models, and of those in containers."""
        return [str(place) for place, value in reachable(self._session.shell.namespace) if is_model(value)]

    def _known_models(self) -> str:
        names = self.model_names()
        return f"; the models here: {', '.join(names[:8])}" if names else "; there is no model here yet"

    def code(self, word: str) -> str:
        """Return the code of a rule that is given by code or by name.

        Raises:
            CommandError: When there is no such rule.
        """
        code = CODES_BY_NAME.get(word, word.upper())
        if code not in RULES:
            raise CommandError(
                f"no rule `{word}`{closest(word, self.rules)}; `%keras_guard explain` lists them"
            )
        return code

    def code_or_name(self, word: str) -> str:
        """Return the code of a rule, or a name of the notebook as it is.

        Raises:
            CommandError: When it is neither.
        """
        if word in CODES_BY_NAME or word.upper() in RULES:
            return self.code(word)
        if word.upper().startswith("KG") and word[2:].isdigit():
            return self.code(word)
        models = self.model_names()
        if word not in self._session.shell.namespace and word not in models:
            raise CommandError(
                f"`{word}` is neither a rule nor a name in this notebook{closest(word, [*self.rules, *models])}"
            )
        return word
