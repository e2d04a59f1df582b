"""KG305 ``policy-after-build``: a dtype policy set when the model that is then used was already built."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

from .._adapter.membership import own_layers
from .._adapter.policy import global_policy, policy_of
from .._adapter.uses import Use
from .._data.events import Event, PolicySet
from .._ledger import Finding
from .base import Desk, Page, Rule
from .words import cell

_USES = frozenset({"compile", "fit", "train_on_batch"})


class PolicyAfterBuild(Rule):
    """``set_dtype_policy("mixed_float16")`` below the model it was meant for."""

    code = "KG305"
    name = "policy-after-build"
    page = Page(
        what="""
The global dtype policy is changed, and a model whose layers were made under the old one is then compiled
or trained, while no model under the new policy exists.""",
        why="""A layer takes its policy when it is made. Existing models go on computing as before.""",
        example="""
import keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
# ---
keras.config.set_dtype_policy("mixed_float16")
model.compile("sgd", "mse")""",
        instead="""
import keras
keras.config.set_dtype_policy("mixed_float16")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
# ---
model.compile("sgd", "mse")""",
        limits="""Nothing is said until an old model is compiled or trained.""",
    )

    def judge(self, event: Event, desk: Desk) -> Iterator[Finding]:
        """See :class:`Rule`."""
        if not isinstance(event, PolicySet):
            return
        for model in desk.models():
            if _runs_under(model, event.old):
                yield self._finding(event, model, desk)

    def _finding(self, event: PolicySet, model: Any, desk: Desk) -> Finding:
        name, built = desk.name_of(model), desk.built_in(model)
        reference, old, new = weakref.ref(model), event.old, event.new

        def holds() -> bool:
            living = reference()
            return living is not None and global_policy() == new and _runs_under(living, old)

        def opened_by(use: Use) -> bool:
            if use.model is not reference() or use.method not in _USES:
                return False
            return not any(_runs_under(m, new) for m in desk.models())

        return Finding(
            code=self.code,
            rule=self.name,
            key=(self.code, old, new, event.span.execution_count, event.span.line),
            span=event.span,
            message=f"`{name}` was built under the policy `{old}` and keeps it",
            label=f"sets the policy of layers made from now on to `{new}`",
            notes=(f"{cell(built)} built `{name}`",) if built else (),
            help=(f"run {cell(built)} again" if built else f"build `{name}` again")
            + " below the line that sets the policy",
            model=reference,
            model_name=name,
            holds=holds,
            opened_by=opened_by,
            shows_pending=False,
            cured="the policy was set back, or the model is gone",
            part=id(model),
        )


def _runs_under(model: Any, policy: str) -> bool:
    """Whether the layers of a model compute under a policy."""
    layers = [layer for layer in own_layers(model) if layer.weights]
    return bool(layers) and all(policy_of(layer) == policy for layer in layers)
