"""A real ipykernel, driven over its message channels as a notebook front end drives it."""

from __future__ import annotations

import json
import os
import queue
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from .shells import QUICK_TRACES

MIME = "application/vnd.keras-guard.v1+json"

#: Quiet, on the CPU, and with Keras' own warnings out of the way of the streams under test.
#: The guard is loaded where a test says so, never by the startup file that comes with the package.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONWARNINGS": "ignore",
    "KERAS_GUARD": "off",
}

#: What makes every collection short, all that Keras and TensorFlow made is set apart once, and every first ``fit``.
_PREPARE = f"import keras, gc; gc.collect(); gc.freeze(); del keras, gc\n{QUICK_TRACES}"

_FRESH = """
get_ipython().run_line_magic("reset", "-f")
get_ipython().run_line_magic("unload_ext", "keras_guard")
def _clean():
    import gc, sys
    keras = sys.modules.get("keras")
    if keras is not None:
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(7)
        keras.config.set_dtype_policy("float32")
    gc.collect()
    gc.freeze()  # what is left is TensorFlow's: no later collection has to walk through it
_clean()
del _clean
get_ipython().run_line_magic("load_ext", "keras_guard")
"""


@dataclass(frozen=True)
class Card:
    """One diagnostic as a front end receives it.

    Attributes:
        payload: The JSON part.
        text: The plain text part.
        html: The HTML part, ``None`` where none was sent.
        display_id: The id by which a later message replaces this one.
        update: Whether the message replaces an earlier one.
        position: Which message of the cell it was.
    """

    payload: dict[str, Any]
    text: str
    html: str | None
    display_id: str | None
    update: bool
    position: int

    @property
    def code(self) -> str:
        """The rule's code."""
        return str(self.payload["code"])

    @property
    def state(self) -> str:
        """pending, open or resolved."""
        return str(self.payload["state"])

    @property
    def line(self) -> int | None:
        """The first line of the place it points at."""
        line: int | None = self.payload["span"]["line"]
        return line

    @property
    def brief(self) -> tuple[str, str, int | None]:
        """Code, state and line, which is what most tests compare."""
        return self.code, self.state, self.line


@dataclass
class CellRun:
    """What came back from one cell.

    Attributes:
        reply: The execute_reply's content.
        messages: Every iopub message of the cell as (type, content), in order.
    """

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def cards(self) -> list[Card]:
        """The diagnostics, in the order in which they arrived; one that is updated in its state is one card."""
        found: list[Card] = []
        for card in cards_of(self.messages):
            key = (card.payload["id"], card.state)
            places = {(earlier.payload["id"], earlier.state): i for i, earlier in enumerate(found)}
            if key in places:
                first = found[places[key]]
                found[places[key]] = replace(card, position=first.position)
            else:
                found.append(card)
        return found

    @property
    def briefs(self) -> list[tuple[str, str, int | None]]:
        """The cards' code, state and line."""
        return [card.brief for card in self.cards]

    @property
    def count(self) -> int:
        """The number shown as ``In [n]``."""
        return int(self.reply["execution_count"])

    @property
    def error(self) -> str | None:
        """The exception's type and message, if the cell raised."""
        if self.reply.get("status") != "error":
            return None
        return f"{self.reply['ename']}: {self.reply['evalue']}"

    @property
    def traceback(self) -> str:
        """The traceback as shown."""
        return "\n".join(self.reply.get("traceback", ()))

    @property
    def out(self) -> str | None:
        """The plain text of ``Out[n]``."""
        for kind, content in self.messages:
            if kind == "execute_result":
                return str(content["data"]["text/plain"])
        return None

    def stream(self, name: str = "stdout") -> str:
        """The text of a stream."""
        return "".join(
            content["text"] for kind, content in self.messages if kind == "stream" and content["name"] == name
        )

    def position_of(self, text: str) -> int:
        """Which message first printed ``text``."""
        for index, (kind, content) in enumerate(self.messages):
            if kind == "stream" and text in content["text"]:
                return index
        raise AssertionError(f"{text!r} was never printed; the streams held {self.stream()!r}")

    def shown_texts(self) -> list[str]:
        """The plain texts of displays that are no cards."""
        return [
            content["data"].get("text/plain", "")
            for kind, content in self.messages
            if kind == "display_data" and MIME not in content["data"]
        ]

    @property
    def next_input(self) -> str | None:
        """The code offered as the next cell."""
        found = [p["text"] for p in self.reply.get("payload", ()) if p.get("source") == "set_next_input"]
        return found[-1] if found else None


def cards_of(messages: list[tuple[str, dict[str, Any]]]) -> Iterator[Card]:
    """Yield the diagnostics among iopub messages."""
    for position, (kind, content) in enumerate(messages):
        data = content.get("data", {})
        if kind not in ("display_data", "update_display_data") or MIME not in data:
            continue
        payload = data[MIME]
        yield Card(
            payload=json.loads(payload) if isinstance(payload, str) else payload,
            text=data.get("text/plain", ""),
            html=data.get("text/html"),
            display_id=content.get("transient", {}).get("display_id"),
            update=kind == "update_display_data",
            position=position,
        )


