"""One diagnostic, three renderers: JSON for programs, text for terminals, HTML for notebooks."""

from __future__ import annotations

from .._data.diagnostic import MIME_TYPE, Diagnostic
from .as_html import render_html
from .as_json import CardJson, render_json
from .as_text import render_text


def bundle(diagnostic: Diagnostic, *, colour: bool = False) -> dict[str, str | CardJson]:
    """Return the MIME bundle of a diagnostic: text, HTML and JSON of the same facts."""
    return {
        "text/plain": render_text(diagnostic, colour=colour),
        "text/html": render_html(diagnostic),
        MIME_TYPE: render_json(diagnostic),
    }


__all__ = ["bundle", "render_html", "render_json", "render_text"]
