"""Which process of pytest-xdist runs which test."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

#: Files whose tests share a set-up of many seconds: a server with a browser, or runs of whole notebooks.
ONE_PROCESS = (
    "tests/browser/test_demo.py",
    "tests/browser/test_labextension.py",
    "tests/browser/test_story.py",
    "tests/keras/rebuild/test_readable.py",
    "tests/terminal/test_runs.py",
)


class OneProcessForAFile(LoadScopeScheduling):
    """Distributes each test by itself, and the tests of the files above together.

    The groups of ``--dist loadgroup`` would say the same, but pytest-xdist 3.8 does not see them under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in ONE_PROCESS else nodeid
