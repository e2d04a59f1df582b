"""The rules, one file each, and the table of their codes."""

from __future__ import annotations

from .base import Desk, Page, Rule
from .kg101 import LayerList
from .kg102 import ReboundLayer
from .kg103 import PrivateStructure
from .kg104 import UnwiredAttribute
from .kg201 import LayerAttribute
from .kg202 import TrainableAfterCompile
from .kg203 import StructureAfterCompile
from .kg204 import CompileArgument
from .kg205 import TrainsNothingRule
from .kg301 import EditedCopy
from .kg302 import AdaptedAfterTrace
from .kg303 import RedefinedClass
from .kg304 import ReplacedStep
from .kg305 import PolicyAfterBuild

_ALL: tuple[Rule, ...] = (
    LayerList(),
    ReboundLayer(),
    PrivateStructure(),
    UnwiredAttribute(),
    LayerAttribute(),
    TrainableAfterCompile(),
    StructureAfterCompile(),
    CompileArgument(),
    TrainsNothingRule(),
    EditedCopy(),
    AdaptedAfterTrace(),
    RedefinedClass(),
    ReplacedStep(),
    PolicyAfterBuild(),
)

#: All rules, by code.
RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}

#: Rule codes by name.
CODES_BY_NAME: dict[str, str] = {rule.name: code for code, rule in RULES.items()}

__all__ = ["CODES_BY_NAME", "RULES", "Desk", "Page", "Rule"]
