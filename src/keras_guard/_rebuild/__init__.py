"""Rebuild: from the edits of a model to code that makes the model that was meant."""

from .api import Rebuild as Rebuild
from .api import rebuild as rebuild
from .handles import held as held
from .refused import RebuildRefused as RebuildRefused
