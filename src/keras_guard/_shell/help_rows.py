"""What ``%keras_guard help`` lists: each subcommand and each flag, with an example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._render.paint import Line

_USAGE = 28

#: Usage, what it does, an example.
ROWS: tuple[tuple[str, str, str], ...] = (
    ("status", "whether the guard watches, what is pending or open, faults of the guard", "%keras_guard"),
    ("check [MODEL]", "audit the three views of a model, or of all", "%keras_guard check model"),
    ("diff [MODEL]", "the three views side by side, around what differs", "%keras_guard diff model"),
    ("diff --all", "the same with every layer", "%keras_guard diff model --all"),
    ("rebuild [MODEL]", "write the code of the model with the edits in it", "%keras_guard rebuild model"),
    ("rebuild --run", "run it at once", "%keras_guard rebuild model --run"),
    (
        "rebuild --style STYLE",
        "replay: from the change on; copy: an independent model; source: stand-alone code",
        "%keras_guard rebuild model --style copy",
    ),
    ("rebuild --name NAME", "assign to another name or place", "%keras_guard rebuild model --name wider"),
    (
        "rebuild --input-shape SHAPE",
        "the same graph for inputs of another shape",
        "%keras_guard rebuild model --input-shape 96,96,1",
    ),
    (
        "rebuild --fresh-optimizer",
        "do not copy the state of the optimizer",
        "%keras_guard rebuild model --run --fresh-optimizer",
    ),
    (
        "rebuild --with-dependents",
        "rebuild the models that call the old one or read its layers, too",
        "%keras_guard rebuild model --run --with-dependents",
    ),
    (
        "recompile [MODEL]",
        "write a `compile` that keeps the state of the optimizer",
        "%keras_guard recompile model",
    ),
    ("recompile --run", "run it at once", "%keras_guard recompile model --run"),
    ("doctor [MODEL]", "why a model does not change; reads only", "%keras_guard doctor model"),
    ("explain [RULE ...]", "the page of a rule, or the list of rules", "%keras_guard explain KG101"),
    ("ignore RULE|MODEL ...", "report nothing about them", "%keras_guard ignore KG102 teacher"),
    ("watch RULE|MODEL ...", "report them again", "%keras_guard watch KG102"),
    ("watch PACKAGE", "watch the edits of your own modules", "%keras_guard watch my_layers"),
    ("strict [on|off]", "raise before a stale model is used", "%keras_guard strict"),
    ("on, off", "watch; stop watching", "%keras_guard off"),
    ("history", "every card of the session, an event a line", "%keras_guard history"),
    ("help", "this list", "%keras_guard help"),
    ("%%keras_guard ignore", "first line of a cell: report nothing in it", "%%keras_guard ignore KG101"),
    ("%%keras_guard strict", "first line of a cell: strict in this cell", "%%keras_guard strict"),
    ("# keras-guard: ignore", "end of a line: do not report it", "x = 1  # keras-guard: ignore[KG102]"),
)


def help_lines(rows: Sequence[tuple[str, str, str]] = ROWS) -> Iterator[Line]:
    """Yield the list as lines.

    Args:
        rows: What is listed.
    """
    yield Line("%keras_guard SUBCOMMAND", "title")
    for usage, what, example in rows:
        yield Line(f"{usage:<{_USAGE}} {what}", indent=_USAGE + 1)
        yield Line(f"{'':<{_USAGE}} {example}", "dim", indent=_USAGE + 3)
