"""KG305 ``policy-after-build``: a dtype policy set when the model that is then used was already built."""

from __future__ import annotations

from collections.abc import Iterator

from .._adapter.membership import own_layers
from .._adapter.model_use import Use
from .._adapter.policy import global_policy, policy_of
from .._claims.base import Desk as ClaimDesk
from .._claims.state_claim import StateClaim, Terms
from .._data.events import Event, PolicySet
from .._data.types import Model
from .._ledger import Finding, Wording
from .base import Desk, Page, Rule
from .wording import built_note, cell

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

    def _finding(self, event: PolicySet, model: Model, desk: Desk) -> Finding:
        name, built = desk.name_of(model), desk.built_in(model)
        wording = Wording(
            message=f"`{name}` was built under the policy `{event.old}` and keeps it",
            label=f"sets the policy of layers made from now on to `{event.new}`",
            notes=built_note(built, name),
            help=(f"run {cell(built)} again" if built else f"build `{name}` again")
            + " below the line that sets the policy",
            cured="the policy was set back, or the model is gone",
            ran=f"under the policy `{event.old}`",
        )
        values = (event.old, event.new)
        return self.finding(
            StateClaim(
                model, _keeps_policy, values=values, terms=Terms(opened_by=_opened_by, shows_pending=False)
            ),
            wording,
            event.span,
            name,
            key=(*values, event.span.execution_count, event.span.line),
            part=id(model),
        )


def _keeps_policy(desk: ClaimDesk, model: Model, old: str, new: str) -> bool:
    return global_policy() == new and _runs_under(model, old)


def _opened_by(use: Use, desk: ClaimDesk, model: Model, old: str, new: str) -> bool:
    if use.model is not model or use.method not in _USES:
        return False
    return not any(_runs_under(other, new) for other in desk.models())


def _runs_under(model: Model, policy: str) -> bool:
    """Whether the layers of a model compute under a policy."""
    layers = [layer for layer in own_layers(model) if layer.weights]
    return bool(layers) and all(policy_of(layer) == policy for layer in layers)
