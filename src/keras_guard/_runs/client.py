"""An nbclient with the guard; nbclient is imported with this module."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.util import ensure_async

from .._data.diagnostic import MIME_TYPE
from .._render.as_json import CardJson
from .outcome import RunError

_LOAD = "get_ipython().run_line_magic('load_ext', 'keras_guard')\n"
_MAGIC = "get_ipython().run_line_magic('keras_guard', {!r})\n"


class GuardedClient(NotebookClient):  # type: ignore[misc]
    """Loads the guard into its kernel, and keeps the last state of each card.

    Args:
        notebook: The notebook; gets the outputs.
        magics: Lines of ``%keras_guard`` to run first.
        step: Called with what is done now, in words.
        kernel: The name of an installed kernel; by default this Python.
        options: Options of nbclient.

    Attributes:
        cards: The cards and their texts, by id.
        cells: The positions of the cells, by their execution counts.
    """

    cards: dict[str, tuple[CardJson, str]]
    cells: dict[int, int]

    def __init__(
        self,
        notebook: object,
        magics: Sequence[str],
        step: Callable[[str], None],
        kernel: str | None = None,
        **options: object,
    ) -> None:
        super().__init__(notebook, km=_kernel(kernel), **options)
        self.cards, self.cells = {}, {}
        self._setup = _LOAD + "".join(map(_MAGIC.format, magics))
        self._step = step

    async def async_start_new_kernel_client(self) -> Any:
        """Start a kernel, and load the guard in a silent request: it runs no event and counts as no cell."""
        self._step("starting a kernel")
        client = await super().async_start_new_kernel_client()
        message = await ensure_async(client.execute(self._setup, silent=True))
        reply = (await self.async_wait_for_reply(message))["content"]
        if reply["status"] != "ok":
            raise RunError(f"the guard could not be loaded: {reply['ename']}: {reply['evalue']}")
        return client

    async def async_execute_cell(
        self, cell: object, cell_index: int, *args: object, **options: object
    ) -> Any:
        """Say which cell runs, and run it."""
        self._step(f"cell {cell_index + 1} of {len(self.nb.cells)}")
        return await super().async_execute_cell(cell, cell_index, *args, **options)

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Keep cards and execution counts; a card outlives the outputs that a cell clears."""
        content = msg["content"]
        if msg["msg_type"] == "execute_input":
            self.cells[content["execution_count"]] = cell_index
        elif msg["msg_type"] in ("display_data", "update_display_data") and MIME_TYPE in content["data"]:
            card = content["data"][MIME_TYPE]
            self.cards[card["id"]] = card, content["data"]["text/plain"]
        return super().process_message(msg, cell, cell_index)


class _ThisPython(KernelSpecManager):  # type: ignore[misc]
    """Knows one kernel: that of the running Python. The one installed as ``python3`` may be another."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the kernel, by any name."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=kernel_name, language="python")


def _kernel(name: str | None) -> AsyncKernelManager:
    if name is not None:
        return AsyncKernelManager(kernel_name=name)
    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=_ThisPython())
