"""What JupyterLab's own extension of the guard is told: the live diagnostics, over one comm.

The kernel opens the comm when there is first something to say, because a front end without the
extension ignores what a kernel opens, while a kernel complains of what a front end opens. The front
end that asks again after a reload of its page is sent everything that is live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._data.diagnostic import SCHEMA, Diagnostic, State
from .._render.as_json import render_json

if TYPE_CHECKING:
    from .extension import Extension

TARGET = "keras_guard"


class FrontEnd:
    """The comm to the front ends of one kernel.

    Args:
        extension: The extension whose diagnostics they are.
    """

    def __init__(self, extension: Extension) -> None:
        self._extension = extension
        self._live: dict[str, Diagnostic] = {}
        self._comm: Any = None
        shield = extension.containment.shield
        self.hear_diagnostic = shield(self._hear_diagnostic)
        self._hear_message = shield(self._on_message)

    def _hear_diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic.state is State.RESOLVED:
            self._live.pop(diagnostic.id, None)
        else:
            self._live[diagnostic.id] = diagnostic
        if self._comm is not None:
            self._comm.send(self._state())
        elif self._live:
            self._open()

    def _open(self) -> None:
        from ipykernel.comm import Comm

        self._comm = Comm(target_name=TARGET, data=self._state())
        self._comm.on_msg(self._hear_message)

    def _state(self) -> dict[str, Any]:
        live = [
            {**render_json(diagnostic), "text": list(diagnostic.span.text)}
            for diagnostic in self._live.values()
        ]
        return {"schema": SCHEMA, "diagnostics": live}

    def _on_message(self, message: dict[str, Any]) -> None:
        asked = message["content"]["data"]
        if asked.get("ask") == "state":
            self._comm.send(self._state())
        elif asked.get("ask") == "rebuild":
            identity = str(asked.get("id"))
            self._comm.send({"rebuilt": identity, **self._rebuilt(identity)})

    def _rebuilt(self, identity: str) -> dict[str, str]:
        """Return the code of a rebuild, or why there is none."""
        from .commands import CommandError, Commands

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
        if self._comm is not None:
            self._comm.close()
            self._comm = None
        self._live.clear()
