"""What ``doctor`` found, as text of 80 columns and as HTML."""

from __future__ import annotations

import textwrap
from html import escape

from .._data.checkup import Check, Checkup, Outcome
from .paint import clean, painter

WIDTH = 80
_MARKS = {Outcome.FOUND: "!", Outcome.CLEAR: " ", Outcome.NOT_RUN: "?"}
_CELL = "padding:2px 10px 2px 0;vertical-align:top;text-align:left"


def checkup_as_text(checkup: Checkup, *, colour: bool = False) -> str:
    """Return the table as text; ``!`` marks what was found, ``?`` what did not run.

    Args:
        checkup: The checks.
        colour: Whether to use ANSI colours; they never have a meaning of their own.
    """
    paint = painter(colour)
    lines = textwrap.wrap(clean(f"`{checkup.model}`: {_verdict(checkup)}"), WIDTH)
    for check in checkup.checks:
        head = f"{_MARKS[check.outcome]} {check.name}: {check.outcome.value}"
        lines.append(paint("-" if check.outcome is Outcome.FOUND else "dim", head))
        for fact in check.evidence:
            lines += textwrap.wrap(
                clean(fact),
                WIDTH,
                initial_indent="    - ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
    return "\n".join(lines)


def _verdict(checkup: Checkup) -> str:
    found = len(checkup.found)
    missing = sum(check.outcome is Outcome.NOT_RUN for check in checkup.checks)
    words = f"{found} of {len(checkup.checks)} checks found a reason why it may not change"
    return words + (f"; {missing} did not run" if missing else "")


def checkup_as_html(checkup: Checkup) -> str:
    """Return the table as HTML with inline styles only, safe under a sanitizer."""
    head = "".join(
        f'<th style="{_CELL}" scope="col">{name}</th>' for name in ("check", "outcome", "evidence")
    )
    body = "".join(map(_row, checkup.checks))
    return (
        f'<div role="region" aria-label="checks of {_e(checkup.model)}">'
        f"<div><b>{_e(checkup.model)}</b>: {_e(_verdict(checkup))}</div>"
        f'<table style="border-collapse:collapse;font-size:12px"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(check: Check) -> str:
    weight = ";font-weight:600" if check.outcome is Outcome.FOUND else ""
    facts = "<br>".join(map(_e, check.evidence))
    return (
        f'<tr><th style="{_CELL};font-weight:400" scope="row">{_e(check.name)}</th>'
        f'<td style="{_CELL}{weight}">{_MARKS[check.outcome]} {check.outcome.value}</td>'
        f'<td style="{_CELL}">{facts}</td></tr>'
    )


def _e(text: str) -> str:
    return escape(clean(text), quote=True)
