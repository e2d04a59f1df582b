"""Which layers are kept and which are recreated: every call of a layer must agree on its weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._adapter.graph import Call, Spec
from .._adapter.keras_types import is_layer
from .._adapter.layer_fit import (
    Fit,
    NoCopyError,
    NoFitError,
    fit,
    fresh_copy,
    outgrown,
    weight_shapes_of,
)
from .._adapter.membership import is_built, was_called
from .._data.edits import LayerRecord
from .._data.types import Layer, Namespace, Structure
from .plan import Part
from .refused import RebuildRefused
from .sequential_specs import shapes_in_words, specs_in, weights_in_words


@dataclass(frozen=True)
class CallSite:
    """What one call of a layer asks of it.

    Attributes:
        before: The shapes it took, in words.
        after: The shapes it takes in the new graph, in words.
        changed: Whether these differ, or the layer is new there.
        weights: The shapes of the weights it needs; ``None`` where no fresh copy could be asked.
    """

    before: str
    after: str
    changed: bool
    weights: tuple[tuple[int, ...], ...] | None


class LayerChoices:
    """Collects what the calls of each layer ask of it, and decides whether it is kept; ``tied`` ones share weights."""

    def __init__(self, objects: Namespace, tied: set[int]) -> None:
        self._objects = objects
        self._tied = tied
        self._sites: dict[int, list[CallSite]] = {}

    def note(self, item: Layer, before: Iterable[Spec], after: Iterable[Spec], found: Fit | None) -> None:
        """Note one call of a layer; ``found`` is what it makes of another input than it took."""
        weights = weight_shapes_of(item) if found is None else found.weights
        site = CallSite(shapes_in_words(before), shapes_in_words(after), found is not None, weights)
        self._sites.setdefault(id(item), []).append(site)

    def fit(self, part: Part, args: Structure, kwargs: Structure) -> Fit:
        """Return what a layer makes of an input, and which weights it needs for it; refuse an input it does not take."""
        item = part.item
        try:
            if not is_layer(item) and not isinstance(item, LayerRecord):
                return fit(item, args, kwargs, record=False)
            if id(item) in self._tied and part.origin != "new":
                return fit(item, args, kwargs, record=False)
            try:
                copy = fresh_copy(item, self._objects)
            except NoCopyError as error:
                return self._fit_without_copy(part, args, kwargs, error)
            return fit(copy, args, kwargs)
        except NoFitError as error:
            raise RebuildRefused(
                f"{part.name!r} cannot take {shapes_in_words(specs_in(args))}: {error}",
                ("change that layer too, or the layers before it",),
            ) from None

    def _fit_without_copy(self, part: Part, args: Structure, kwargs: Structure, error: NoCopyError) -> Fit:
        if isinstance(part.item, LayerRecord):
            raise RebuildRefused(
                f"the new layer {part.name!r} is gone and cannot be recreated: {error}",
                ("bind the new layer to a name first, then edit and rebuild",),
            )
        return fit(part.item, args, kwargs, record=False)

    def choose(self, part: Part) -> None:
        """Decide whether a layer is kept.

        Raises:
            RebuildRefused: Where its calls need different weights, or a layer that cannot be recreated
                does not fit.
        """
        sites = self._sites.get(id(part.item), [])
        self._agree(part, sites)
        if part.origin == "model" or not sites or isinstance(part.item, LayerRecord):
            return
        needed = next((s.weights for s in sites if s.weights is not None), None)
        have = weight_shapes_of(part.item)
        built = is_built(part.item) and bool(was_called(part.item) or have)
        if part.origin == "new":
            self._check_given(part, sites[0], needed, built)
            return
        moved = next((s for s in sites if s.changed), None)
        if moved is None or not built or moved.weights is None or (needed == have and have):
            return
        if id(part.item) in self._tied:
            if needed != have:
                raise RebuildRefused(
                    f"{part.name!r} was built for {moved.before} and would get {moved.after}, "
                    "but it cannot be recreated: it shares weights with another layer"
                )
            return
        part.origin = "fresh"
        why = "it was changed after its weights were made"
        if moved.before != moved.after:
            why = f"it was built for {moved.before} and now gets {moved.after}"
        part.why = f"recreated: {why}" if have else ""

    @staticmethod
    def _check_given(part: Part, site: CallSite, needed: object, built: bool) -> None:
        have = weight_shapes_of(part.item)
        if built and have and needed is not None and needed != have:
            raise RebuildRefused(
                f"the new layer {part.name!r} was already built with weights {weights_in_words(have)}, "
                f"but for {site.after} it needs {weights_in_words(needed)}",
                ("make a new layer and edit again",),
            )

    @staticmethod
    def _agree(part: Part, sites: Sequence[CallSite]) -> None:
        known = [s for s in sites if s.weights is not None]
        for site in known[1:]:
            if site.weights != known[0].weights and any(s.changed for s in known):
                first = f"{weights_in_words(known[0].weights)} for {known[0].after}"
                raise RebuildRefused(
                    f"{part.name!r} is shared by several places, which would now need different weights: "
                    f"{first} and {weights_in_words(site.weights)} for {site.after}",
                    ("give each place a layer of its own", "make the branches the same width"),
                )


def outgrown_call(call: Call) -> bool:
    """Whether the layer of a call now announces another output than the one it makes."""
    taken = list(call.inputs())
    if len(taken) != 1 or len(call.outputs) != 1 or call.outputs[0].path:
        return False
    return outgrown(call.operation, taken[0].spec, call.outputs[0].spec)
