"""The project's own files agree: versions, addresses, requirements, and the table of rooms."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import keras_guard

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
VERSION = keras_guard.__version__
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
URLS: dict[str, str] = PROJECT["project"]["urls"]


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _found(pattern: str, name: str) -> str:
    match = re.search(pattern, _text(name), re.MULTILINE)
    assert match is not None, f"{name} has no line like {pattern}"
    return match[1]


# Versions


def test_the_build_reads_the_version() -> None:
    """The version of wheel and sdist is read from ``_version.py``."""
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "src/keras_guard/_version.py"


@pytest.mark.parametrize("name", ["labextension/package.json", "labextension/assets/package.json"])
def test_labextension_has_the_same_version(name: str) -> None:
    """JupyterLab lists the extension under the version of the package."""
    assert json.loads(_text(name))["version"] == VERSION


def test_citation_has_the_same_version() -> None:
    """A citation names this version, and the day on which the changelog says that it was released."""
    assert _found(r"^version: (.+)$", "CITATION.cff") == VERSION
    released = _found(rf"^## \[{re.escape(VERSION)}\] - (\d{{4}}-\d\d-\d\d)$", "CHANGELOG.md")
    assert _found(r"^date-released: (.+)$", "CITATION.cff") == released


# The changelog


def _sections() -> dict[str, str]:
    parts = re.split(r"^## \[(.+?)\].*$", _text("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_changelog_begins_with_what_is_unreleased() -> None:
    """Unreleased is first, then this version, and each section has a link."""
    names = list(_sections())
    assert names[:2] == ["Unreleased", VERSION]
    for name, before in zip(names, [*names[1:], None], strict=True):
        end = "HEAD" if name == "Unreleased" else f"v{name}"
        address = f"compare/v{before}...{end}" if before else f"releases/tag/v{name}"
        assert _found(rf"^\[{re.escape(name)}\]: (.+)$", "CHANGELOG.md") == f"{URLS['Source']}/{address}"


@pytest.mark.parametrize("name", _sections())
def test_changelog_has_the_usual_headings(name: str) -> None:
    """The headings are those of Keep a Changelog, in its order, each once and none empty."""
    order = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    parts = re.split(r"^### (.+)$", _sections()[name], flags=re.MULTILINE)
    headings = parts[1::2]
    assert headings == [heading for heading in order if heading in headings]
    assert all("\n- " in body for body in parts[2::2])


# Addresses


@pytest.mark.parametrize("name", ["Homepage", "Changelog", "Issues"])
def test_addresses_are_in_one_repository(name: str) -> None:
    """The addresses in ``pyproject.toml`` are in the same repository."""
    assert URLS[name].startswith(URLS["Source"])


@pytest.mark.parametrize(
    ("pattern", "name", "url"),
    [
        pytest.param(r"^repository-code: (.+)$", "CITATION.cff", "Source", id="citation, source"),
        pytest.param(r"^url: (.+)$", "CITATION.cff", "Documentation", id="citation, documentation"),
        pytest.param(r"^repo_url: (.+)$", "mkdocs.yml", "Source", id="site, source"),
        pytest.param(r"^site_url: (.+)/$", "mkdocs.yml", "Documentation", id="site, documentation"),
    ],
)
def test_other_files_give_the_same_addresses(pattern: str, name: str, url: str) -> None:
    """An address that is repeated is the one of ``pyproject.toml``."""
    assert _found(pattern, name) == URLS[url]


# Requirements


def _group(name: str) -> Iterator[Requirement]:
    for entry in PROJECT["dependency-groups"][name]:
        if isinstance(entry, dict):
            yield from _group(entry["include-group"])
        else:
            yield Requirement(entry)


def _direct() -> dict[str, Requirement]:
    """Return what the package, its extras and the group ``dev`` ask for."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    stated = [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    found = [*map(Requirement, stated), *_group("dev")]
    return {str(one): one for one in found if one.name != "keras-guard"}


def _locked() -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    for line in _text("constraints.txt").splitlines():
        if not line.startswith("#"):
            name, _, version = line.partition(";")[0].strip().partition("==")
            pins.setdefault(canonicalize_name(name), []).append(version)
    return pins


@pytest.mark.parametrize("requirement", _direct().values(), ids=_direct())
def test_constraints_hold_every_requirement(requirement: Requirement) -> None:
    """``constraints.txt`` has a fitting version of everything that is asked for; ``nox -s lock`` writes it."""
    versions = _locked().get(canonicalize_name(requirement.name), [])
    assert versions
    assert all(requirement.specifier.contains(version) for version in versions)


def _pins(name: str) -> set[tuple[str, str]]:
    found = re.findall(r"additional_dependencies: \[(.+)\]", _text(name))
    return {tuple(pin.strip().split("==")) for pins in found for pin in pins.split(",")}


@pytest.mark.parametrize(("name", "version"), sorted(_pins(".pre-commit-config.yaml")))
def test_hooks_use_the_versions_of_the_constraints(name: str, version: str) -> None:
    """A hook of pre-commit runs the version that development uses."""
    assert version in _locked()[name]


# Commands


def _sessions() -> set[str]:
    return set(re.findall(r"^@nox\.session.*\n(?:@.*\n)*def (\w+)", _text("noxfile.py"), re.MULTILINE))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.relative_to(ROOT).as_posix(), id=path.name)
        for path in [*sorted((ROOT / ".github/workflows").glob("*.yml")), ROOT / "CONTRIBUTING.md"]
    ],
)
def test_sessions_that_are_run_exist(name: str) -> None:
    """A workflow and CONTRIBUTING run sessions that the noxfile has."""
    called = re.findall(r"nox (?:--list --json )?-s ((?:[a-z_]+ ?)+)", _text(name))
    listed = re.findall(r"session: \[(.+)\]", _text(name))
    named = {word for words in [*called, *listed] for word in re.findall(r"[a-z_]+", words)}
    assert named
    assert named <= _sessions()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", ".ci/run", ".readthedocs.yaml"])
def test_groups_that_are_installed_exist(name: str) -> None:
    """A command installs groups that ``pyproject.toml`` has."""
    named = set(re.findall(r"--group (\w+)", _text(name)))
    assert named
    assert named <= set(PROJECT["dependency-groups"])


# The house


def _rooms() -> set[str]:
    package = Path(keras_guard.__file__).parent
    return {
        path.name
        for path in package.iterdir()
        if path.name.startswith("_") and not path.name.startswith("__") and path.suffix in ("", ".py")
    }


def test_every_room_is_in_the_table() -> None:
    """The table of CONTRIBUTING has every folder and file of the package, and no other."""
    rows = re.findall(r"^\| (`_.+?) \|", _text("CONTRIBUTING.md"), re.MULTILINE)
    assert set(re.findall(r"`(_.+?)`", " ".join(rows))) == _rooms()


def test_every_folder_of_tests_is_described() -> None:
    """The table of ``tests/README.md`` has every folder of tests, and no other."""
    tests = ROOT / "tests"
    folders = {path.name for path in tests.iterdir() if path.is_dir() and path.name != "__pycache__"}
    table = _text("tests/README.md").partition("## Folders")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z]+)`", table, re.MULTILINE)) == folders
