"""``keras-guard enable``, ``disable`` and ``status``."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from .files import ForeignFileError, disable, enable, owner
from .markers import read_marker
from .scopes import (
    FILE_NAME,
    Scope,
    decision,
    default_scope_name,
    environment_scope,
    profile_scope,
    user_scope,
)
from .startup import OFF

#: What ``ArgumentParser.add_subparsers`` returns; argparse has no public name for its type.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class _NoProfileError(Exception):
    """There is no profile of this name."""


def add_commands(subparsers: Subparsers) -> None:
    """Add ``enable``, ``disable`` and ``status`` to a command line.

    Args:
        subparsers: What ``ArgumentParser.add_subparsers`` returned. Each command sets ``run``, a
            function of the parsed arguments that returns the exit status.
    """
    commands: list[tuple[str, str, Callable[[argparse.Namespace], int]]] = [
        ("enable", "load the guard in every kernel and terminal", _enable),
        ("disable", "stop that; %%load_ext keras_guard still works", _disable),
        ("status", "say where the guard is loaded automatically, and why", _status),
    ]
    for name, words, run in commands:
        parser = subparsers.add_parser(name, help=words, description=words.replace("%%", "%"))
        _add_scopes(parser)
        parser.set_defaults(run=run)


def _add_scopes(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--user", action="store_true", help="for you, in all environments")
    group.add_argument("--sys-prefix", action="store_true", help="for this Python environment")
    group.add_argument("--profile", metavar="NAME", help="for one IPython profile of yours")


def _enable(arguments: argparse.Namespace) -> int:
    return _change(arguments, _turn_on)


def _disable(arguments: argparse.Namespace) -> int:
    return _change(arguments, _turn_off)


def _turn_on(scope: Scope) -> None:
    for path in enable(scope):
        print(f"wrote {path}")
    print(f"keras_guard is loaded at every kernel start for {scope.name}")


def _turn_off(scope: Scope) -> None:
    for path in disable(scope):
        print(f"removed {path}")
    print(f"keras_guard is no longer loaded at kernel start for {scope.name}")


def _change(arguments: argparse.Namespace, change: Callable[[Scope], None]) -> int:
    try:
        scope = _scope(arguments)
        change(scope)
    except ForeignFileError as error:
        return _refuse(f"{error} was not written by keras-guard; move it away first")
    except _NoProfileError as error:
        return _refuse(f"there is no profile at {error}; `ipython profile create` makes one")
    except OSError as error:
        return _refuse(f"{error.filename or ''}: {error.strerror or error}")
    _warn_of_others(scope)
    return 0


def _refuse(words: str) -> int:
    print(f"keras-guard: {words}", file=sys.stderr)
    return 1


def _warn_of_others(scope: Scope) -> None:
    """Say when a marker that takes precedence over this scope's says otherwise."""
    profile = scope.folder if scope.option.startswith("--profile") else _ipython_dir() / "profile_default"
    found = decision(sys.prefix, str(_ipython_dir()), str(profile))
    if found.scope is not None and found.scope.marker != scope.marker:
        state = "on" if found.autoload else "off"
        print(
            f"note: for {found.scope.name} it is {state} by {found.scope.marker}, which takes precedence; "
            f"change it with {found.scope.option}"
        )


def _scope(arguments: argparse.Namespace) -> Scope:
    if arguments.profile is not None:
        return _profile(arguments.profile)
    option = "--user" if arguments.user else "--sys-prefix" if arguments.sys_prefix else ""
    option = option or default_scope_name(sys.prefix, sys.base_prefix)
    return user_scope(str(_ipython_dir())) if option == "--user" else environment_scope(sys.prefix)


def _profile(name: str) -> Scope:
    folder = _ipython_dir() / f"profile_{name}"
    if Path(name).name != name or not folder.is_dir():
        raise _NoProfileError(folder)
    return profile_scope(str(folder))


def _ipython_dir() -> Path:
    from IPython.paths import get_ipython_dir

    return Path(get_ipython_dir())


def _status(arguments: argparse.Namespace) -> int:
    try:
        scopes = _scopes_to_show(arguments)
    except _NoProfileError as error:
        return _refuse(f"there is no profile at {error}")
    for scope in scopes:
        print(_line(scope))
    for words in _remarks():
        print(words)
    return 0


def _scopes_to_show(arguments: argparse.Namespace) -> list[Scope]:
    if arguments.user or arguments.sys_prefix or arguments.profile is not None:
        return [_scope(arguments)]
    folder = _ipython_dir()
    profiles = sorted(path for path in folder.glob("profile_*") if path.is_dir())
    chosen = [profile_scope(str(path)) for path in profiles if path.name != "profile_default"]
    return [environment_scope(sys.prefix), user_scope(str(folder)), *chosen]


_WHOSE = {
    "shipped": "startup file came with the package",
    "written": "startup file written by keras-guard enable",
    "foreign": "another file has the name of the startup file",
    None: "no startup file",
}


def _line(scope: Scope) -> str:
    marked = read_marker(str(scope.folder))
    state = {True: "enabled", False: "disabled", None: "not set"}[marked]
    return f"{scope.option:<16} {state:<9} {_WHOSE[owner(scope.file)]}: {scope.file}"


def _remarks() -> list[str]:
    """Return what the lines of the scopes leave out: whether a kernel of the default profile loads the guard."""
    remarks = []
    silenced = os.environ.get("KERAS_GUARD", "").strip().lower() in OFF
    if silenced:
        remarks.append("KERAS_GUARD in the environment is off: the guard is not loaded at kernel start")
    unseen = _shipped_elsewhere()
    if unseen is not None:
        remarks.append(f"IPython does not look at {unseen}: run `keras-guard enable --user`")
    folder = str(_ipython_dir())
    found = decision(sys.prefix, folder, str(_ipython_dir() / "profile_default"))
    scopes = (environment_scope(sys.prefix), user_scope(folder))
    asked = any(owner(scope.file) in ("shipped", "written") for scope in scopes)
    loads = found.autoload and asked and not silenced
    by = f" ({found.scope.marker})" if found.scope is not None else ""
    remarks.append(f"a new kernel here {'loads' if loads else 'does not load'} keras_guard{by}")
    return remarks


def _shipped_elsewhere() -> Path | None:
    """Return the package's startup file if ``pip install --user`` put it where IPython does not look."""
    try:
        files = importlib.metadata.distribution("keras-guard").files or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name == FILE_NAME:
            path = Path(str(file.locate())).resolve()
            return None if path.parent in _searched() else path
    return None


def _searched() -> list[Path]:
    prefixes = [Path(sys.prefix) / "etc", Path("/usr/local/etc"), Path("/etc")]
    return [(prefix / "ipython" / "startup").resolve() for prefix in prefixes]
