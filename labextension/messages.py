"""The catalogue of what the labextension says: ``python labextension/messages.py`` writes ``locale/keras_guard.pot``.

A language pack for JupyterLab translates it in the domain ``keras_guard``, which the extension loads.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE / "locale" / "keras_guard.pot"

#: ``trans.__('...')``, also as several texts that are joined by ``+``.
_CALL = re.compile(r"trans\.__\(\s*('(?:[^'\\]|\\.)*'(?:\s*\+\s*'(?:[^'\\]|\\.)*')*)")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Domain: keras_guard\\n"\n'


def messages() -> dict[str, list[str]]:
    """Return each message with the files that say it."""
    found: dict[str, list[str]] = {}
    for path in sorted(HERE.glob("src/*.ts")):
        for call in _CALL.finditer(path.read_text(encoding="utf-8")):
            message = "".join(part.replace("\\'", "'") for part in _TEXT.findall(call[1]))
            files = found.setdefault(message, [])
            if path.name not in files:
                files.append(path.name)
    return found


def catalogue() -> str:
    """Return the catalogue as a gettext template, without line numbers: they would change with each edit."""
    entries = [
        f'#: {" ".join(f"src/{name}" for name in files)}\nmsgid {json.dumps(message, ensure_ascii=False)}\nmsgstr ""\n'
        for message, files in sorted(messages().items())
    ]
    return "\n".join([_HEAD, *entries])


def main() -> None:
    """Write the catalogue."""
    CATALOGUE.parent.mkdir(exist_ok=True)
    CATALOGUE.write_text(catalogue(), encoding="utf-8")


if __name__ == "__main__":
    main()
