"""Run a tool over the cases, or print the table: ``python -m benchmarks.silent_edits.run [TOOL ...]``.

The rule of counting, the same for every tool:

- Anything a tool says is a finding, whatever its words are, at the cell it is shown at or names.
- The cells of an edit are those from the edit to the end of its deadline: the cell by whose end the stale model was
  used. A finding at one of them *reports* the edit, and is right. Every other finding is wrong.
- Recall is the part of the edits that are reported; precision the part of the findings that are right.
- What Keras and Python say by themselves (the row ``plain``) is not counted for another tool.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import sys
from dataclasses import dataclass
from datetime import date
from typing import Any

from .cases import RESULTS, published, sourced
from .tools import TOOLS

PACKAGES = {
    "plain": "ipython", "autoreload": "ipython", "ipyflow": "ipyflow", "marimo": "marimo", "ruff": "ruff",
}  # fmt: skip


def cells_of(edit: dict[str, Any]) -> set[int]:
    """Return the cells at which a finding reports an edit."""
    cells = set(range(edit["cell"], edit.get("deadline_cell", edit["cell"]) + 1))
    site = edit.get("call_site")
    return cells | {site["cell"]} if isinstance(site, dict) else cells


@dataclass
class Score:
    """What was counted for one tool."""

    edits: int = 0
    reported: int = 0
    findings: int = 0
    right: int = 0
    cases_with_wrong: int = 0

    def add(self, case: dict[str, Any], findings: list[dict[str, Any]]) -> None:
        """Count one case."""
        wanted = [cells_of(edit) for edit in case["edits"]]
        marked = [set(finding["cells"]) for finding in findings]
        right = sum(any(cells & mark for cells in wanted) for mark in marked)
        self.edits += len(wanted)
        self.reported += sum(any(cells & mark for mark in marked) for cells in wanted)
        self.findings += len(marked)
        self.right += right
        self.cases_with_wrong += right < len(marked)

    @property
    def recall(self) -> float:
        """Which part of the edits was reported."""
        return self.reported / self.edits

    @property
    def precision(self) -> float | None:
        """Which part of the findings was right; ``None`` without findings."""
        return self.right / self.findings if self.findings else None


def own_findings(tool: str, found: dict[str, Any], plain: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return what a tool says beyond what Keras and Python say without it."""
    if tool == "plain":
        return found
    said = {
        name: {(tuple(item["cells"]), item["text"]) for item in findings} for name, findings in plain.items()
    }
    return {
        name: [item for item in findings if (tuple(item["cells"]), item["text"]) not in said.get(name, set())]
        for name, findings in found.items()
    }


def score(tool: str, cases: list[dict[str, Any]], *, pending: bool = True) -> Score:
    """Count what a tool's file of results holds; ``pending`` includes what the tool calls preliminary."""
    found = json.loads((RESULTS / f"{tool}.json").read_text())["cases"]
    plain = json.loads((RESULTS / "plain.json").read_text())["cases"]
    counted = Score()
    own = own_findings(tool, found, plain)
    for case in cases:
        findings = [item for item in own[case["id"]] if pending or not item["pending"]]
        counted.add(case, findings)
    return counted


def table(cases: list[dict[str, Any]]) -> list[str]:
    """Return the table in Markdown."""
    rows = [
        ("keras_guard, open cards only", "keras_guard", False),
        ("keras_guard, with pending cards", "keras_guard", True),
    ]
    rows += [(name, name, True) for name in TOOLS if name != "keras_guard"]
    lines = [
        "| tool | version | edits reported | recall | findings | right | precision | cases with a wrong finding |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for title, tool, pending in rows:
        file = RESULTS / f"{tool}.json"
        if not file.exists():
            continue
        made = json.loads(file.read_text())
        ran = [case for case in cases if case["id"] in made["cases"]]
        counted = score(tool, ran, pending=pending)
        precision = "none" if counted.precision is None else f"{counted.precision:.2f}"
        lines.append(
            f"| {title} | {made['version']} | {counted.reported} of {counted.edits} | {counted.recall:.2f} "
            f"| {counted.findings} | {counted.right} | {precision} | {counted.cases_with_wrong} of {len(ran)} |"
        )
    return lines


def _version(tool: str) -> str:
    if tool == "keras_guard":  # which may run from a clone
        import keras_guard

        return keras_guard.__version__
    return importlib.metadata.version(PACKAGES[tool])


def collect(tool: str, cases: list[dict[str, Any]]) -> None:
    """Run a tool over the cases, and write its file after every one."""
    file = RESULTS / f"{tool}.json"
    found = json.loads(file.read_text())["cases"] if file.exists() else {}
    about = {"tool": tool, "version": _version(tool),
             "python": platform.python_version(), "date": str(date.today())}  # fmt: skip
    running = TOOLS[tool]()
    try:
        for case in cases:
            if case["id"] not in found:
                found[case["id"]] = [finding.as_data() for finding in running.findings(case)]
                file.write_text(json.dumps({**about, "cases": found}, indent=1) + "\n")
    finally:
        running.close()


def main() -> None:
    """Run the tools that are named (with ``--all``, over the cases without a source as well), then print the table."""
    words = sys.argv[1:]
    cases = published() if "--all" in words else sourced(published())
    for tool in words:
        if tool in TOOLS:
            collect(tool, cases)
    print("\n".join(table(cases)))


if __name__ == "__main__":
    main()
