"""Build the labextension's assets: ``python labextension/build.py`` (needs node and JupyterLab's ``jlpm``).

The assets are committed: a checkout installs, and a wheel builds, without node. What they were built
from is written beside them as a checksum, which a test compares with the sources.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ASSETS = HERE / "assets"
CHECKSUM = ASSETS / "sources.sha256"


def sources() -> list[Path]:
    """Return the files the assets depend on."""
    found = [*HERE.glob("src/*.ts"), *HERE.glob("style/*.css"), *HERE.glob("schema/*.json")]
    return sorted(found, key=lambda path: path.as_posix()) + [
        HERE / name for name in ("package.json", "tsconfig.json", "yarn.lock")
    ]


def checksum() -> str:
    """Return the checksum of names and contents of the sources, whatever the line ends."""
    digest = hashlib.sha256()
    for path in sources():
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(HERE).as_posix().encode() + b"\0" + text + b"\0")
    return digest.hexdigest()


def main() -> None:
    """Install what the build needs, compile, and pack."""
    tools = Path(sys.executable).parent
    subprocess.run([tools / "jlpm", "install", "--immutable"], cwd=HERE, check=True)
    subprocess.run([HERE / "node_modules" / ".bin" / "tsc"], cwd=HERE, check=True)
    shutil.rmtree(ASSETS, ignore_errors=True)
    subprocess.run([tools / "jupyter-builder", "build", "."], cwd=HERE, check=True)
    CHECKSUM.write_text(checksum() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
