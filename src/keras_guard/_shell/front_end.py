"""The live diagnostics for the JupyterLab extension, sent over comms.

The kernel opens no comm: a client without the extension, such as nbclient, would log an error. A front end opens one
when it meets the first card, and the kernel accepts it. After a reload of its page the front end reuses the comm
that the kernel still has, and asks for the state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from .._data.diagnostic import SCHEMA, Diagnostic, State
from .._render.as_json import CardJson, render_json
from .._render.as_page import page_as_text
from .._rules import RULES
from .._session.containment import Containment, shielded
from .command_basics import CommandError
from .options import KerasGuard

if TYPE_CHECKING:
    from comm.base_comm import BaseComm as Comm
    from comm.base_comm import CommManager

TARGET = "keras_guard"

#: Requests after which the state is another one.
_CHANGES = ("ignore", "dismiss", "restore")


class LiveJson(CardJson):
    """A live diagnostic as the front end reads it.

    Attributes:
        text: The source lines of its span.
        dismissed: Whether the user does not want to see it in marks and lists: dismissed or ignored.
    """

    text: list[str]
    dismissed: bool


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

    A request is ``{"ask", "request", ...}``; its answer is ``{"answer": request, ...}``, with ``refused`` where there
    is a reason against it. The state is sent on its own whenever it changes.

    Args:
        source_for: Returns the code of the rebuild for the id of a diagnostic.
        options: The options; a request to ignore a rule or a model changes them.
        containment: Counts faults.
    """

    def __init__(
        self, source_for: Callable[[str], str], options: KerasGuard, containment: Containment
    ) -> None:
        self.containment = containment
        self._options = options
        self._live: dict[str, Diagnostic] = {}
        self._dismissed: set[str] = set()
        self._targets: CommManager | None = None
        self._comms: dict[str, Comm] = {}
        self._answers: dict[str, Callable[[str], dict[str, str]]] = {
            "rebuild": lambda identity: {"source": source_for(identity)},
            "explain": lambda code: {"text": page_as_text(RULES[code])},
            "ignore": self._ignore,
            "dismiss": self._dismiss,
            "restore": self._restore,
        }

    @shielded
    def listen(self, kernel: object) -> None:
        """Let front ends open comms to a kernel; has no effect with a kernel that has no comms."""
        self._targets = getattr(kernel, "comm_manager", None)
        if self._targets is not None:
            self._targets.register_target(TARGET, self._on_open)

    @shielded
    def _on_open(self, comm: Comm, message: dict[str, Any]) -> None:
        self._comms[comm.comm_id] = comm
        comm.on_msg(self._on_message)

        def forget(_: object) -> None:
            self._comms.pop(comm.comm_id, None)

        comm.on_close(forget)
        comm.send(dict(self._state()))

    @shielded
    def hear_diagnostic(self, diagnostic: Diagnostic) -> None:
        """Send the state after a diagnostic was shown."""
        known = self._live.pop(diagnostic.id, None)
        if diagnostic.state is not State.RESOLVED:
            self._live[diagnostic.id] = diagnostic
        if known is None or known.state is not diagnostic.state:
            self._dismissed.discard(diagnostic.id)  # its card is shown again, too
        self._send_state()

    def _send_state(self) -> None:
        for comm in list(self._comms.values()):
            comm.send(dict(self._state()))

    def _state(self) -> StateJson:
        live: list[LiveJson] = [
            {
                **render_json(diagnostic),
                "text": list(diagnostic.span.text),
                "dismissed": self._is_unwanted(diagnostic),
            }
            for diagnostic in self._live.values()
        ]
        return {"schema": SCHEMA, "diagnostics": live}

    def _is_unwanted(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.id in self._dismissed or bool(_words_of(diagnostic) & self._options.ignore)

    @shielded
    def _on_message(self, message: dict[str, Any]) -> None:
        asked = message["content"]["data"]
        comm = self._comms[message["content"]["comm_id"]]
        if asked.get("ask") == "state":
            comm.send(dict(self._state()))
            return
        comm.send({"answer": asked.get("request"), **self._answer(asked)})
        if asked.get("ask") in _CHANGES:
            self._send_state()

    def _answer(self, asked: Mapping[str, object]) -> dict[str, str]:
        """Return what was asked for, or why there is none."""
        try:
            return self._answers[str(asked.get("ask"))](str(asked.get("about")))
        except CommandError as error:
            return {"refused": str(error)}
        except Exception as error:
            # The front end waits for an answer, whatever went wrong; the fault is counted all the same.
            self.containment.note(error)
            return {"refused": f"{type(error).__name__}: {error}"}

    def _ignore(self, word: str) -> dict[str, str]:
        """Report nothing more about a rule or a model, as ``%keras_guard ignore`` does."""
        self._options.ignore = set(self._options.ignore) | {word}
        return {}

    def _dismiss(self, identity: str) -> dict[str, str]:
        self._dismissed.add(identity)
        return {}

    def _restore(self, identity: str) -> dict[str, str]:
        """Undo a dismissal, and the request to ignore the rule or the model of this diagnostic."""
        self._dismissed.discard(identity)
        if identity in self._live:
            self._options.ignore = set(self._options.ignore) - _words_of(self._live[identity])
        return {}

    def close(self) -> None:
        """Close the comms: nothing more will be sent."""
        if self._targets is not None:
            self._targets.unregister_target(TARGET, self._on_open)
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._live.clear()


def _words_of(diagnostic: Diagnostic) -> set[str]:
    """Return the words by which ``%keras_guard ignore`` names a diagnostic."""
    return {diagnostic.code, diagnostic.rule, diagnostic.model, *diagnostic.models}
