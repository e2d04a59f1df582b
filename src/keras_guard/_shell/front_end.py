"""The live diagnostics for the JupyterLab extension, sent over comms.

The kernel opens no comm: a client without the extension, such as nbclient, would log an error. A front end opens one
when it meets the first card, and the kernel accepts it. After a reload of its page the front end reuses the comm
that the kernel still has, and asks for the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from .._data.diagnostic import SCHEMA, Diagnostic, State
from .._render.as_json import CardJson, render_json
from .._session.containment import Containment, shielded
from .command_basics import CommandError
from .ipython_types import Comm, CommManager, CommMessage

TARGET = "keras_guard"


class LiveJson(CardJson):
    """A live diagnostic as the front end reads it.

    Attributes:
        text: The source lines of its span.
    """

    text: list[str]


class StateJson(TypedDict):
    """All live diagnostics.

    Attributes:
        schema: Version of the schema.
        diagnostics: The diagnostics, oldest first.
    """

    schema: int
    diagnostics: list[LiveJson]


class FrontEnd:
    """The comms to the front ends of one kernel.

    Args:
        source_for: Returns the code of the rebuild for the id of a diagnostic.
        containment: Counts faults.
    """

    def __init__(self, source_for: Callable[[str], str], containment: Containment) -> None:
        self.containment = containment
        self._source_for = source_for
        self._live: dict[str, Diagnostic] = {}
        self._targets: CommManager | None = None
        self._comms: dict[str, Comm] = {}

    @shielded
    def listen(self, kernel: object) -> None:
        """Let front ends open comms to a kernel; has no effect with a kernel that has no comms."""
        self._targets = getattr(kernel, "comm_manager", None)
        if self._targets is not None:
            self._targets.register_target(TARGET, self._on_open)

    @shielded
    def _on_open(self, comm: Comm, message: CommMessage) -> None:
        self._comms[comm.comm_id] = comm
        comm.on_msg(self._on_message)
        comm.on_close(lambda _: self._comms.pop(comm.comm_id, None))
        comm.send(self._state())

    @shielded
    def hear_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Send the state after a diagnostic was shown."""
        if diagnostic.state is State.RESOLVED:
            self._live.pop(diagnostic.id, None)
        else:
            self._live[diagnostic.id] = diagnostic
        for comm in list(self._comms.values()):
            comm.send(self._state())

    def _state(self) -> StateJson:
        live: list[LiveJson] = [
            {**render_json(diagnostic), "text": list(diagnostic.span.text)}
            for diagnostic in self._live.values()
        ]
        return {"schema": SCHEMA, "diagnostics": live}

    @shielded
    def _on_message(self, message: CommMessage) -> None:
        asked = message["content"]["data"]
        comm = self._comms[message["content"]["comm_id"]]
        if asked.get("ask") == "state":
            comm.send(self._state())
        elif asked.get("ask") == "rebuild":
            identity = str(asked.get("id"))
            comm.send({"rebuilt": identity, **self._rebuilt(identity)})

    def _rebuilt(self, identity: str) -> dict[str, str]:
        """Return the code of a rebuild, or why there is none."""
        try:
            return {"source": self._source_for(identity)}
        except CommandError as error:
            return {"refused": str(error)}
        except Exception as error:
            # The front end waits for an answer, whatever went wrong; the fault is counted all the same.
            self.containment.note(error)
            return {"refused": f"{type(error).__name__}: {error}"}

    def close(self) -> None:
        """Close the comms: nothing more will be sent."""
        if self._targets is not None:
            self._targets.unregister_target(TARGET, self._on_open)
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._live.clear()
