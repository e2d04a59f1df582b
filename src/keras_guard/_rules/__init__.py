"""The rules, one file each, and the table of their codes."""

from __future__ import annotations

from .base import Desk, Page, Rule
from .kg101 import LayerList
from .kg102 import ReboundLayer

#: All rules, by code.
RULES: dict[str, Rule] = {rule.code: rule for rule in (LayerList(), ReboundLayer())}

#: Rule codes by name.
CODES_BY_NAME: dict[str, str] = {rule.name: code for code, rule in RULES.items()}

__all__ = ["CODES_BY_NAME", "RULES", "Desk", "Page", "Rule"]
