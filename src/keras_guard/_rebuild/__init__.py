"""The rebuild: from edits to intent, from intent to a plan, from the plan to code that runs."""

from .api import rebuild as rebuild
from .api import run_with_dependents as run_with_dependents
from .continuing import copy_optimizer_state as copy_optimizer_state
from .handles import held as held
from .recompiling import Recompile as Recompile
from .recompiling import recompile as recompile
from .refused import RebuildRefused as RebuildRefused
from .result import Rebuild as Rebuild