class Running:
    """A cell that was sent and whose messages are read as they come."""

    def __init__(self, client: Any, message_id: str, deadline: float) -> None:
        self._client = client
        self._id = message_id
        self._deadline = deadline
        self._idle = False
        self.run = CellRun()

    def _next(self) -> None:
        try:
            message = self._client.get_iopub_msg(timeout=max(0.1, self._deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"the kernel said nothing more; so far: {self.run.messages}") from None
        if message["parent_header"].get("msg_id") != self._id:
            return
        content = message["content"]
        if message["msg_type"] == "status":
            self._idle = content["execution_state"] == "idle"
        else:
            self.run.messages.append((message["msg_type"], content))

    def until_card(self) -> Card:
        """Wait for the first card; fails if the cell ends without one."""
        while not self.run.cards:
            assert not self._idle, f"the cell ended without a card: {self.run.messages}"
            self._next()
        return self.run.cards[0]

    def until_printed(self, text: str) -> None:
        """Wait until the cell has printed ``text``."""
        while text not in self.run.stream():
            assert not self._idle, f"the cell ended without printing {text!r}: {self.run.messages}"
            self._next()

    def wait_longer(self, seconds: float) -> None:
        """Allow so many seconds from now on."""
        self._deadline = time.monotonic() + seconds

    def finish(self) -> CellRun:
        """Wait for the end of the cell."""
        while not self._idle:
            self._next()
        while not self.run.reply:
            reply = self._client.get_shell_msg(timeout=max(0.1, self._deadline - time.monotonic()))
            if reply["parent_header"].get("msg_id") == self._id:
                self.run.reply = reply["content"]
        return self.run


class Kernel:
    """One ipykernel process.

    Args:
        load: The cell that loads the guard; empty for a kernel without it.
        environment: Variables beside the usual ones.
        arguments: Further arguments of the kernel.
    """

    def __init__(
        self,
        load: str = "%load_ext keras_guard",
        *,
        environment: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *arguments],
            display_name="test",
            language="python",
        )
        self.manager.start_kernel(env={**os.environ, **ENVIRONMENT, **(environment or {})})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        if load:
            run = self.run(load)
            assert run.error is None, run.traceback

    def start(self, code: str, *, silent: bool = False, timeout: float = 120, **options: Any) -> Running:
        """Send a cell and return at once."""
        options.setdefault("store_history", not silent)
        message_id = self.client.execute(code, silent=silent, **options)
        return Running(self.client, message_id, time.monotonic() + timeout)

    def run(self, code: str, *, silent: bool = False, timeout: float = 120, **options: Any) -> CellRun:
        """Run a cell to its end."""
        return self.start(code, silent=silent, timeout=timeout, **options).finish()

    def ok(self, code: str, **options: Any) -> CellRun:
        """Run a cell that must not raise."""
        run = self.run(code, **options)
        assert run.error is None, run.traceback
        return run

    def cells(self, *codes: str) -> list[CellRun]:
        """Run cells that must not raise, one after the other."""
        return [self.ok(code) for code in codes]

    def value(self, expression: str) -> Any:
        """Return the value of an expression of plain literals, unseen by the guard."""
        run = self.run(
            "pass",
            silent=True,
            user_expressions={"value": f"__import__('json').dumps({expression})"},
        )
        found = run.reply["user_expressions"]["value"]
        assert found["status"] == "ok", found
        text = found["data"]["text/plain"]
        import ast

        return json.loads(ast.literal_eval(text))

    def faults(self) -> dict[str, int]:
        """Return what went wrong inside the guard and was contained."""
        found: dict[str, int] = self.value(
            "dict(getattr(get_ipython()._keras_guard_extension.session.containment, 'faults'))"
            " if hasattr(get_ipython(), '_keras_guard_extension') else {}"
        )
        return found

    def fault_details(self) -> list[str]:
        """Return the tracebacks of those faults."""
        found: list[str] = self.value(
            "list(get_ipython()._keras_guard_extension.session.containment.details.values())"
        )
        return found

    def prepare(self) -> None:
        """Import Keras, and set its objects apart from those of the tests."""
        run = self.run(_PREPARE, silent=True)
        assert run.error is None, run.traceback

    def clean(self) -> None:
        """Bring the process back to a namespace without names and a guard without memory."""
        run = self.run(_FRESH, silent=True)
        assert run.error is None, run.traceback

    def interrupt(self) -> None:
        """Interrupt the running cell, as the stop button does."""
        self.manager.interrupt_kernel()

    def close(self) -> None:
        """End the process."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
