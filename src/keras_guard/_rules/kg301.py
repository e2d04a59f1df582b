"""KG301 ``edited-copy``: an edit of a container that Keras hands out as a copy."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

from .._adapter.attributes import hands_out_copy
from .._adapter.keras_types import is_model
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim
from .._data.events import CopyEdited, Event
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import facts

#: Methods by which an edit also hands out what it took or found.
_HANDING_OUT = frozenset({"pop", "popitem", "setdefault"})
_CURES = {
    "get_config()": "make a new layer or model of the edited config: `type(x).from_config(config)`",
    "get_weights()": "hand the edited list back: `x.set_weights(weights)`",
    "trainable_weights": "set `x.trainable = False` before you compile",
    "trainable_variables": "set `x.trainable = False` before you compile",
    "metrics_names": "give the metrics to `compile(metrics=[...])`",
    "losses": "add losses with `self.add_loss(...)` in `call`",
}


class EditedCopy(Rule):
    """``model.get_config()[...] = ...`` and ``layer.trainable_weights.clear()``."""

    code = "KG301"
    name = "edited-copy"
    page = Page(
        what="""
The result of `get_config()`, `get_weights()`, `weights`, `trainable_weights`, `losses`, `metrics` or the
like is edited in the very expression that reads it.""",
        why="""Keras makes a new container at each read. The edit changes a copy that nothing holds.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
# ---
model.layers[0].get_config()["activation"] = "relu\"""",
        instead="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)])
# ---
config = model.layers[0].get_config()
config["activation"] = "relu"
layer = keras.layers.Dense.from_config(config)""",
        limits="""
A copy that is bound to a name first may be used later, and is not reported. So is the `get_config` of a class of
the user's own, and a `pop()` whose value is used: `bias = layer.get_weights().pop()`.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, CopyEdited) or not hands_out_copy(event.owner, event.source):
            return
        if event.source == "metrics" and is_model(event.owner):
            return  # an argument of `compile`: KG204
        if _is_value_used("\n".join(event.span.text), event.source.removesuffix("()")):
            return
        owner = event.owner
        models = ([owner] if is_model(owner) and desk.is_reachable(owner) else []) or desk.holders(owner)
        if not models:
            return
        yield self._finding(event, models[0], desk)

    def _finding(self, event: CopyEdited, model: Model, desk: Desk) -> Finding:
        name, about = desk.name_of(model), facts(event.owner)
        whose = f"`{name}`" if event.owner is model else f"{about.title()} in `{name}`"
        wording = Wording(
            message=f"editing `{event.source}` does not change {whose}",
            label="changes a copy that nothing holds",
            notes=(f"Keras makes a new `{event.source}` at each read",),
            help=_CURES.get(event.source, "bind the copy to a name and give it back to Keras after the edit"),
            cured="the layer is gone",
            ran="without the edit",
            graph_layer=None if event.owner is model else about,
        )
        return self.finding(
            StateClaim(model, _lives, (event.owner,)),
            wording,
            event.span,
            name,
            key=(id(event.owner), event.source, event.span.execution_count, event.span.line),
        )


def _lives(desk: ClaimDesk, model: Model, owner: object) -> bool:
    return True  # asked only while both live, and the copy is never read again


def _is_value_used(text: str, source: str) -> bool:
    """Whether the edit is only the way to read: its value goes on into an expression or a name."""
    tree = _parsed(textwrap.dedent(text))
    if tree is None:
        return True  # the head of an ``elif`` or the like asks for a value
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    edits = [node for node in ast.walk(tree) if _takes_from(node, source)]
    return bool(edits) and not any(id(node) in bare for node in edits)


def _parsed(text: str) -> ast.Module | None:
    """Return the tree of a statement, or of the head of one whose body is not shown."""
    for code in (text, f"{text}\n    pass"):
        try:
            return ast.parse(code)
        except SyntaxError:
            pass
    return None


def _takes_from(node: ast.AST, source: str) -> bool:
    """Whether a node is ``x.source().pop()`` or the like, of any part of what is read."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    read: ast.expr = node.func.value
    while isinstance(read, (ast.Subscript, ast.Call)):
        read = read.value if isinstance(read, ast.Subscript) else read.func
    return node.func.attr in _HANDING_OUT and isinstance(read, ast.Attribute) and read.attr == source
