"""The committed assets of the labextension belong to its sources, and are whole."""

from __future__ import annotations

import json
from types import ModuleType

import pytest

from tests.support.modules import module_at


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The build script as a module."""
    return module_at("labextension/build.py")


def test_assets_were_built_from_these_sources(build: ModuleType) -> None:
    """Changing the TypeScript without `python labextension/build.py` is noticed."""
    assert build.CHECKSUM.read_text().strip() == build.checksum()


def test_assets_are_whole(build: ModuleType) -> None:
    """The manifest names an entry file that is there."""
    manifest = json.loads((build.ASSETS / "package.json").read_text())
    assert manifest["name"] == "keras-guard"
    assert (build.ASSETS / manifest["jupyterlab"]["_build"]["load"]).is_file()


def test_assets_are_small(build: ModuleType) -> None:
    """The assets stay within 96 KiB: CodeMirror's linting is in them, and nothing of JupyterLab."""
    assert sum(path.stat().st_size for path in build.ASSETS.rglob("*") if path.is_file()) < 96 * 1024


def test_every_message_can_be_translated() -> None:
    """The catalogue holds each text that the extension shows: `python labextension/messages.py` writes it."""
    script = module_at("labextension/messages.py")
    assert script.CATALOGUE.read_text(encoding="utf-8") == script.catalogue()
    calls = sum(path.read_text(encoding="utf-8").count("trans.__(") for path in script.HERE.glob("src/*.ts"))
    assert (
        sum(1 for path in script.HERE.glob("src/*.ts") for _ in script._CALL.finditer(path.read_text()))
        == calls
    )
