"""The parts of IPython and of its kernel that the guard uses, as types.

IPython itself is not imported for them. What is missing in some shells, such as the kernel in a terminal, is not
part of these types; the code asks for it by ``getattr``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Protocol, TypedDict


class Events(Protocol):
    """``shell.events``."""

    def register(self, event: str, function: Callable[..., object]) -> None:
        """Call a function at each event."""

    def unregister(self, event: str, function: Callable[..., object]) -> None:
        """Call it no longer."""


class DisplayPublisher(Protocol):
    """``shell.display_pub``."""

    def publish(
        self,
        data: Mapping[str, object],
        metadata: Mapping[str, object],
        *,
        transient: Mapping[str, object] = ...,
        update: bool = ...,
    ) -> None:
        """Send a display message."""


class InputTransformers(Protocol):
    """``shell.input_transformer_manager``."""

    def transform_cell(self, cell: str) -> str:
        """Return the Python text of a cell."""


class MagicsManager(Protocol):
    """``shell.magics_manager``."""

    @property
    def magics(self) -> Mapping[str, MutableMapping[str, object]]:
        """The magics by kind and name."""


class Dispatcher(Protocol):
    """A value of ``shell.strdispatchers``."""

    @property
    def strs(self) -> MutableMapping[str, object]:
        """The hooks by the text that calls them."""


class CellInfo(Protocol):
    """What ``pre_run_cell`` is called with; some releases lack an attribute, so all are read by ``getattr``."""


class ExecutionResult(Protocol):
    """What ``run_cell`` returns, and ``post_run_cell`` is called with."""

    error_in_exec: BaseException | None

    def raise_error(self) -> None:
        """Raise the error of the cell, if it has one."""


class CompletionEvent(Protocol):
    """What a completer is called with."""

    @property
    def line(self) -> str:
        """The line up to the cursor."""

    @property
    def symbol(self) -> str:
        """The word to complete."""


class Shell(Protocol):
    """An IPython shell."""

    CustomTB: Callable[..., object]
    ast_transformers: list[ast.NodeTransformer]
    configurables: list[object]
    custom_exceptions: tuple[type[BaseException], ...]
    execution_count: int
    input_transformers_cleanup: list[Callable[[list[str]], list[str]]]
    last_execution_succeeded: bool
    strdispatchers: Mapping[str, Dispatcher]
    user_global_ns: dict[str, object]
    user_ns: dict[str, object]

    @property
    def compile(self) -> object:
        """The compiler, which knows the cells by their file names."""

    @property
    def display_pub(self) -> DisplayPublisher:
        """What sends display messages."""

    @property
    def events(self) -> Events:
        """The events."""

    @property
    def input_transformer_manager(self) -> InputTransformers:
        """What makes Python of a cell."""

    @property
    def magics_manager(self) -> MagicsManager:
        """The magics."""

    def register_magic_function(self, func: Callable[..., object], magic_kind: str, magic_name: str) -> None:
        """Register a magic."""

    def run_cell(self, raw_cell: str) -> ExecutionResult:
        """Run a cell."""

    def set_custom_exc(
        self, exc_tuple: tuple[type[BaseException], ...], handler: Callable[..., object]
    ) -> None:
        """Have a function show exceptions."""

    def set_hook(self, name: str, hook: Callable[..., object], *, str_key: str) -> None:
        """Set a hook."""

    def set_next_input(self, s: str) -> None:
        """Offer a text as the next cell."""

    def showtraceback(
        self,
        exc_tuple: tuple[type[BaseException], BaseException, TracebackType | None],
        *,
        tb_offset: int | None = None,
        running_compiled_code: bool = False,
    ) -> None:
        """Show a traceback."""


class CommData(TypedDict, total=False):
    """What a front end asks over a comm."""

    ask: str
    about: str
    request: int


class CommContent(TypedDict):
    """The content of a comm message."""

    comm_id: str
    data: CommData


class CommMessage(TypedDict):
    """A message of a comm."""

    content: CommContent


class Comm(Protocol):
    """A comm to one front end."""

    @property
    def comm_id(self) -> str:
        """Its id."""

    def on_msg(self, callback: Callable[[CommMessage], object]) -> None:
        """Call a function for each message."""

    def on_close(self, callback: Callable[[CommMessage], object]) -> None:
        """Call a function when the front end closes it."""

    def send(self, data: Mapping[str, object]) -> None:
        """Send data to the front end."""

    def close(self) -> None:
        """Close it."""


class CommManager(Protocol):
    """``kernel.comm_manager``."""

    def register_target(self, target_name: str, f: Callable[[Comm, CommMessage], object]) -> None:
        """Call a function when a front end opens a comm to a target."""

    def unregister_target(self, target_name: str, f: Callable[[Comm, CommMessage], object]) -> None:
        """Call it no longer."""
