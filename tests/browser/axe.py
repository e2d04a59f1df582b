"""axe-core, which finds what keeps people with disabilities from using a page: ``npm ci --prefix tests/browser``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import Page

_SCRIPT = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, node: Any) -> list[str]:
    """Return what axe finds wrong below a node: the rule, what it asks for, and the HTML it is about."""
    if not _SCRIPT.exists():
        missing = "axe-core is not installed: npm ci --prefix tests/browser"
        if os.environ.get("KERAS_GUARD_NEEDS_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    if not page.js("return !!window.axe"):
        # JupyterLab has an AMD loader, which a library would take for its own.
        page.js(f"const define = undefined, module = undefined, exports = undefined;\n{_SCRIPT.read_text()}")
    found: list[str] = page.driver.execute_async_script(
        "const done = arguments[1];"
        "window.axe.run(arguments[0], {resultTypes: ['violations']}).then("
        "r => done(r.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.map(n => n.html).join(' ')}`)),"
        "e => done([String(e)]))",
        node,
    )
    return found
