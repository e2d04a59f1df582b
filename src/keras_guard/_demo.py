"""The demo: the notebook of the classic cases, run in a real kernel and printed as a user sees it.

The tags of a cell say what it must do: a cell with ``warns-KG101`` must show that card and leave it open, one with
``rebuild`` must leave no card open, one with ``proof`` must print a line that begins with ``proved``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._data.diagnostic import MIME_TYPE

if TYPE_CHECKING:
    from jupyter_client.blocking import BlockingKernelClient
    from jupyter_client.manager import KernelManager
    from rich.console import Console

_NOTEBOOK = "reassigned_layers.ipynb"
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_GUARD": "off"}
_BORDERS = {"pending": "yellow", "open": "red", "resolved": "green"}
_PLAIN_WIDTH = 140
_NEXT = """What next:
  keras-guard demo --verbose    every cell and card of this demo
  keras-guard run FOLDER        run your own notebooks and scripts with the guard on
  keras-guard status            where the guard is loaded in kernels that start
  %keras_guard explain          in a notebook: the rules"""
_NEEDS = "the demo needs {}: pip install 'keras-guard[demo]'"


class DemoError(Exception):
    """The demo cannot run here; the text says what to do."""


#: A cell of the notebook, whose text is one string, or what a message of the kernel contains.
_Json = dict[str, Any]


@dataclass
class _Outcome:
    """What the cells have shown so far."""

    states: dict[str, tuple[str, str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    warned: int = 0
    proved: int = 0

    def open_codes(self) -> set[str]:
        return {code for code, state in self.states.values() if state == "open"}


@dataclass
class _Screen:
    """Where the demo prints, and how much."""

    console: Console
    verbose: bool
    card: str = ""
    rebuilt: bool = False


def run_demo(timeout: float = 300, *, verbose: bool = False) -> int:
    """Run the demo notebook in a new kernel of this Python and print what a user would see.

    Args:
        timeout: How many seconds a cell may take.
        verbose: Whether to print every cell and every card whole, in place of the edits and the first lines.

    Returns:
        The exit status: 0 when every case was warned about, rebuilt and proved.

    Raises:
        DemoError: When a package the demo needs is not installed.
    """
    _check_packages()
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    screen = _Screen(console, verbose)
    cells = list(_cells())
    outcome = _Outcome()
    manager = _kernel_of_this_python()
    with console.status("starting a kernel"), open(os.devnull, "w") as nowhere:
        manager.start_kernel(env={**os.environ, **_QUIET}, stderr=nowhere)
        client = manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=120)
    try:
        for cell in cells:
            _run_cell(client, cell, screen, outcome, timeout)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return _close(console, cells, outcome)


def _kernel_of_this_python() -> KernelManager:
    """Return a manager for a kernel of the running Python; the kernel installed as ``python3`` may be another."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import KernelManager

    class ThisPython(KernelSpecManager):  # type: ignore[misc]
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=argv, display_name=kernel_name, language="python")

    return KernelManager(kernel_name="demo", kernel_spec_manager=ThisPython())


def _check_packages() -> None:
    from importlib.util import find_spec

    for name in ("jupyter_client", "ipykernel", "rich", "keras"):
        if find_spec(name) is None:
            raise DemoError(_NEEDS.format(name))


def _cells() -> Iterator[_Json]:
    for cell in json.loads(notebook_text())["cells"]:
        cell["source"] = "".join(cell["source"])
        yield cell


def notebook_text() -> str:
    """Return the demo notebook: from the wheel, or from the checkout this module runs in.

    Returns:
        The notebook as JSON text.
    """
    packed = resources.files(__package__).joinpath(_NOTEBOOK)
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "demo" / _NOTEBOOK).read_text(encoding="utf-8")


def _run_cell(
    client: BlockingKernelClient, cell: _Json, screen: _Screen, outcome: _Outcome, timeout: float
) -> None:
    source, console = cell["source"], screen.console
    tags = cell["metadata"].get("tags", ())
    if cell["cell_type"] == "markdown":
        _print_text(source, screen)
        return
    if screen.verbose or tags or len(source.splitlines()) == 1:
        _print_source(source, screen)
    printed: list[str] = []

    def show(message: _Json) -> None:
        _show(message["msg_type"], message["content"], screen, outcome, printed)

    with console.status("running"):
        reply = client.execute_interactive(source, output_hook=show, timeout=timeout)
    if screen.verbose:
        console.print()
    if reply["content"]["status"] != "ok":
        outcome.missing.append(f"a cell raised {reply['content'].get('ename')}: {source.splitlines()[0]}")
    _judge(tags, "".join(printed), source, outcome)


