"""Reports of runs: for readers, for programs, for CI services."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from urllib.parse import quote
from xml.etree import ElementTree

from .._render.as_page import first_sentence
from .._rules import RULES
from .._version import __version__
from .outcome import Found, Outcome, exit_status
from .progress import summary_of

_ADDRESS = "https://keras-guard.readthedocs.io/"
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_text(outcomes: Sequence[Outcome]) -> str:
    """Return the report for readers: each open card, each card that is left pending, each error."""
    parts: list[str] = []
    for outcome in outcomes:
        for found in outcome.found:
            if found.card["state"] != "resolved" or found.card["happened"]:
                parts.append(f"{found.location}\n{found.text}\n")
        if outcome.failed:
            parts.append(f"{outcome.path} failed:\n{outcome.error}\n")
    parts += [f"{outcome.path}: {summary_of(outcome)}" for outcome in outcomes]
    return "\n".join(parts)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """Return the report as a JSON object."""
    runs = [
        {
            "path": outcome.path,
            "kind": outcome.kind,
            "outcome": "failed" if outcome.failed else "ended",
            "seconds": round(outcome.seconds, 3),
            "error": outcome.error or None,
            "cards": [{**found.card, "location": asdict(found.location)} for found in outcome.found],
        }
        for outcome in outcomes
    ]
    report = {"schema": 1, "version": __version__, "status": exit_status(outcomes), "runs": runs}
    return json.dumps(report, indent=2)


# SARIF


def as_sarif(outcomes: Sequence[Outcome]) -> str:
    """Return the report as SARIF 2.1.0. The lines are those of the file, for a notebook those of its JSON text."""
    codes = list(RULES)
    rules = [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": first_sentence(rule)},
            "helpUri": f"{_ADDRESS}en/stable/rules/{rule.code}/",
        }
        for rule in RULES.values()
    ]
    results = [_result(found, codes) for outcome in outcomes for found in _told(outcome)]
    notifications = [
        {"level": "error", "message": {"text": outcome.error}, "locations": [_file(outcome.path)]}
        for outcome in outcomes
        if outcome.failed
    ]
    driver = {"name": "keras-guard", "version": __version__, "informationUri": _ADDRESS, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}
        ],
        "results": results,
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _told(outcome: Outcome) -> list[Found]:
    return [found for found in outcome.found if found.card["state"] != "resolved"]


def _file(path: str) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": {"uri": quote(path.replace("\\", "/"))}}}


def _result(found: Found, codes: list[str]) -> dict[str, object]:
    card, location = found.card, found.location
    place = _file(location.path)
    if location.file_line is not None:
        region: dict[str, int] = {"startLine": location.file_line}
        if location.cell is None and location.column:
            region["startColumn"] = location.column
        if location.file_end_line is not None:
            region["endLine"] = location.file_end_line
        physical = place["physicalLocation"]
        assert isinstance(physical, dict)
        physical["region"] = region
    if location.cell is not None:
        name = f"cell {location.cell}, line {location.line}"
        place["logicalLocations"] = [{"name": name, "fullyQualifiedName": str(location), "kind": "module"}]
    return {
        "ruleId": card["code"],
        "ruleIndex": codes.index(card["code"]),
        "level": "error" if found.is_open else "note",
        "message": {"text": _sentences(found)},
        "locations": [place],
    }


def _sentences(found: Found) -> str:
    card = found.card
    return "\n".join(
        part for part in (f"{found.location}: {card['message']}", card["label"], card["help"]) if part
    )


# JUnit


def as_junit(outcomes: Sequence[Outcome]) -> str:
    """Return the report as JUnit XML: a test case for each run, and one for each card that is open."""
    suites = ElementTree.Element("testsuites", name="keras-guard")
    for outcome in outcomes:
        cards = outcome.open
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=outcome.path,
            tests=str(1 + len(cards)),
            failures=str(len(cards)),
            errors=str(int(outcome.failed)),
            time=f"{outcome.seconds:.3f}",
        )
        case = _case(suite, outcome.path, "run", outcome.seconds)
        if outcome.failed:
            ElementTree.SubElement(case, "error", message=_xml(outcome.error_line)).text = _xml(outcome.error)
        for found in cards:
            case = _case(suite, outcome.path, f"{found.card['code']} {found.location}", 0)
            message = _xml(found.card["message"])
            ElementTree.SubElement(case, "failure", type=found.card["code"], message=message).text = _xml(
                found.text
            )
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=False)


def _case(suite: ElementTree.Element, path: str, name: str, seconds: float) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", classname=_xml(path), name=_xml(name), time=f"{seconds:.3f}"
    )


def _xml(text: str) -> str:
    """Return a text without the characters that XML has no form for."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c != "\ufffe" else "?" for c in text
    )


# GitHub


def as_github(outcomes: Sequence[Outcome]) -> str:
    """Return the report as workflow commands of GitHub Actions, which mark the lines of a pull request."""
    lines = []
    for outcome in outcomes:
        for found in _told(outcome):
            where = {"file": found.location.path}
            if found.location.file_line is not None:
                where["line"] = str(found.location.file_line)
                where["endLine"] = str(found.location.file_end_line or found.location.file_line)
            where["title"] = f"keras_guard {found.card['code']}"
            lines.append(_command("error" if found.is_open else "notice", where, _sentences(found)))
        if outcome.failed:
            lines.append(_command("error", {"file": outcome.path, "title": "run failed"}, outcome.error))
    return "\n".join(lines)


def _command(kind: str, properties: dict[str, str], message: str) -> str:
    given = ",".join(f"{key}={_escaped(value, also=':,')}" for key, value in properties.items())
    return f"::{kind} {given}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    for character in f"%\r\n{also}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text


FORMATS: dict[str, Callable[[Sequence[Outcome]], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
}
