"""``keras-guard run`` without a run: its reports, the lines of notebooks, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import nbformat
import pytest

from keras_guard._data.diagnostic import Diagnostic, Span, State
from keras_guard._render.as_json import render_json
from keras_guard._render.as_text import render_text
from keras_guard._runs.file_lines import cell_lines
from keras_guard._runs.notebooks import NEEDED
from keras_guard._runs.outcome import Found, Location, Outcome, exit_status
from keras_guard._runs.reports import FORMATS

#: What SARIF 2.1.0 requires of the parts that are written.
_TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
_REGION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["startLine"],
    "properties": {
        name: {"type": "integer", "minimum": 1}
        for name in ("startLine", "endLine", "startColumn", "endColumn")
    },
}
_LOCATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {"required": ["uri"], "properties": {"uri": {"pattern": r"^[^\s\\]+$"}}},
                "region": _REGION,
            },
        },
        "logicalLocations": {"type": "array", "items": {"required": ["name", "fullyQualifiedName", "kind"]}},
    },
}
_RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
    "properties": {
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _TEXT,
        "locations": {"type": "array", "items": _LOCATION},
    },
}
_NOTIFICATION = {"required": ["message", "level"], "properties": {"message": _TEXT}}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {"driver": {"required": ["name", "rules"]}},
                    },
                    "results": {"type": "array", "items": _RESULT},
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {"toolExecutionNotifications": {"items": _NOTIFICATION}},
                        }
                    },
                },
            },
        },
    },
}


def _found(state: State, location: Location, message: str = "the edit is lost") -> Found:
    span = Span(execution_count=3, line=location.line, end_line=location.line, column=1, text=("x = 1",))
    diagnostic = Diagnostic("1", "KG101", "layer-list", state, "model", span, message, help="build it again")
    return Found(render_json(diagnostic), render_text(diagnostic), location)


def _outcomes() -> list[Outcome]:
    cell = Location("a folder/n.ipynb", 3, 2, 1, 2, 5, 41, 41)
    return [
        Outcome("a folder/n.ipynb", "notebook", 1.5, [_found(State.OPEN, cell, "50 %: a, b\x07")]),
        Outcome("s.py", "script", 2.0, [_found(State.PENDING, Location("s.py", None, 7, 1, 7, 5, 7, 7))]),
        Outcome("bad.py", "script", 0.1, [], "Traceback\nValueError: no\x00", "ValueError: no\x00"),
    ]


def test_a_sarif_report_has_the_structure_of_the_format() -> None:
    """Results have a rule, a message and a line of the file; a failed run is a notification."""
    report = json.loads(FORMATS["sarif"](_outcomes()))
    jsonschema.validate(report, SARIF)
    (run,) = report["runs"]
    assert [
        (r["level"], r["locations"][0]["physicalLocation"]["region"]["startLine"]) for r in run["results"]
    ] == [
        ("error", 41),
        ("note", 7),
    ]
    assert run["results"][0]["locations"][0]["logicalLocations"][0]["name"] == "cell 3, line 2"
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "KG101"
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "%20" in run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_the_structure_is_really_checked() -> None:
    """A report whose line is 0 is refused by the check above."""
    report = json.loads(FORMATS["sarif"](_outcomes()))
    report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, SARIF)


def test_a_junit_report_is_xml_with_a_case_for_each_card() -> None:
    """An open card is a failure, a failed run is an error, and the counts agree."""
    suites = ElementTree.fromstring(FORMATS["junit"](_outcomes()))
    counted = [(s.get("tests"), s.get("failures"), s.get("errors")) for s in suites]
    assert counted == [("2", "1", "0"), ("1", "0", "0"), ("1", "0", "1")]
    (failure,) = suites.iter("failure")
    assert failure.get("type") == "KG101"
    assert "keras_guard warning" in (failure.text or "")
    assert [case.get("name") for case in suites[0]] == ["run", "KG101 a folder/n.ipynb:cell 3:2:1"]


def test_github_commands_are_one_line_each() -> None:
    """What has a meaning in a command is escaped, in the properties also colons and commas."""
    lines = FORMATS["github"](_outcomes()).splitlines()
    assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::notice", "::error"]
    assert lines[0].startswith("::error file=a folder/n.ipynb,line=41,endLine=41,title=keras_guard KG101::")
    assert "50 %25: a, b" in lines[0]
    assert "%0A" in lines[2]


def test_a_text_report_names_the_cell_and_its_line() -> None:
    """Above each card is the file, the cell's position in the notebook and the line in the cell."""
    text = FORMATS["text"](_outcomes())
    assert "a folder/n.ipynb:cell 3:2:1\nkeras_guard warning [KG101]" in text
    assert "bad.py failed:\nTraceback" in text
    assert "s.py: 1 pending (2.0 s)" in text


def test_a_json_report_has_every_card() -> None:
    """A card is what a front end receives, with its place in the file."""
    report = json.loads(FORMATS["json"](_outcomes()))
    assert [run["outcome"] for run in report["runs"]] == ["ended", "ended", "failed"]
    assert report["runs"][0]["cards"][0]["location"]["file_line"] == 41
    assert report["status"] == 2


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param(_outcomes()[1:2], 0, id="pending"),
        pytest.param(_outcomes()[:2], 1, id="open"),
        pytest.param(_outcomes(), 2, id="failed"),
        pytest.param(
            [Outcome("s.py", "script", 1, _outcomes()[0].found, "...", "KerasGuardError: [KG101]")],
            1,
            id="strict",
        ),
    ],
)
def test_the_exit_status(outcomes: list[Outcome], status: int) -> None:
    """1 for an open card, also where strict mode ended the run; 2 for a run that failed."""
    assert exit_status(outcomes) == status


@pytest.mark.parametrize("indent", [1, 4, None], ids=["as-written", "wide", "one-line"])
def test_lines_of_cells_in_the_file(tmp_path: Path, indent: int | None) -> None:
    """Each line of a cell is found in the text of the notebook's file, however that is laid out."""
    sources = ["# a title\nand text", "import keras\n\nx = 'with \\n inside'\n", "y = 2"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    data = json.loads(nbformat.writes(notebook))
    text = json.dumps(data, indent=indent)
    found = cell_lines(text)
    in_file = text.splitlines()
    for source, lines in zip(sources, found, strict=True):
        assert len(lines) == len(source.splitlines())
        for words, line in zip(source.splitlines(), lines, strict=True):
            assert json.dumps(words)[1:-1] in in_file[line - 1]


def test_the_hook_of_pre_commit_installs_what_notebooks_need() -> None:
    """The hook runs the command and installs the packages that the command asks for."""
    root = Path(__file__).parents[2]
    lines = (root / ".pre-commit-hooks.yaml").read_text().splitlines()
    hook = dict(line.lstrip("- ").split(": ", 1) for line in lines)
    assert hook["entry"] == "keras-guard run"
    installed = {name.strip() for name in hook["additional_dependencies"].strip("[]").split(",")}
    assert installed == set(NEEDED)
