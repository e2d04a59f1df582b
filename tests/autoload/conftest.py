"""A real wheel of this checkout, and environments into which it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Shells:
    """One environment and one home directory, and the shells started there.

    Attributes:
        prefix: The environment.
        home: The user's IPython directory.
        variables: Environment variables beside the usual ones.
    """

    prefix: Path
    home: Path
    variables: dict[str, str]

    @property
    def python(self) -> str:
        """The environment's interpreter."""
        return str(self.prefix / "bin" / "python")

    @property
    def shipped(self) -> Path:
        """Where the wheel puts the startup file."""
        return self.prefix / "etc" / "ipython" / "startup" / "50-keras_guard.py"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of everything that is started."""
        # IPython puts the packages of an activated environment before those of its own.
        left_out = ("KERAS_GUARD", "PYTHONPATH", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        return {**kept, "IPYTHONDIR": str(self.home), "HOME": str(self.home), **self.variables}

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the ``keras-guard`` command."""
        return subprocess.run(
            [str(self.prefix / "bin" / "keras-guard"), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def pip(self, *words: str) -> None:
        """Run pip in the environment."""
        command = [self.python, "-m", "pip", "-q", "--disable-pip-version-check", *words]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def profile(self, name: str = "default") -> Path:
        """Return a profile's directory, made when it is not there."""
        folder = self.home / f"profile_{name}"
        (folder / "startup").mkdir(parents=True, exist_ok=True)
        return folder

    def terminal(self, expression: str, *arguments: str) -> str:
        """Start terminal IPython, evaluate an expression and return what was printed."""
        code = f"print('<<' + repr({expression}) + '>>')"
        done = subprocess.run(
            [self.python, "-m", "IPython", "--no-banner", "--colors=NoColor", *arguments, "-c", code],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.partition("<<")[2].partition(">>")[0]

    def kernel(self, expression: str, *arguments: str) -> str:
        """Start a kernel, evaluate an expression there and return its repr."""
        manager = KernelManager()
        manager._kernel_spec = KernelSpec(
            argv=[self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}", *arguments],
            display_name="test",
            language="python",
        )
        manager.start_kernel(env=self.environment)
        client = manager.blocking_client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            reply: Any = client.execute_interactive(
                "pass", silent=True, user_expressions={"x": expression}, timeout=60
            )
            return str(reply["content"]["user_expressions"]["x"]["data"]["text/plain"])
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def build(source: Path, target: Path) -> Path:
    """Build a wheel without asking an index for anything."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, or the one that ``KERAS_GUARD_WHEEL`` names."""
    given = os.environ.get("KERAS_GUARD_WHEEL")
    return Path(given) if given else build(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def borrowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of links to what is installed here, the guard itself excepted."""
    folder = tmp_path_factory.mktemp("borrowed")
    for source in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(source).iterdir():
            if "keras_guard" not in entry.name and entry.suffix != ".pth":
                (folder / entry.name).symlink_to(entry)
    return folder


def _environment(folder: Path, borrowed: Path) -> Path:
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    (folder / "lib" / version / "site-packages" / "borrowed.pth").write_text(f"{borrowed}\n")
    return folder


@pytest.fixture(scope="session")
def installed(wheel: Path, borrowed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel installed; tests leave it as they found it."""
    folder = _environment(tmp_path_factory.mktemp("environment") / "venv", borrowed)
    Shells(folder, folder, {}).pip("install", "--no-deps", "--no-index", str(wheel))
    return folder


@pytest.fixture
def shells(installed: Path, tmp_path: Path) -> Iterator[Shells]:
    """The environment with the wheel, and a new home."""
    shells = Shells(installed, tmp_path / "home", {})
    shells.home.mkdir()
    before = shells.shipped.read_text()
    yield shells
    (installed / "etc" / "ipython" / "keras_guard.json").unlink(missing_ok=True)
    shells.shipped.write_text(before)


@pytest.fixture
def make_shells(borrowed: Path, tmp_path: Path) -> Callable[[], Shells]:
    """Make environments of a test's own, into which nothing is installed yet."""

    def make() -> Shells:
        home = tmp_path / "own-home"
        home.mkdir()
        return Shells(_environment(tmp_path / "own-venv", borrowed), home, {})

    return make
