"""Write ``cases.jsonl`` from ``tests/corpus`` and the measurements: ``python -m benchmarks.silent_edits.publish``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.silent_edits.cases import FIELDS, PUBLISHED, RESULTS
from tests.support.corpus import Case, cases, further_cases


def _case(case: Case, which: str, measured: dict[str, dict[str, str]]) -> dict[str, Any]:
    facts = dict(case.facts)
    facts |= {
        "id": case.name,
        "set": which,
        "what_happens": facts.get("keras3_actual"),
        "edits": facts["expect"],
        "raises": facts.get("raises", {}),
        "probes": facts.get("probes", []),
        "measured": {keras: found[case.name] for keras, found in measured.items() if case.name in found},
    }
    return {field: facts.get(field) for field in FIELDS}


def lines() -> list[str]:
    """Return the lines of the published file."""
    files = sorted(RESULTS.glob("keras-*.json"), key=lambda file: [int(n) for n in file.stem[6:].split(".")])
    measured = {file.stem[6:]: json.loads(file.read_text(encoding="utf-8"))["cases"] for file in files}
    made = [_case(case, "sourced", measured) for case in cases()]
    made += [_case(case, "written", measured) for case in further_cases()]
    return [json.dumps(case, ensure_ascii=False) for case in made]


if __name__ == "__main__":
    PUBLISHED.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"{len(lines())} cases in {PUBLISHED.name}")
