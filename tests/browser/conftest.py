"""A real JupyterLab server and Debian's Chromium, without a screen."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import pytest

from ..support.kernel import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "labextension" / "assets"

T = TypeVar("T")


def _missing() -> str | None:
    """Say what the browser tests cannot do without."""
    for module in ("jupyterlab", "notebook", "selenium"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not on the PATH (Debian: apt-get install chromium chromium-driver)"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here as browser tests, skipped only where there is no browser or no JupyterLab.

    With ``KERAS_GUARD_NEEDS_BROWSER`` in the environment, nothing is skipped: what is missing ends the run.
    """
    reason = _missing()
    if reason is not None and os.environ.get("KERAS_GUARD_NEEDS_BROWSER"):
        raise pytest.UsageError(f"the browser tests cannot run: {reason}")
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


def wait_for(what: Callable[[], T], why: str, seconds: float = 60) -> T:
    """Ask until the answer is truthy.

    Args:
        what: The question.
        why: What is waited for, in the words of the failure.
        seconds: How long.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {why}"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """One server of JupyterLab or Notebook.

    Args:
        folder: Where notebooks, settings and logs go.
        extension: The labextension's assets, ``None`` for a front end without it.
        application: ``jupyterlab`` or ``notebook``.
    """

    def __init__(self, folder: Path, extension: Path | None, application: str = "jupyterlab") -> None:
        self.application = application
        options = "LabApp" if application == "jupyterlab" else "JupyterNotebookApp"
        self.notebooks = folder / "notebooks"
        self.notebooks.mkdir(parents=True)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        data = folder / "data"
        if extension is not None:
            (data / "labextensions").mkdir(parents=True)
            shutil.copytree(extension, data / "labextensions" / "keras-guard")
        else:
            # An installed package brings its own, which is then not to be loaded.
            (folder / "config" / "labconfig").mkdir(parents=True)
            (folder / "config" / "labconfig" / "page_config.json").write_text(
                '{"disabledExtensions": {"keras-guard": true}}'
            )
        # No question about news in the corner of the pictures, and no answer from the network.
        answers = folder / "settings" / "@jupyterlab" / "apputils-extension"
        answers.mkdir(parents=True)
        (answers / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    application,
                    "--no-browser",
                    "--allow-root",
                    f"--port={self.port}",
                    f"--ServerApp.root_dir={self.notebooks}",
                    "--IdentityProvider.token=",
                    "--ServerApp.disable_check_xsrf=True",
                    f"--{options}.expose_app_in_browser=True",
                    "--LabApp.extension_manager=readonly",
                    f"--{options}.workspaces_dir={folder / 'workspaces'}",
                    f"--{options}.user_settings_dir={folder / 'settings'}",
                ],
                env={
                    **os.environ,
                    **ENVIRONMENT,
                    "HOME": str(folder),
                    "IPYTHONDIR": str(folder / "ipython"),
                    "JUPYTER_CONFIG_DIR": str(folder / "config"),
                    "JUPYTER_DATA_DIR": str(data),
                    "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
                    # Only this checkout's labextension, and no other environment's.
                    "JUPYTER_PREFER_ENV_PATH": "0",
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_for(self._answers, f"JupyterLab's first answer; see {self.log}", 90)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.url}/api/status", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook; returns its path for the browser."""
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(cell, id=f"c{i}") for i, cell in enumerate(cells)]
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.notebooks / name)
        return name

    def close(self) -> None:
        """End the server and its kernels."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/kernels", timeout=5) as answer:
                kernels = json.load(answer)
            for kernel in kernels:
                request = urllib.request.Request(f"{self.url}/api/kernels/{kernel['id']}", method="DELETE")
                urllib.request.urlopen(request, timeout=10).close()
        finally:
            self._process.terminate()
            self._process.wait(timeout=30)


class Page:
    """A notebook in the browser.

    Args:
        driver: The browser.
        server: The server.
    """

    def __init__(self, driver: Any, server: Server) -> None:
        self.driver = driver
        self.server = server

    def open(self, name: str) -> None:
        """Open a notebook and wait until its kernel is idle."""
        place = "doc/tree" if self.server.application == "jupyterlab" else "notebooks"
        self.driver.get(f"{self.server.url}/{place}/{name}?reset")
        self.until_ready()

    def until_ready(self) -> None:
        """Wait until the notebook is there and its kernel answers."""
        wait_for(
            lambda: self.js(
                "const w = window.jupyterapp?.shell?.currentWidget;"
                "return !!w?.sessionContext?.isReady && w.content?.widgets?.length > 0"
                " && w.sessionContext.session?.kernel?.status === 'idle'"
            ),
            "the notebook and its kernel",
            90,
        )

    def js(self, code: str, *arguments: Any) -> Any:
        """Run a piece of JavaScript and return what it returns."""
        return self.driver.execute_script(code, *arguments)

    def command(self, name: str, **arguments: Any) -> None:
        """Run one of JupyterLab's commands and wait for its end."""
        failed = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "window.jupyterapp.commands.execute(arguments[0], arguments[1])"
            ".then(() => done(null), error => done(String(error)))",
            name,
            arguments,
        )
        assert failed is None, failed

    def select(self, index: int) -> None:
        """Make a cell the active one."""
        self.js(
            "const n = window.jupyterapp.shell.currentWidget.content;"
            "n.deselectAll(); n.activeCellIndex = arguments[0]; n.mode = 'command'; n.activate()",
            index,
        )

    def start(self, index: int) -> None:
        """Run a cell as Shift+Enter does, without waiting."""
        from selenium.webdriver import ActionChains, Keys

        self.select(index)
        ActionChains(self.driver).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()

    def run(self, index: int, seconds: float = 60) -> None:
        """Run a cell and wait until it has its number and the kernel is idle."""
        # A kernel that was restarted gives the same number again: wait for a number, not for another one.
        self.js(
            "window.jupyterapp.shell.currentWidget.content.widgets[arguments[0]].model.executionCount = null",
            index,
        )
        self.start(index)
        wait_for(
            lambda: (
                self.count(index) is not None
                and self.js(
                    "return window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
                )
            ),
            f"the end of cell {index}",
            seconds,
        )

    def count(self, index: int) -> int | None:
        """The number in a cell's prompt."""
        found: int | None = self.js(
            "return window.jupyterapp.shell.currentWidget.content.widgets[arguments[0]].model.executionCount",
            index,
        )
        return found

    def sources(self) -> list[str]:
        """The text of every cell."""
        found: list[str] = self.js(
            "return window.jupyterapp.shell.currentWidget.content.widgets.map(w => w.model.sharedModel.source)"
        )
        return found

    def cards(self, index: int | None = None) -> list[Any]:
        """The cards below a cell, or all."""
        css = ".jp-OutputArea-output .keras-guard"
        if index is None:
            return list(self.driver.find_elements("css selector", css))
        found: list[Any] = self.js(
            "return [...window.jupyterapp.shell.currentWidget.content.widgets[arguments[0]].node"
            ".querySelectorAll(arguments[1])]",
            index,
            css,
        )
        return found

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme and wait until it is on."""
        self.command("apputils:change-theme", theme=name)
        light = "false" if "Dark" in name else "true"
        wait_for(
            lambda: (
                self.js("return document.body.dataset.jpThemeName") == name
                and self.js("return document.body.dataset.jpThemeLight") == light
                and not self.driver.find_elements("css selector", "#jupyterlab-splash")
            ),
            f"the theme {name}",
        )

    def picture(self, name: str) -> None:
        """Keep a screenshot where ``KERAS_GUARD_SCREENS`` says."""
        folder = os.environ.get("KERAS_GUARD_SCREENS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.driver.save_screenshot(str(Path(folder) / f"{name}.png"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab with the labextension of this checkout."""
    server = Server(tmp_path_factory.mktemp("lab"), ASSETS)
    yield server
    server.close()


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """Chromium."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1100,1000",
    ):
        options.add_argument(word)
    driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def page(driver: Any, server: Server) -> Page:
    """A page of the browser."""
    return Page(driver, server)
