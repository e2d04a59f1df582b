"""Which entry methods (``fit``, ``predict`` ...) run now, on this thread."""

from __future__ import annotations

import threading
import weakref

from .._adapter.traces import Call
from .._data.types import Model
from .._ledger import Entry


class RunningEntry:
    """An entry method that is running.

    Attributes:
        model: Returns the model.
        call: The call.
        checked: The count of changes when its traced function was last compared with what is true.
        makes_trace: Whether a trace is being made that has not been noted yet.
        ran: Whether a batch of it has run.
        stale: What is known of the model that this run does not follow.
    """

    __slots__ = ("call", "checked", "makes_trace", "model", "ran", "stale")

    def __init__(self, model: Model, call: Call) -> None:
        self.model = weakref.ref(model)
        self.call = call
        self.checked = -1
        self.makes_trace = False
        self.ran = False
        self.stale: list[Entry] = []

    @property
    def began(self) -> bool:
        """Whether a batch was begun."""
        return self.checked >= 0


class RunningEntries:
    """A stack of them for each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @property
    def stack(self) -> list[RunningEntry]:
        """The entry methods of this thread, the innermost last."""
        stack: list[RunningEntry] | None = getattr(self._local, "stack", None)
        if stack is None:
            stack = self._local.stack = []
        return stack

    def begin_cell(self) -> None:
        """Forget the entries of this thread that an interrupt kept from ending."""
        self.stack.clear()

    def innermost(self, kind: str) -> RunningEntry | None:
        """Return the innermost entry, if its traced function is of a kind."""
        stack = self.stack
        return stack[-1] if stack and stack[-1].call.kind == kind else None

    def leave(self, model: Model) -> RunningEntry | None:
        """Take the entry of a model off the stack, with those that did not end by themselves."""
        stack = self.stack
        while stack:
            entry = stack.pop()
            if entry.model() is model:
                return entry
        return None

    def is_midway(self, model: Model) -> bool:
        """Whether a model has run a batch of a training that goes on."""
        return any(
            entry.ran and entry.call.kind == "train" and entry.model() is model for entry in self.stack
        )

    def note_stale(self, model: Model, entry: Entry) -> bool:
        """Note that the running entry method of a model does not follow an edit; ``False`` where none runs.

        It is one use, however often the edit is made while it runs.
        """
        running = next((item for item in reversed(self.stack) if item.model() is model), None)
        if running is not None and not any(entry is other for other in running.stale):
            running.stale.append(entry)
        return running is not None

    def holds(self, model: Model) -> bool:
        """Whether a model is in the middle of an entry method."""
        return any(entry.model() is model for entry in self.stack)
