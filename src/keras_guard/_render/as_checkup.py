"""What ``doctor`` found, as text of 80 columns and as HTML."""

from __future__ import annotations

from dataclasses import replace

from .._data.checkup import Check, Checkup, Outcome
from .as_table import cell_style
from .paint import MONO, Line, Look, as_code, escaped, laid_out

_WIDTH = 80
_MARKS = {Outcome.FOUND: "!", Outcome.CLEAR: " ", Outcome.NOT_RUN: "?"}


def checkup_as_text(checkup: Checkup, *, look: Look | None = None) -> str:
    """Return the table as text of 80 columns at most; ``!`` marks what was found, ``?`` what did not run."""
    look = look or Look()
    look = replace(look, width=min(look.width or _WIDTH, _WIDTH))
    lines = [Line(f"`{checkup.model}`: {_verdict(checkup)}", indent=2)]
    for check in checkup.checks:
        kind = "-" if check.outcome is Outcome.FOUND else "dim"
        lines.append(Line(f"{_MARKS[check.outcome]} {check.name}: {check.outcome.value}", kind, indent=2))
        lines += [Line(fact, gutter="    - ", indent=2) for fact in check.evidence]
    return "\n".join(laid_out(lines, look))


def _verdict(checkup: Checkup) -> str:
    found = len(checkup.found)
    missing = sum(check.outcome is Outcome.NOT_RUN for check in checkup.checks)
    words = f"{found} of {len(checkup.checks)} checks found a reason why it may not change"
    return words + (f"; {missing} did not run" if missing else "")


def checkup_as_html(checkup: Checkup) -> str:
    """Return the table as HTML with inline styles only, safe under a sanitizer."""
    head = "".join(
        f'<th style="{cell_style(name)}" scope="col">{name}</th>' for name in ("check", "outcome", "evidence")
    )
    body = "".join(map(_row, checkup.checks))
    return (
        f'<div role="region" aria-label="checks of {escaped(checkup.model)}">'
        f"<div><b>{escaped(checkup.model)}</b>: {escaped(_verdict(checkup))}</div>"
        f'<table style="border-collapse:collapse;font-size:12px"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(check: Check) -> str:
    weight = ";font-weight:600" if check.outcome is Outcome.FOUND else ""
    facts = "<br>".join(as_code(fact, MONO) for fact in check.evidence)
    return (
        f'<tr><th style="{cell_style(check.name)};font-weight:400" scope="row">{escaped(check.name)}</th>'
        f'<td style="{cell_style(check.outcome.value)}{weight}">{_MARKS[check.outcome]} {check.outcome.value}</td>'
        f'<td style="{cell_style(" ".join(check.evidence))}">{facts}</td></tr>'
    )
