"""`keras-guard enable`, `disable` and `status`: whole files, only our own, and the truth about them."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from pathlib import Path

import pytest

from keras_guard._autoload import add_commands, files
from keras_guard._autoload.markers import read_marker
from keras_guard._autoload.scopes import decision, environment_scope, profile_scope, user_scope
from keras_guard._autoload.startup import wanted


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's IPython directory and an environment of its own, both empty."""
    folder = tmp_path / "ipython"
    (folder / "profile_work" / "startup").mkdir(parents=True)
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    monkeypatch.delenv("KERAS_GUARD", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    return folder


def call(*words: str) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    arguments = parser.parse_args(words)
    status: int = arguments.run(arguments)
    return status


def startup(home: Path, profile: str = "default") -> Path:
    """Return where a profile's startup file goes."""
    return home / f"profile_{profile}" / "startup" / "50-keras_guard.py"


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--user"], "ipython/profile_default/startup/50-keras_guard.py"),
        (["--sys-prefix"], "prefix/etc/ipython/startup/50-keras_guard.py"),
        (["--profile", "work"], "ipython/profile_work/startup/50-keras_guard.py"),
    ],
    ids=["user", "environment", "profile"],
)
def test_enable_writes_and_disable_removes(
    home: Path, tmp_path: Path, words: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each scope gets its startup file from `enable`, and loses it by `disable`."""
    assert call("enable", *words) == 0
    assert (tmp_path / where).read_text() == files.startup_text()
    assert str(tmp_path / where) in capsys.readouterr().out
    assert call("disable", *words) == 0
    assert not (tmp_path / where).exists()


def test_enable_twice_writes_once(home: Path) -> None:
    """A second `enable` leaves the file, down to its time, as it is."""
    call("enable", "--user")
    before = startup(home).stat()
    call("enable", "--user")
    after = startup(home).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_older_file_of_ours_is_brought_up_to_date(home: Path) -> None:
    """A file that an older `enable` wrote is replaced."""
    startup(home).parent.mkdir(parents=True)
    startup(home).write_text("# keras-guard: autoload 0 (written by keras-guard enable)\nold = 1\n")
    assert call("enable", "--user") == 0
    assert startup(home).read_text() == files.startup_text()


@pytest.mark.parametrize("text", ["mine = 1\n", "", "\n# keras-guard: autoload 1 (shipped)\n"])
def test_foreign_file_is_refused(home: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of that name without our mark is never written over or removed."""
    startup(home).parent.mkdir(parents=True)
    startup(home).write_text(text)
    assert call("enable", "--user") == 1
    assert str(startup(home)) in capsys.readouterr().err
    assert call("disable", "--user") == 0
    assert startup(home).read_text() == text


def test_dangling_link_and_directory_are_refused(home: Path, tmp_path: Path) -> None:
    """A link to nowhere and a directory count as somebody else's."""
    startup(home).parent.mkdir(parents=True)
    startup(home).symlink_to(tmp_path / "nowhere")
    assert call("enable", "--user") == 1
    assert startup(home).is_symlink()
    startup(home, "work").mkdir()
    assert call("enable", "--profile", "work") == 1


def test_shipped_file_stays_and_is_not_rewritten(home: Path, tmp_path: Path) -> None:
    """The wheel's own file is neither written over by `enable` nor removed by `disable`."""
    shipped = Path(files.__file__).with_name("startup_file.py").read_text()
    target = tmp_path / "prefix" / "etc" / "ipython" / "startup" / "50-keras_guard.py"
    files.write_whole(target, shipped)
    assert call("enable", "--sys-prefix") == 0
    assert call("disable", "--sys-prefix") == 0
    assert target.read_text() == shipped
    assert read_marker(str(tmp_path / "prefix" / "etc" / "ipython")) is False


def test_write_is_whole_or_not_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half way leaves the old text and no other file."""
    target = home / "file.py"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(target, "new")
    assert target.read_text() == "old"
    assert sorted(path.name for path in home.iterdir()) == ["file.py", "profile_work"]


def test_others_can_read_what_is_written(home: Path) -> None:
    """Files in a shared environment are readable by its other users."""
    call("enable", "--user")
    assert stat.S_IMODE(startup(home).stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["absent", "../elsewhere", "a/b", ""])
def test_profile_that_is_not_there(home: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile that does not exist, or a name that is a path, is refused with what to do."""
    assert call("enable", "--profile", name) == 1
    assert "ipython profile create" in capsys.readouterr().err


def test_directory_that_cannot_be_written(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that cannot be written to is reported in one line."""
    (home / "profile_default").write_text("a file where a directory should be")
    assert call("enable", "--user") == 1
    assert "profile_default" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("marks", "loads"),
    [
        ({}, True),
        ({"environment": False}, False),
        ({"environment": False, "user": True}, True),
        ({"environment": True, "user": False}, False),
        ({"environment": True, "user": True, "profile": False}, False),
        ({"user": False, "profile": True}, True),
    ],
    ids=str,
)
def test_more_particular_marker_wins(tmp_path: Path, marks: dict[str, bool], loads: bool) -> None:
    """Profile takes precedence over user, user over environment; without a marker the guard is loaded."""
    prefix, home = str(tmp_path / "p"), str(tmp_path / "h")
    profile = str(tmp_path / "h" / "profile_x")
    scopes = {
        "environment": environment_scope(prefix),
        "user": user_scope(home),
        "profile": profile_scope(profile),
    }
    for name, said in marks.items():
        (files.enable if said else files.disable)(scopes[name])
    assert decision(prefix, home, profile).autoload is loads


@pytest.mark.parametrize("text", ["", "[]", "{", '{"autoload": "no"}', "\x00"])
def test_unreadable_marker_says_nothing(tmp_path: Path, text: str) -> None:
    """A marker that was damaged counts as none."""
    (tmp_path / "keras_guard.json").write_text(text)
    assert read_marker(str(tmp_path)) is None


def test_status_tells_the_truth(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`status` names each scope's state, and whether a new kernel will load the guard."""
    call("status")
    assert "does not load keras_guard" in capsys.readouterr().out
    call("enable", "--user")
    capsys.readouterr()
    call("status")
    out = capsys.readouterr().out
    assert "--user           enabled" in out
    assert "a new kernel here loads keras_guard" in out
    call("disable", "--user")
    capsys.readouterr()
    call("status", "--user")
    out = capsys.readouterr().out
    assert "--user           disabled" in out
    assert "does not load" in out


def test_status_hears_the_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`status` says that KERAS_GUARD=off takes precedence over everything."""
    call("enable", "--user")
    monkeypatch.setenv("KERAS_GUARD", "off")
    capsys.readouterr()
    call("status")
    out = capsys.readouterr().out
    assert "KERAS_GUARD" in out
    assert "does not load keras_guard" in out


def test_change_without_effect_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Disabling an environment for which the user enabled it names the marker that takes precedence."""
    call("enable", "--user")
    capsys.readouterr()
    call("disable", "--sys-prefix")
    assert "change it with --user" in capsys.readouterr().out


class _Shell:
    """What the startup file asks a shell for."""

    def __init__(self, home: Path, config: dict[str, object]) -> None:
        from traitlets.config import Config

        self.config = Config(config)
        self.ipython_dir = str(home)
        self.profile_dir = None


@pytest.mark.parametrize(
    ("value", "loads"), [(False, False), ("False", False), ("off", False), (True, True), ("True", True)]
)
def test_option_is_read_as_value_and_as_text(home: Path, value: object, loads: bool) -> None:
    """The option counts whether it comes from a file or from the command line."""
    shell = _Shell(home, {"KerasGuard": {"autoload": value}})
    assert wanted(shell) is loads
    assert wanted(_Shell(home, {})) is True


def test_asking_leaves_the_configuration_alone(home: Path) -> None:
    """Looking the option up adds no section to the user's configuration."""
    shell = _Shell(home, {})
    wanted(shell)
    assert dict(shell.config) == {}
