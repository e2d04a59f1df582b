"""The state of an optimizer, by the weight it belongs to.

An optimizer keeps its variables in one list, and in attributes: a list with one item for each
trainable variable, a dict by the path of one, or a single variable for all. Only the attributes say
which weight a variable belongs to; names and paths repeat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._data.types import Model, Optimizer, Variable
from .keras_types import TYPES, backend, is_keras_2, is_optimizer
from .no_side_effects import as_numpy, same_values

#: Lists of all variables, and what was given to the optimizer.
_SKIPPED = frozenset({"_variables", "_trainable_variables", "_tracker", "_optimizer_map"})

#: A slot: the attributes that lead to it, and the id of its weight (``None`` for one that serves all).
Slot = tuple[tuple[str, ...], int | None]


class StateNotFoundError(Exception):
    """An optimizer that keeps variables where they cannot be told apart."""


def has_state(model: Model) -> bool:
    """Whether a model was trained: its optimizer holds something that a new one does not."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or is_keras_2(optimizer) or not is_optimizer(optimizer):
        return False
    return bool(getattr(optimizer, "built", False)) and any(
        bool((as_numpy(variable) != 0).any())
        for (names, _), variable in _slots(optimizer)
        if names[-1] == "_iterations"
    )


def known_variables(optimizer: Optimizer) -> list[Variable]:
    """Return the variables that an optimizer was built for; none before that."""
    return list(getattr(optimizer, "_trainable_variables", ()) or ())


def serves(optimizer: Optimizer, variables: Sequence[Variable]) -> bool:
    """Whether an optimizer can train some variables as it is.

    One that is not built takes any. A built one raises "Unknown variable" for a variable it was not built
    for, and with JAX also where one of its own is missing.
    """
    known = [id(variable) for variable in known_variables(optimizer)]
    asked = [id(variable) for variable in variables]
    if not getattr(optimizer, "built", False):
        return True
    return known == asked if backend() == "jax" else set(asked) <= set(known)


def goes_on_as(old: Optimizer, new: Optimizer) -> bool:
    """Whether an optimizer has all that another one holds: counters, rates, and what belongs to a weight both know.

    Raises:
        StateNotFoundError: Where the variables of an optimizer cannot be told apart.
    """
    if old is new:
        return True
    before, after = _all_slots(old), _all_slots(new)
    known = {None, *map(id, known_variables(old))}
    shared = [slot for slot in after if slot[1] in known]
    return all(slot in before and same_values(before[slot], after[slot]) for slot in shared)


def copy_slots(old: object, new: object, kept: Mapping[int, Any]) -> None:
    """Copy the state of kept weights, and the counters and rates, to another optimizer of the same class, which is built.

    ``kept`` has, by the ``id`` of a trainable variable of the new one, the variable of the old one.

    Raises:
        StateNotFoundError: Where the variables of an optimizer cannot be told apart.
    """
    for target, source in _pairs(old, new, kept):
        target.assign(source)


def same_slots(old: object, new: object, kept: Mapping[int, Any]) -> bool:
    """Whether the state of kept weights, and of them only, is the same in two optimizers.

    Raises:
        StateNotFoundError: Where the variables of an optimizer cannot be told apart.
    """
    return all(same_values(a, b) for a, b in _pairs(old, new, kept))


def _pairs(old: object, new: object, kept: Mapping[int, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield each variable of the new optimizer with the one of the old that it continues."""
    before = _all_slots(old)
    for (names, weight), variable in _all_slots(new).items():
        if weight is None:
            source = before.get((names, None))
        elif weight in kept:
            source = before.get((names, id(kept[weight])))
        else:
            source = None
        if source is not None and tuple(source.shape) == tuple(variable.shape):
            yield variable, source


def _all_slots(optimizer: Optimizer) -> dict[Slot, Any]:
    found = dict(_slots(optimizer))
    known = {id(variable) for variable in found.values()}
    if any(id(variable) not in known for variable in optimizer.variables):
        raise StateNotFoundError(f"{type(optimizer).__name__} keeps variables in a way that is not known")
    return found


def _slots(optimizer: Optimizer, names: tuple[str, ...] = ()) -> Iterator[tuple[Slot, Any]]:
    weights = known_variables(optimizer)
    for name, value in list(vars(optimizer).items()):
        if name not in _SKIPPED:
            yield from _slots_in(value, (*names, name), weights)


def _slots_in(value: object, names: tuple[str, ...], weights: list[Variable]) -> Iterator[tuple[Slot, Any]]:
    if isinstance(value, TYPES.variable):
        yield (names, None), value
    elif is_optimizer(value):
        yield from _slots(value, names)
    elif isinstance(value, dict):
        paths = {str(weight.path): weight for weight in weights}
        for key, item in value.items():
            if key in paths and isinstance(item, TYPES.variable):
                yield (names, id(paths[key])), item
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            if is_optimizer(item):
                yield from _slots(item, (*names, str(number)))
            elif isinstance(item, TYPES.variable) and len(value) == len(weights):
                yield (names, id(weights[number])), item
