"""The matrix: one axis varied at a time, the long sweeps, and the release checks."""

from __future__ import annotations

import nox

nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "uv|venv"

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

#: What every row of the matrix runs: every rule's page, cells in a real kernel, and the classic rebuilds.
ROW = [
    "tests/keras/test_rule_pages.py",
    "tests/kernel/test_layer_list.py",
    "tests/kernel/test_rebound_layer.py",
    "tests/keras/rebuild/test_replay.py",
]
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
    # As in Colab.
    _row("ipython-7.34-python-3.12", "3.12", "ipython==7.34.0", "ipykernel==6.17.1"),
    _row("ipython-7.34-python-3.13", "3.13", "ipython==7.34.0", "ipykernel==6.17.1", ci=True),
    _row("keras-3.3", "3.11", "keras==3.3.3", "tensorflow-cpu==2.16.*"),
    _row("keras-3.6", "3.11", "keras==3.6.0", "tensorflow-cpu==2.17.*"),
    _row("keras-3.9", "3.11", "keras==3.9.2"),
    _row("keras-3.12", "3.11", "keras==3.12.0"),
    _row("keras-3.15", "3.11", "keras==3.15.1"),
    _row("jax", "3.11", "jax[cpu]", backend="jax", ci=True),
    _row("torch", "3.11", "torch==2.13.0", backend="torch"),
    # All axes at once, for CI.
    _row("oldest", "3.10", "ipython==8.12.3", OLD_KERNEL, "keras==3.3.3", "tensorflow-cpu==2.16.*", ci=True),
]


def _pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    session.run("python", "-m", "pytest", "-q", *arguments, *session.posargs, env=environment)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python."""
    session.install(".[test]")
    _pytest(session)


@nox.session
@nox.parametrize(["python", "packages", "backend"], ROWS)
def matrix(session: nox.Session, packages: tuple[str, ...], backend: str) -> None:
    """Vary one axis at a time: Python, IPython, Keras, backend."""
    session.install(".[test]", *(package for package in packages if backend != "torch"))
    if backend == "torch":  # by pip, which can be told where small builds lie
        session.install("pip")
        session.run("python", "-m", "pip", "install", "-q", *packages)
    # Old releases warn of themselves under new Pythons; warnings are errors in the tests of the newest.
    _pytest(session, "-o", "filterwarnings=default", *ROW, KERAS_BACKEND=backend)


@nox.session
def tf_keras(session: nox.Session) -> None:
    """Run the tests of Keras 2; it comes without what it asks for, since TensorFlow is there for the CPU."""
    session.install(".[test]")
    session.install("--no-deps", "tf_keras")
    _pytest(session, "tests/kernel/test_tf_keras.py")


@nox.session
def neighbours(session: nox.Session) -> None:
    """Run beside other extensions that change cells."""
    session.install(".[test]", "ipyflow", "jaxtyping", "beartype", "line_profiler")
    _pytest(session, "tests/kernel/test_neighbours.py")


@nox.session
def sweeps(session: nox.Session) -> None:
    """Run the long sweeps: thousands of generated programs, every application and backbone, leaks."""
    session.install(".[test,hub]")
    _pytest(session, "-m", "slow")


@nox.session
def ipython_suite(session: nox.Session) -> None:
    """Run IPython's own tests without and with the guard."""
    session.install(".[tensorflow]", "ipython[test]", "pytest-asyncio", "testpath")
    session.run("python", "-m", "tests.faithful.ipython_suite")


@nox.session
def mutants(session: nox.Session) -> None:
    """Change the rules piece by piece and count what the tests notice; `-- --sample 100` for some of it."""
    session.install("-e", ".[test]", "cosmic-ray", "coverage")
    session.run("python", "-m", "tests.mutation", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install(".", "mypy", "traitlets")
    session.run("mypy")


@nox.session
def wheel(session: nox.Session) -> None:
    """Build wheel and sdist, then test the wheel with the sources out of the way."""
    session.install("build", "twine")
    built = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", built)
    session.run("twine", "check", "--strict", f"{built}/*", external=True)
    session.install(".[test]")
    session.run(
        "pip", "install", "--no-index", "--no-deps", "--force-reinstall", "--find-links", built, "keras-guard"
    )
    _pytest(session)


@nox.session
def audit(session: nox.Session) -> None:
    """List licences and known vulnerabilities of what is installed with the package."""
    session.install(".", "pip-audit", "pip-licenses")
    session.run("pip-licenses", "--order=license")
    session.run("pip-audit")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Print the table of ratios to plain IPython."""
    session.install(".[test]")
    session.run("python", "benchmarks/run.py", *session.posargs)
