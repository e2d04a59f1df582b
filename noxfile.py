"""The matrix: one axis varied at a time, the long sweeps, and the release checks."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "uv|venv"

#: The project's metadata, with the groups of what development needs.
PYPROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

#: What every row of the matrix runs: every rule's page, cells in a real kernel, and the classic rebuilds.
ROW = [
    "tests/keras/test_rule_pages.py",
    "tests/kernel/test_layer_list.py",
    "tests/kernel/test_rebound_layer.py",
    "tests/keras/rebuild/test_replay.py",
]
NIGHTLY = ("keras-nightly",)
#: No row opens a browser, and these two take no old kernel.
FRONT_ENDS = ("jupyterlab", "notebook")
#: IPython before 8.37 does not start under the newest kernels.
OLD_KERNEL = "ipykernel<7"


def _row(name: str, python: str, *packages: str, ci: bool = False, backend: str = "tensorflow") -> nox.param:
    """Return a row; those with ``ci`` are the short form that CI runs (``nox -t ci``)."""
    return nox.param(python, packages, backend, id=name, tags=["ci"] if ci else [])


ROWS = [
    _row("python-3.10", "3.10"),
    _row("python-3.12", "3.12"),
    _row("python-3.13", "3.13"),
    _row("ipython-7.34", "3.11", "ipython==7.34.0", OLD_KERNEL),
    _row("ipython-8.12", "3.11", "ipython==8.12.3", OLD_KERNEL),
    _row("ipython-8.37", "3.11", "ipython==8.37.0"),
    # What `google-colab 1.0.0` required (googlecolab/colabtools#2837, 2024), then what Colab freezes since 2026
    # (googlecolab/backend-info).
    _row("ipykernel-5.5.6", "3.10", "ipython==7.34.0", "ipykernel==5.5.6"),
    _row("ipython-7.34-python-3.12", "3.12", "ipython==7.34.0", "ipykernel==6.17.1"),
    _row("ipython-7.34-python-3.13", "3.13", "ipython==7.34.0", "ipykernel==6.17.1"),
    _row("keras-3.3", "3.11", "keras==3.3.3", "tensorflow-cpu==2.16.*"),
    _row("keras-3.6", "3.11", "keras==3.6.0", "tensorflow-cpu==2.17.*"),
    _row("keras-3.9", "3.11", "keras==3.9.2"),
    _row("keras-3.12", "3.11", "keras==3.12.0"),
    _row("keras-3.15", "3.11", "keras==3.15.1"),
    # The canary: the Keras of the day. It fails when a measured fact of `docs/matrix.md` changes.
    _row("keras-nightly", "3.11", "keras-nightly"),
    _row("jax", "3.11", "jax[cpu]", backend="jax"),
    _row("torch", "3.11", "torch==2.13.0", backend="torch"),
    # All axes at once, for CI.
    _row("oldest", "3.10", "ipython==8.12.3", OLD_KERNEL, "keras==3.3.3", "tensorflow-cpu==2.16.*", ci=True),
]


def _install(
    session: nox.Session, *packages: str, groups: tuple[str, ...] = ("test",), without: tuple[str, ...] = ()
) -> None:
    """Install the package with a TensorFlow, groups of ``pyproject.toml`` and further packages.

    In one command, so that the versions fit each other. The groups are given as their contents: the pip of a
    new environment may be too old for ``--group``.
    """
    wanted = nox.project.dependency_groups(PYPROJECT, *groups)
    session.install(".[demo]", *(item for item in wanted if not item.startswith(without)), *packages)


def _pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    session.run("python", "-m", "pytest", "-q", *arguments, *session.posargs, env=environment)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python."""
    _install(session)
    _pytest(session)


@nox.session
@nox.parametrize(["python", "packages", "backend"], ROWS)
def matrix(session: nox.Session, packages: tuple[str, ...], backend: str) -> None:
    """Vary one axis at a time: Python, IPython, Keras, backend."""
    apart = backend == "torch" or packages == NIGHTLY
    _install(session, *(package for package in packages if not apart), without=FRONT_ENDS)
    if apart:  # by pip, which can be told where small builds lie
        session.install("pip")
        if packages == NIGHTLY:  # a package of another name with the same files
            session.run("python", "-m", "pip", "uninstall", "-q", "-y", "keras")
        session.run("python", "-m", "pip", "install", "-q", "--pre", *packages)
    session.run("python", "benchmarks/facts.py", "--check", env={"KERAS_BACKEND": backend})
    # Old releases warn of themselves under new Pythons; warnings are errors in the tests of the newest.
    _pytest(session, "-o", "filterwarnings=default", *ROW, KERAS_BACKEND=backend)


