"""The matrix: one axis varied at a time, the long sweeps, and the release checks."""

from __future__ import annotations

import nox

nox.options.sessions = ["tests", "lint", "types"]
nox.options.default_venv_backend = "venv"

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
IPYTHONS = ["7.34.0", "8.12.3", "8.37.0"]
KERASES = ["3.3.3", "3.6.0", "3.9.2", "3.12.0", "3.15.1"]
BACKENDS = {"jax": ["jax[cpu]"], "torch": ["torch==2.13.0"]}


def _pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    session.run("python", "-m", "pytest", "-q", *arguments, *session.posargs, env=environment)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests on each Python."""
    session.install(".[test]")
    _pytest(session)


@nox.session
@nox.parametrize("ipython", IPYTHONS)
def ipython(session: nox.Session, ipython: str) -> None:
    """Run the kernel tests on older IPythons."""
    older = ["ipykernel<7"] if ipython.startswith(("7", "8.12")) else []
    session.install(".[test]", f"ipython=={ipython}", *older)
    _pytest(session, "-m", "kernel and not browser")


@nox.session
@nox.parametrize("keras", KERASES)
def keras(session: nox.Session, keras: str) -> None:
    """Run the tests that need Keras on older ones."""
    session.install(".[test]", f"keras=={keras}")
    _pytest(session, "-m", "(keras or kernel) and not browser")


@nox.session
@nox.parametrize("backend", list(BACKENDS))
def backend(session: nox.Session, backend: str) -> None:
    """Run the tests that need Keras on the other backends."""
    session.install(".[test]", *BACKENDS[backend])
    _pytest(session, "-m", "keras and not browser", KERAS_BACKEND=backend)


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
    session.install("-e", ".[test]", "cosmic-ray")
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
