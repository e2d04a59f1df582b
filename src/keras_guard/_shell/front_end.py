"""What JupyterLab's own extension of the guard is told: the live diagnostics, over comms.

The kernel opens none: a client without the extension, such as nbclient, would complain of it in its
log. A front end opens one when it meets the first card, and by then the kernel listens; after a
reload of its page it takes up the comm the kernel still holds, and asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._data.diagnostic import SCHEMA, Diagnostic, State
from .._render.as_json import render_json

if TYPE_CHECKING:
    from .extension import Extension

TARGET = "keras_guard"


class FrontEnd:
    """The comms to the front ends of one kernel.

    Args:
        extension: The extension whose diagnostics they are.
    """

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._live: dict[str, Diagnostic] = {}
        self._targets: Any = None
        self._comms: dict[str, Any] = {}
        shield = extension.containment.shield
        self.hear_diagnostic = shield(self._hear_diagnostic)
        self._hear_opening = shield(self._on_open)
        self._hear_message = shield(self._on_message)

    def listen(self, kernel: Any) -> None:
        """Let front ends open comms to a kernel; to one without comms nobody can."""
        self._targets = getattr(kernel, "comm_manager", None)
        if self._targets is not None:
            self._targets.register_target(TARGET, self._hear_opening)

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        self._comms[comm.comm_id] = comm
        comm.on_msg(self._hear_message)
        comm.on_close(lambda _: self._comms.pop(comm.comm_id, None))
        comm.send(self._state())

    def _hear_diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic.state is State.RESOLVED:
            self._live.pop(diagnostic.id, None)
        else:
            self._live[diagnostic.id] = diagnostic
        for comm in list(self._comms.values()):
            comm.send(self._state())

    def _state(self) -> dict[str, Any]:
        live = [
            {**render_json(diagnostic), "text": list(diagnostic.span.text)}
            for diagnostic in self._live.values()
        ]
        return {"schema": SCHEMA, "diagnostics": live}

    def _on_message(self, message: dict[str, Any]) -> None:
        asked = message["content"]["data"]
        comm = self._comms[message["content"]["comm_id"]]
        if asked.get("ask") == "state":
            comm.send(self._state())
        elif asked.get("ask") == "rebuild":
            identity = str(asked.get("id"))
            comm.send({"rebuilt": identity, **self._rebuilt(identity)})

    def _rebuilt(self, identity: str) -> dict[str, str]:
        """Return the code of a rebuild, or why there is none."""
        from .command_error import CommandError
        from .commands import Commands

        try:
            found = Commands(self._extension).rebuild_of(identity)
        except CommandError as error:
            return {"refused": str(error)}
        except Exception as error:
            # The front end waits for an answer, whatever went wrong; the fault is counted all the same.
            self._extension.containment.note(error)
            return {"refused": f"{type(error).__name__}: {error}"}
        return {"source": found.source.rstrip()}

    def close(self) -> None:
        """Tell the front ends that nothing more will come."""
        if self._targets is not None:
            self._targets.unregister_target(TARGET, self._hear_opening)
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._live.clear()
