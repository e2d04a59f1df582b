"""The corpus: notebooks with silent edits, found in the wild, and legal ones that look like them.

What counts, per case:

- every marked edit is *seen* when a card on its line (or call site), with an accepted code, was
  shown while the edit's own cell ran, and *confirmed* when that card was open by the end of the
  cell that uses the stale model;
- anything else that ever was open is a *false alarm*;
- in a case without marked edits, a card still pending at the end is *noise* (ambiguous cases apart).
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .kernel import Kernel

FOLDER = Path(__file__).resolve().parent.parent / "corpus"

CODES = {
    "layer-list": {"KG101", "KG103"},
    "rebound-layer": {"KG102", "KG104"},
    "layer-attribute": {"KG201"},
    "trainable-after-compile": {"KG202"},
    "structure-after-compile": {"KG203"},
    "compile-argument": {"KG204"},
}


@dataclass(frozen=True)
class Case:
    """One notebook of the corpus."""

    name: str
    facts: dict[str, Any]

    @property
    def cells(self) -> list[str]:
        """The cells, in order."""
        return list(self.facts["cells"])


def cases() -> list[Case]:
    """Return every case, positives first."""
    found = []
    for group in ("pos", "neg"):
        for file in sorted((FOLDER / group).glob("*.json")):
            found.append(Case(f"{group}-{file.stem}", json.loads(file.read_text())))
    return found


def further_cases() -> list[Case]:
    """Return the cases written to find what the guard misses, one a line; ``known`` says why one is not answered rightly."""
    lines = (FOLDER / "more.jsonl").read_text(encoding="utf-8").splitlines()
    return [Case(facts["name"], facts) for facts in map(json.loads, lines)]


def score(case: Case, kernel: Kernel) -> list[str]:
    """Run a case in a clean kernel and return what was missed or wrongly said."""
    place: dict[int, int] = {}
    latest: dict[str, dict[str, Any]] = {}
    history: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for index, source in enumerate(case.cells):
        run = kernel.run(source)
        place[run.count] = index
        for card in run.cards:
            latest[card.payload["id"]] = card.payload
            history[card.payload["id"]].append((index, card.state))
        wanted = case.facts.get("raises", {}).get(str(index))
        got = run.reply.get("ename")
        if wanted != got:
            return [f"cell {index} raised {run.error}, expected {wanted}"]
    wrong, matched = [], set()
    for edit in case.facts["expect"]:
        keys, miss = _judge_edit(edit, place, latest, history)
        matched |= keys
        wrong += miss
    for key, item in latest.items():
        if key in matched:
            continue
        if any(state == "open" for _, state in history[key]):
            wrong.append(f"false alarm {item['code']} at {item['span']}: {item['message']}")
        elif not case.facts["expect"] and item["state"] == "pending" and not case.facts.get("ambiguous"):
            wrong.append(f"noise {item['code']} at {item['span']}: {item['message']}")
    return wrong


def _judge_edit(
    edit: dict[str, Any],
    place: dict[int, int],
    latest: dict[str, dict[str, Any]],
    history: dict[str, list[tuple[int, str]]],
) -> tuple[set[str], list[str]]:
    """Return the cards that belong to an edit, and what is missing of it."""
    kinds = [edit["kind"], *edit.get("kind_also", ())]
    site = edit.get("call_site")
    sites = {(edit["cell"], edit["line"])}
    if isinstance(site, dict):
        sites.add((site.get("cell"), site.get("line")))
    seen = confirmed = False
    keys = set()
    for key, item in latest.items():
        span = item["span"]
        if (place.get(span["execution_count"]), span["line"]) not in sites:
            continue
        if "other" not in kinds and not any(item["code"] in CODES[kind] for kind in kinds):
            continue
        keys.add(key)
        first = history[key][0][0]
        seen |= first <= edit["cell"] or (isinstance(site, dict) and first <= site.get("cell", -1))
        confirmed |= any(
            state == "open" and cell <= edit.get("deadline_cell", edit["cell"])
            for cell, state in history[key]
        )
    if seen and confirmed:
        return keys, []
    word = "unconfirmed" if seen else "unseen"
    return keys, [f"{word} {edit['kind']} at cell {edit['cell']} line {edit['line']}"]
