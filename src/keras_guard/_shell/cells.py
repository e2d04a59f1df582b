"""Cells and frames: which cell runs, and which cell the code of a frame is from."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from .._session.cell_text import CellFrame, CellText

if TYPE_CHECKING:
    from IPython.core.interactiveshell import ExecutionInfo as CellInfo
    from IPython.core.interactiveshell import ExecutionResult
    from IPython.core.interactiveshell import InteractiveShell as Shell

OWN_MAGIC = "%%keras_guard"
K = TypeVar("K")

#: How many cells are remembered; IPython itself keeps the text of all.
_MAX_CELLS = 2_000

#: How many calls lie at most between the shell's ``run_cell`` and a callback of its events.
_NEAR = 12


class LazyCellText(CellText):
    """A cell whose Python text is computed when it is first needed.

    Args:
        shell: The IPython shell.
        number: Execution count the user sees.
        raw: The text the user typed.
        cell_id: The front end's id.
        file: For a script in IPython's own language, its file.
    """

    raw: str
    _shell: Shell

    def __init__(
        self, shell: Shell, number: int | None, raw: str, cell_id: str | None, file: str | None = None
    ) -> None:
        object.__setattr__(self, "number", number)
        object.__setattr__(self, "cell_id", cell_id)
        object.__setattr__(self, "raw", raw)
        object.__setattr__(self, "offset", _lines_above(raw))
        object.__setattr__(self, "file", file)
        object.__setattr__(self, "_shell", shell)

    def __getattr__(self, name: str) -> str:
        if name != "source":
            raise AttributeError(name)
        lines = self.raw.splitlines(keepends=True)
        body = "".join(lines[self.offset :])
        try:
            source: str = self._shell.input_transformer_manager.transform_cell(body)
        except Exception:
            source = body
        object.__setattr__(self, "source", source)
        return source


def _lines_above(raw: str) -> int:
    """Count the lines above the Python text: leading blank ones, which IPython drops, and cell magics."""
    if raw[:1].isalpha():
        return 0
    lines = raw.splitlines()
    count = 0
    while count < len(lines) and not lines[count].strip():
        count += 1
    # Our own cell magic becomes a line magic, so that its line stays one of the code's.
    while count < len(lines) and lines[count].startswith("%%") and not lines[count].startswith(OWN_MAGIC):
        count += 1
    return count if count < len(lines) else 0


@dataclass(frozen=True)
class Script:
    """A file in IPython's own language that runs, or a cell of one.

    Attributes:
        file: The file.
        text: What runs of it.
        result: IPython's ``ExecutionResult``, once it has ended.
    """

    file: str
    text: str
    result: ExecutionResult | None = None


def running_script() -> Script | None:
    """Return the script whose text the shell is about to run, or has just run.

    For IPython the text of a script is a silent request, like those of a front end: its only events are
    ``pre_execute`` and ``post_execute``, which do not say what runs.
    """
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_NEAR):
        if frame is None or frame.f_code.co_name == "run_cell":
            break
        frame = frame.f_back
    run_cell = frame
    while frame is not None and frame.f_code.co_name == "run_cell":  # one or two: kernels have their own
        frame = frame.f_back
    if run_cell is None or frame is None or frame.f_code.co_name != "safe_execfile_ipy":
        return None
    text, file = frame.f_locals.get("cell"), frame.f_locals.get("fname")
    if not isinstance(text, str) or not text.strip():
        return None
    return Script(str(file), text, run_cell.f_locals.get("result"))


class Cells:
    """Knows which cell runs, and maps code to cells.

    Args:
        shell: The IPython shell.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._depth = 0
        self._by_file: dict[str, CellText] = {}
        self._by_number: dict[int, CellText] = {}
        self._scripts: dict[str, CellText] = {}
        #: What ran when each of the running scripts began.
        self._around: list[CellText | None] = []
        self.current: CellText | None = None
        self.raw = ""

    @cached_property
    def _counts_early(self) -> bool:
        """Computed when the first cell runs: reading IPython's source takes longer than the rest of loading."""
        return _counts_before_running(type(self._shell))

    @property
    def outermost(self) -> bool:
        """Whether no cell, or only one that is not nested in another, runs."""
        return self._depth <= 1

    def begin(self, info: CellInfo | None) -> bool:
        """Note that a cell begins; returns whether it is an outermost one."""
        if self._depth and not _is_nested():
            self._depth = 0  # an interrupt hit the guard's own end of a cell
        self._depth += 1
        if self._depth > 1:
            return False
        self.raw = getattr(info, "raw_cell", "") or ""
        count = self._shell.execution_count
        if getattr(info, "store_history", False) and self._counts_early:
            count -= 1
        self.current = LazyCellText(self._shell, count, self.raw, self._cell_id(info))
        if getattr(info, "store_history", False):
            _keep(self._by_number, count, self.current)
        return True

    def end(self) -> bool:
        """Note that a cell has ended; returns whether it was an outermost one."""
        self._depth = max(0, self._depth - 1)
        return self._depth == 0

    @property
    def in_lone_script(self) -> bool:
        """Whether a script runs that no cell and no other script has begun."""
        return len(self._around) == 1 and self._around[0] is None

    def begin_script(self, script: Script) -> None:
        """Note that a script, or one cell of a notebook run as one, begins."""
        self._around.append(self.current)
        text = LazyCellText(self._shell, None, script.text, None, script.file)
        self._scripts[script.file] = self.current = text

    def end_script(self) -> None:
        """Note that a script has ended: what ran before is the running cell again."""
        if self._around:
            self.current = self._around.pop()

    def by_script(self, file: str) -> CellText | None:
        """Return the text of a script by its file."""
        return self._scripts.get(file)

    def finish(self) -> None:
        """Forget the running cell, after all cards of it were shown."""
        self.current = None

    def _cell_id(self, info: CellInfo | None) -> str | None:
        found = getattr(info, "cell_id", None)
        if found is None:
            try:
                found = self._shell.get_parent()["metadata"]["cellId"]  # type: ignore[attr-defined] # kernels only
            except Exception:
                found = None
        return str(found) if found is not None else None

    def note_code(self) -> bool:
        """Remember the file name that the code being transformed will have.

        Returns:
            Whether it is the code of a cell without magics, which have code transformed themselves.
        """
        if self.current is None:
            return False
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != "transform_ast":
            frame = frame.f_back
        caller = frame.f_back if frame is not None else None
        name = caller.f_locals.get("cell_name") if caller is not None else None
        if caller is None or not isinstance(name, str):
            return False
        _keep(self._by_file, name, self.current)
        code = caller.f_locals.get("cell")
        if not isinstance(code, str) or "get_ipython" in code:
            return False
        object.__setattr__(self.current, "source", code)  # what transforming it again would give
        return True

    def by_number(self, number: int | None) -> CellText | None:
        """Return a cell by the number the user sees."""
        if number is None:
            return None
        if self.current is not None and self.current.number == number:
            return self.current
        return self._by_number.get(number)

    def frames(self, text_of_file: Callable[[str], CellText | None]) -> Iterator[CellFrame]:
        """Yield the frames on this thread's stack that run code of cells or watched modules, innermost first."""
        namespaces = {id(self._shell.user_ns), id(self._shell.user_global_ns)}
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if id(frame.f_globals) in namespaces:
                cell = self._cell_of(frame.f_code.co_filename)
                if cell is not None:
                    name = frame.f_code.co_name
                    top = frame.f_locals is frame.f_globals or name in ("<module>", "<cell line: 1>")
                    yield CellFrame(
                        cell, frame.f_lineno, None if top or name.startswith("<cell") else name, frame
                    )
            elif (text := text_of_file(frame.f_code.co_filename)) is not None:
                yield CellFrame(text, frame.f_lineno, frame.f_code.co_name, frame)
            frame = frame.f_back

    def _cell_of(self, filename: str) -> CellText | None:
        known = self._by_file.get(filename)
        if known is not None:
            return known
        number = getattr(self._shell.compile, "_filename_map", {}).get(filename)
        if number is not None:
            return self._by_number.get(number) or self._from_linecache(filename, number)
        if filename == "<string>":
            return None  # what `exec` runs has lines of its own; the line that calls it is one of the cell
        # "<timed exec>" and the like: code of the running cell under another name.
        return self.current if filename.startswith("<") or filename in linecache.cache else None

    def _from_linecache(self, filename: str, number: int) -> CellText:
        return CellText(number, "".join(linecache.getlines(filename)))


def _keep(cells: dict[K, CellText], key: K, cell: CellText) -> None:
    """Remember a cell, up to a limit; the text of a forgotten one is read from IPython's own cache."""
    cells.pop(key, None)
    cells[key] = cell
    if len(cells) > _MAX_CELLS:
        del cells[next(iter(cells))]


def _is_nested() -> bool:
    """Whether this thread is running a cell within a cell."""
    count = 0
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and count < 2:
        count += frame.f_code.co_name == "run_cell_async"
        frame = frame.f_back
    return count > 1


def _counts_before_running(shell_class: type) -> bool:
    """Whether this IPython raises ``execution_count`` before the cell runs (9 does, 7 and 8 do not)."""
    try:
        source = inspect.getsource(shell_class.run_cell_async)  # type: ignore[attr-defined]
    except (AttributeError, OSError, TypeError):
        return False
    before, found, _ = source.partition("trigger('pre_run_cell'")
    # An increment before the event, outside the early-error helper, counts.
    head = before.partition("def error_before_exec")[0]
    return bool(found) and "self.execution_count += 1" in head