@nox.session
def facts(session: nox.Session) -> None:
    """Measure every fact again: the tables of `docs/matrix.md`, and the example and cure of every rule's page."""
    _install(session)
    session.run("python", "benchmarks/facts.py", "--check", env={"KERAS_BACKEND": "tensorflow"})
    _pytest(session, "tests/keras/test_rule_pages.py", "tests/keras/test_flags_of_compile.py")


@nox.session
def tf_keras(session: nox.Session) -> None:
    """Run the tests of Keras 2; it comes without what it asks for, since TensorFlow is there for the CPU."""
    _install(session)
    session.install("--no-deps", "tf_keras")
    _pytest(session, "tests/kernel/test_tf_keras.py")


@nox.session
def neighbours(session: nox.Session) -> None:
    """Run beside other extensions that change cells."""
    _install(session, "ipyflow", "jaxtyping", "beartype", "line_profiler")
    _pytest(session, "tests/kernel/test_neighbours.py")


@nox.session
def sweeps(session: nox.Session) -> None:
    """Run the long sweeps: thousands of generated programs, every application and backbone, leaks."""
    _install(session, groups=("test", "hub"))
    _pytest(session, "-m", "slow")


@nox.session
def ipython_suite(session: nox.Session) -> None:
    """Run IPython's own tests without and with the guard."""
    session.install(".[tensorflow]", "ipython[test]", "pytest-asyncio", "testpath")
    session.run("python", "-m", "tests.faithful.ipython_suite")


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the rules piece by piece and count what the tests notice; `-- --sample 100` for some of it."""
    test = nox.project.dependency_groups(PYPROJECT, "test")
    session.install("-e", ".[demo]", *test, "cosmic-ray", "coverage")
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, and that nothing is unused."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("vulture")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install(".", *nox.project.dependency_groups(PYPROJECT, "types"))
    session.run("mypy")


@nox.session
def pure(session: nox.Session) -> None:
    """Run the quick loop."""
    session.install(".", *nox.project.dependency_groups(PYPROJECT, "test"))
    _pytest(session, "-m", "pure")


@nox.session
def browser(session: nox.Session) -> None:
    """Run the tests in JupyterLab and Chromium; where there is no Chromium, they fail."""
    _install(session)
    session.run("npm", "ci", "--prefix", "tests/browser", external=True)  # axe-core
    _pytest(session, "tests/browser", KERAS_GUARD_NEEDS_BROWSER="1")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; `-- serve` shows it while it is written."""
    session.install(*nox.project.dependency_groups(PYPROJECT, "docs"))
    words = session.posargs or ["build", "--strict", "--site-dir", str(Path(session.create_tmp(), "site"))]
    session.run("mkdocs", *words, env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(venv_backend="none")
def dev(session: nox.Session) -> None:
    """Make `.venv` for development, with the versions of `constraints.txt` and the hooks of pre-commit."""
    python = str(Path(".venv", "Scripts" if sys.platform == "win32" else "bin", "python"))
    packages = ["-e", ".[demo]", "--group", "dev", "-c", "constraints.txt"]
    for words in (
        [sys.executable, "-m", "venv", ".venv"],
        [python, "-m", "pip", "install", "-q", "pip>=25.1"],
        [python, "-m", "pip", "install", "-q", *packages],
        [python, "-m", "pre_commit", "install"],
    ):
        session.run(*words, external=True)


@nox.session
def lock(session: nox.Session) -> None:
    """Write `constraints.txt`: one set of versions for development, for every Python and system."""
    session.install("uv")
    words = "uv pip compile pyproject.toml --extra demo --group dev --universal --python-version 3.10"
    session.run(
        *f"{words} --no-annotate --upgrade --output-file constraints.txt".split(),
        "--custom-compile-command=nox -s lock",
    )


@nox.session
def wheel(session: nox.Session) -> None:
    """Build wheel and sdist into `dist`, then run the tests on the wheel in a copy without sources."""
    session.install("build", "twine")
    built, copy = Path("dist"), Path(session.create_tmp(), "without-sources")
    for folder in (built, copy):
        shutil.rmtree(folder, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(built))
    session.run("twine", "check", "--strict", *map(str, built.iterdir()))
    (made,) = (path.resolve() for path in built.glob("*.whl"))
    session.install(f"{made}[demo]", *nox.project.dependency_groups(PYPROJECT, "test"))
    for file in str(session.run("git", "ls-files", external=True, silent=True)).splitlines():
        if not file.startswith("src/"):
            (copy / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy / file)
    session.chdir(copy)
    _pytest(session, KERAS_GUARD_WHEEL=str(made))


@nox.session
def audit(session: nox.Session) -> None:
    """List licences and known vulnerabilities of what is installed with the package."""
    session.install(".", "pip-audit", "pip-licenses")
    session.run("pip-licenses", "--order=license")
    session.run("pip-audit")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print the table of ratios to plain IPython."""
    _install(session)
    session.run("python", "benchmarks/run.py", *session.posargs)
