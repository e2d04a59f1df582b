"""What ``doctor`` finds out about a model: one table of checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a check ended."""

    FOUND = "found"
    CLEAR = "clear"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: What was asked, in a few words.
        outcome: Whether it found something that keeps the model from changing, found nothing, or did not run.
        evidence: What was found or seen, or why it did not run; one fact an item.
    """

    name: str
    outcome: Outcome
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Checkup:
    """All checks of one model.

    Attributes:
        model: The user's name of the model.
        checks: The checks, in the order in which they are shown.
    """

    model: str
    checks: tuple[Check, ...]

    @property
    def found(self) -> tuple[Check, ...]:
        """The checks that found something."""
        return tuple(check for check in self.checks if check.outcome is Outcome.FOUND)

    def __getitem__(self, name: str) -> Check:
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)
