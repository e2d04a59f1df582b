"""The wheel loads the guard into kernels and terminals, unless that is turned off."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Shells

pytestmark = pytest.mark.kernel

LOADED = "'keras_guard' in get_ipython().extension_manager.loaded"
#: Everything one start can tell: loaded, names left behind, Keras imported, the magic registered.
FACTS = (
    "('keras_guard' in get_ipython().extension_manager.loaded, "
    "[n for n in get_ipython().user_ns if 'guard' in n], 'keras' in __import__('sys').modules, "
    "'keras_guard' in get_ipython().magics_manager.magics['line'])"
)


@pytest.mark.parametrize("kind", ["kernel", "terminal"])
def test_wheel_loads_the_guard(shells: Shells, kind: str) -> None:
    """After `pip install` a shell has the guard, no new names, and no Keras imported."""
    assert getattr(shells, kind)(FACTS) == "(True, [], False, True)"


@pytest.mark.parametrize("word", ["off", "0", "False", " no "])
def test_variable_says_no(shells: Shells, word: str) -> None:
    """`KERAS_GUARD=off` starts a shell without the guard."""
    shells.variables["KERAS_GUARD"] = word
    assert shells.terminal(LOADED) == "False"


def test_variable_without_a_no_loads(shells: Shells) -> None:
    """Any other value of the variable changes nothing."""
    shells.variables["KERAS_GUARD"] = "on"
    assert shells.terminal(LOADED) == "True"


@pytest.mark.parametrize("kind", ["kernel", "terminal"])
def test_configuration_says_no(shells: Shells, kind: str) -> None:
    """`c.KerasGuard.autoload = False` in the user's own configuration is heard."""
    (shells.profile() / "ipython_config.py").write_text("c = get_config()\nc.KerasGuard.autoload = False\n")
    assert getattr(shells, kind)(LOADED) == "False"


def test_command_line_says_no(shells: Shells) -> None:
    """`--KerasGuard.autoload=False` on the command line is heard."""
    assert shells.terminal(LOADED, "--KerasGuard.autoload=False") == "False"


def test_users_extensions_and_startup_files_are_kept(shells: Shells) -> None:
    """A user's own `extensions` and startup files load beside the guard."""
    profile = shells.profile()
    (profile / "ipython_config.py").write_text(
        "c = get_config()\nc.InteractiveShellApp.extensions = ['IPython.extensions.autoreload']\n"
    )
    (profile / "startup" / "60-mine.py").write_text("mine = 1\n")
    expression = (
        "('keras_guard' in get_ipython().extension_manager.loaded, "
        "'IPython.extensions.autoreload' in get_ipython().extension_manager.loaded, get_ipython().user_ns.get('mine'))"
    )
    assert shells.terminal(expression) == "(True, True, 1)"


@pytest.mark.parametrize(
    "breakage",
    ["raise RuntimeError('broken')", "import no_such_module_anywhere", "def run(:\n", ""],
    ids=["raises", "missing import", "syntax", "empty"],
)
def test_broken_package_costs_nothing(shells: Shells, breakage: str) -> None:
    """A guard that cannot be imported leaves the shell, and the startup files after its own, alone."""
    module = next(shells.prefix.glob("lib/*/site-packages/keras_guard/_autoload/startup.py"))
    text = module.read_text()
    (shells.profile() / "startup" / "99-mine.py").write_text("mine = 1\n")
    try:
        module.write_text(breakage)
        assert shells.terminal("(get_ipython().user_ns.get('mine'), " + LOADED + ")") == "(1, False)"
    finally:
        module.write_text(text)


def test_unload_and_load_again(shells: Shells) -> None:
    """What was loaded at start can be unloaded and loaded by the usual magics."""
    expression = (
        "[get_ipython().run_line_magic('unload_ext', 'keras_guard'), "
        + LOADED
        + ", get_ipython().run_line_magic('load_ext', 'keras_guard'), "
        + LOADED
        + "]"
    )
    assert shells.terminal(expression) == "[None, False, None, True]"


def test_marker_survives_upgrade_and_files_leave_with_uninstall(
    wheel: Path, make_shells: Callable[[], Shells]
) -> None:
    """`disable` holds after a reinstall; after an uninstall only what `enable` wrote is there, and harmless."""
    shells = make_shells()
    shells.pip("install", "--no-deps", "--no-index", str(wheel))
    assert shells.terminal(LOADED) == "True"
    assert shells.call("disable", "--sys-prefix").returncode == 0
    assert shells.shipped.exists()
    shells.pip("install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    assert shells.terminal(LOADED) == "False"
    assert shells.call("enable", "--user").returncode == 0
    assert shells.terminal(LOADED) == "True"
    shells.pip("uninstall", "-y", "keras-guard")
    assert not shells.shipped.exists()
    (shells.profile() / "startup" / "99-mine.py").write_text("mine = 1\n")
    assert shells.terminal("(get_ipython().user_ns.get('mine'), " + LOADED + ")") == "(1, False)"


def test_wheel_brings_the_labextension(shells: Shells) -> None:
    """The wheel, built without node, puts the labextension where JupyterLab looks for it."""
    folder = shells.prefix / "share" / "jupyter" / "labextensions" / "keras-guard"
    manifest = json.loads((folder / "package.json").read_text())
    assert (folder / manifest["jupyterlab"]["_build"]["load"]).is_file()
