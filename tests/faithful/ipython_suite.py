"""Runs IPython's own tests without and with the guard and compares what passed: ``python -m tests.faithful.ipython_suite``.

The tests come from the source distribution of the installed IPython. With the guard means: loaded
into the shell of the tests, awake, its transformer on in every cell.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent


def fetch(folder: Path) -> Path:
    """Download and unpack the source of the installed IPython; return its folder."""
    import IPython

    wanted = f"ipython=={IPython.__version__}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        "ipython",
        "-d",
        str(folder),
    ]
    subprocess.run([*command, wanted], check=True)
    (archive,) = folder.glob("ipython-*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz")


def outcomes(source: Path, *, guarded: bool) -> tuple[dict[str, str], str]:
    """Run the tests; return the outcome of each, and what the guard said of itself."""
    report, faults = source / f"report-{guarded}.xml", source / f"faults-{guarded}.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_GUARD": "off",  # not by auto-load
        "KERAS_GUARD_IN_SUITE": "on" if guarded else "off",
        "KERAS_GUARD_SUITE_FAULTS": str(faults),
    }
    options = ["-q", "-p", "ipython_plugin", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-o", "addopts=", f"--junitxml={report}", "tests"],
        cwd=source, env=environment, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        name = re.sub(r"0x[0-9a-f]+", "0x", f"{case.get('classname')}::{case.get('name')}")
        found[name] = kinds[0] if kinds else "passed"
    return found, faults.read_text() if faults.exists() else ""


def main() -> int:
    """Print a table; the exit code tells whether the same tests passed and the guard had no fault."""
    with tempfile.TemporaryDirectory(prefix="ipython-suite-") as folder:
        source = fetch(Path(folder))
        plain, _ = outcomes(source, guarded=False)
        guarded, said = outcomes(source, guarded=True)
    different = sorted(name for name in plain.keys() | guarded.keys() if plain.get(name) != guarded.get(name))
    kinds = ("passed", "failure", "error", "skipped")
    print(f"| {source.name} | " + " | ".join(kinds) + " |\n|---|" + "---|" * len(kinds))
    for title, found in (("without the guard", plain), ("with the guard", guarded)):
        counts = Counter(found.values())
        print(f"| {title} | " + " | ".join(str(counts[kind]) for kind in kinds) + " |")
    print(f"\n{len(different)} tests differ")
    for name in different:
        print(f"  {name}: {plain.get(name)} without, {guarded.get(name)} with")
    print(said)
    return 0 if plain and not different and said.strip() == "loaded: True" else 1


if __name__ == "__main__":
    sys.exit(main())
