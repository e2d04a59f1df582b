"""The one error of a rebuild: what cannot be known is refused, with the reason and the choices."""

from __future__ import annotations


class RebuildRefused(ValueError):  # noqa: N818 - a refusal, and the public name
    """Raised when a rebuild would be a guess, or when there is no code for it.

    Attributes:
        reason: One sentence that says why.
        choices: What the user may do instead, one a line; may be empty.
    """

    def __init__(self, reason: str, choices: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.choices = choices
        listed = "".join(f"\n  - {choice}" for choice in choices)
        super().__init__(f"{reason}{listed}")