def _print_text(source: str, screen: _Screen) -> None:
    """Print a cell of text; only its heading if little is wanted."""
    from rich.markdown import Markdown
    from rich.text import Text

    if screen.verbose:
        screen.console.print(Markdown(source), "")
    elif source.startswith("## "):
        heading = source.splitlines()[0].removeprefix("## ").replace("`", "")
        screen.console.print(Text(f"\n{heading}", style="bold"))


def _print_source(source: str, screen: _Screen) -> None:
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    if screen.verbose:
        code = Syntax(source, "python", background_color="default", word_wrap=True)
        screen.console.print(Panel(code, border_style="blue"))
        return
    screen.console.print(Text("\n".join(f">>> {line}" for line in source.splitlines()), style="blue"))


def _show(kind: str, content: _Json, screen: _Screen, outcome: _Outcome, printed: list[str]) -> None:
    from rich.text import Text

    if kind == "stream" and content["name"] == "stdout":
        printed.append(content["text"])
        screen.console.print(Text(_wanted(content["text"].rstrip("\n"), screen)), soft_wrap=True)
    elif kind == "error":
        screen.console.print(Text(f"{content['ename']}: {content['evalue']}", style="red"))
    elif kind in ("display_data", "update_display_data") and MIME_TYPE in content["data"]:
        card = content["data"][MIME_TYPE]
        outcome.states[card["id"]] = card["code"], card["state"]
        _print_card(content["data"]["text/plain"], card["state"], kind == "update_display_data", screen)


def _wanted(text: str, screen: _Screen) -> str:
    """Return what is printed of a cell's output: the code of the first rebuild, and of the others that they ran."""
    lines = text.splitlines()
    if screen.verbose or not lines or not lines[-1].startswith("ran: "):
        return text
    first, screen.rebuilt = not screen.rebuilt, True
    return text if first else lines[-1]


def _print_card(text: str, state: str, update: bool, screen: _Screen) -> None:
    """Print a card; only its first line and the marked code if little is wanted."""
    from rich.panel import Panel
    from rich.text import Text

    colour = _BORDERS[state]
    if screen.verbose:
        title = "updated in place" if update else None
        screen.console.print(Panel(Text(text), border_style=colour, title=title, title_align="right"))
        return
    lines = text.splitlines()
    marked = next((number for number, line in enumerate(lines) if "^^" in line), 0)
    short = "\n".join(lines[: marked + 1])
    if short != screen.card:  # an update may change only what is not printed
        screen.console.print(Text(short, style=colour), soft_wrap=True)
    screen.card = short


def _judge(tags: Iterable[str], printed: str, source: str, outcome: _Outcome) -> None:
    line = source.splitlines()[0]
    for tag in tags:
        if tag.startswith("warns-"):
            code = tag.removeprefix("warns-")
            if code in outcome.open_codes():
                outcome.warned += 1
            else:
                outcome.missing.append(f"no {code} warning was open after: {line}")
        elif tag == "rebuild" and outcome.open_codes():
            outcome.missing.append(f"a warning was left open by: {line}")
        elif tag == "proof":
            if printed.startswith("proved"):
                outcome.proved += 1
            else:
                outcome.missing.append(f"no proof was given by: {line}")


def _close(console: Console, cells: list[_Json], outcome: _Outcome) -> int:
    tags = [tag for cell in cells for tag in cell["metadata"].get("tags", ())]
    warned, proved = sum(tag.startswith("warns-") for tag in tags), tags.count("proof")
    for what in outcome.missing:
        console.print(f"[red]missing[/red]: {what}", markup=True)
    good = not outcome.missing and bool(proved)
    colour = "green" if good else "red"
    console.print(
        f"[{colour}]{outcome.warned} of {warned} edits warned about, {outcome.proved} of {proved} rebuilds proved[/{colour}]"
    )
    console.print(_NEXT, markup=False)
    return 0 if good else 1
