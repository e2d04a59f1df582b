"""A name that held the output of a Functional model and holds another tensor of its graph, which no model computes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .._adapter.graph_facts import maker_of_tensor
from .._adapter.model_use import Use
from .._adapter.output_tensors import computes, outputs_of, starts_from
from .._claims.base import Desk as ClaimDesk
from .._claims.place_claim import Keeping, PlaceClaim
from .._data.events import Rebound
from .._data.types import Model, Tensor
from .._ledger import Finding, Wording
from .base import Desk, Rule
from .wording import built_note, facts


def rebound_output(rule: Rule, event: Rebound, desk: Desk) -> Iterator[Finding]:
    """Yield the models whose output a name held, and that go on with it.

    Args:
        rule: The rule that says so.
        event: The binding.
        desk: What rules ask.
    """
    if not event.where.is_name or not desk.was_made_of(event.where.root, event.old):
        return  # one that was read from a model, as `x = base.output`, is the beginning of another model
    models = [m for m in desk.models() if _keeps(m, event.old) and starts_from(event.new, m)]
    if not models or _is_in_use(event.new, desk, models):
        return
    for model in models:
        yield _finding(rule, event, model, models, desk)


def _finding(rule: Rule, event: Rebound, model: Model, models: list[Model], desk: Desk) -> Finding:
    name, place = desk.name_of(model), str(event.where)
    about = facts(maker_of_tensor(event.new))
    wording = Wording(
        message=f"the output of `{name}` is still the tensor that `{place}` named before",
        label=f"binds `{place}` to what {about.title()} returns; `{name}` does not compute it",
        notes=(
            "a model computes the tensors that it was made of: calling a layer makes a new tensor, and changes no model",
            *built_note(desk.built_in(model), name),
        ),
        help=f"make the model again of the new tensor: `{name} = keras.Model(..., {place})`, then compile it",
        cured=f"a model computes the new `{place}`, or none in reach has the old output",
        ran=f"with the old `{place}` as output",
        new_layer=about,
    )
    return rule.finding(
        PlaceClaim(event, model, models, _KEEPING, desk.namespace),
        wording,
        event.span,
        name,
        key=(id(models[0]), event.where),
        models=tuple(desk.name_of(m) for m in models),
        part=id(model),
    )


def _keeps(model: Model, old: Tensor) -> bool:
    return any(tensor is old for tensor in outputs_of(model))


def _is_in_use(new: Tensor, desk: ClaimDesk, models: Sequence[Model]) -> bool:
    return any(computes(model, new) for model in desk.models())


def _runs(use: Use) -> bool:
    return use.method != "compile"


_KEEPING = Keeping(_keeps, _is_in_use, _runs)
