"""Does a layer fit a new input? Asked of a fresh copy: a built layer accepts wrong shapes silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .._data.edits import LayerRecord
from .._data.types import Layer, Namespace, Tensor
from .describe import config_of
from .graph import Spec, flat_with_paths, map_structure, spec_of, symbolic
from .keras_types import TYPES, is_keras_2, is_layer, keras
from .layer_config import _from_config, strip
from .no_side_effects import no_trace, same_values


class NoCopyError(Exception):
    """A layer that cannot be made again from its config."""


class NoFitError(Exception):
    """A layer that does not take an input; the text says what it said."""


@dataclass(frozen=True)
class Fit:
    """What a layer makes of an input.

    Attributes:
        outputs: (path, spec) of each output, flat.
        weights: Shapes of the weights it needs for this input; ``None`` when that is not known.
    """

    outputs: tuple[tuple[tuple[Any, ...], Spec], ...]
    weights: tuple[tuple[int, ...], ...] | None


def weight_shapes_of(layer: Layer) -> tuple[tuple[int, ...], ...]:
    """Return the shapes of a layer's weights and states, random seeds apart."""
    variables = getattr(layer, "variables", None) or ()
    return tuple(tuple(v.shape) for v in variables if "seed_generator" not in str(getattr(v, "path", "")))


def same_weights(old: Any, new: Any) -> bool:
    """Whether two layers have weights of the same shapes and values."""
    if len(old.weights) != len(new.weights):
        return False
    return all(same_values(a, b) for a, b in zip(old.weights, new.weights, strict=True))


def outgrown(layer: Layer, taken: object, made: object) -> bool:
    """Whether a built layer's attributes now speak of another output than the one it makes.

    ``layer.units = 5`` on a built layer leaves its weights as they are, but from then on the layer
    announces a wrong shape to whatever is called on it symbolically. Only layers with a
    ``compute_output_shape`` of their own are asked; it makes no tensor and runs no ``call``. What the layer takes and
    makes in its graph are specs, where it is one tensor each.
    """
    if not isinstance(taken, Spec) or not isinstance(made, Spec) or made.shape is None:
        return False
    own = getattr(type(layer), "compute_output_shape", None)
    if (
        not is_layer(layer)
        or not weight_shapes_of(layer)
        or any(own is getattr(base, "compute_output_shape", None) for base in TYPES.layer)
    ):
        return False
    try:
        return tuple(layer.compute_output_shape(taken.shape)) != tuple(made.shape)
    except Exception:
        return False


def has_hidden_state(layer: Layer) -> bool:
    """Whether the layer learned something its config does not hold (``adapt``)."""
    if not hasattr(layer, "adapt") or not getattr(layer, "built", False):
        return False
    config = config_of(layer) or {}
    given = [config.get(key) for key in ("vocabulary", "mean", "bin_boundaries") if key in config]
    return all(value is None or not len(_listed(value)) for value in given)


def _listed(value: object) -> Any:
    return value if hasattr(value, "__len__") else [value]


def fresh_copy(item: object, objects: Namespace) -> Any:
    """Make an unbuilt layer with the config of ``item``.

    Raises:
        NoCopyError: Where that is not possible or would lose what the layer knows.
    """
    if isinstance(item, LayerRecord):
        cls, config = item.cls, item.config
    else:
        cls, config = type(item), config_of(item)
        if has_hidden_state(item):
            raise NoCopyError("it holds what adapt() learned")
    if config is None:
        raise NoCopyError("it has no config")
    if cls.__module__.endswith(".tf_op_layer"):
        raise NoCopyError("it is an operation of TensorFlow's")
    if _holds_code(config):
        raise NoCopyError("its config holds code")
    try:
        return _from_config(cls, strip(dict(config)), objects)
    except Exception as error:
        raise NoCopyError(_first_line(error)) from None


def config_holds_code(layer: Layer) -> bool:
    """Whether a layer's config holds a lambda, which is never made from a config again."""
    return _holds_code(config_of(layer))


def _holds_code(config: object) -> bool:
    if isinstance(config, dict):
        return config.get("class_name") == "__lambda__" or any(_holds_code(v) for v in config.values())
    return isinstance(config, (list, tuple)) and any(_holds_code(item) for item in config)


def fit(layer: Layer, args: object, kwargs: object, *, record: bool = True) -> Fit:
    """Call a layer symbolically on new tensors that belong to no graph.

    The arguments have :class:`Spec` in the place of tensors. A call changes the layer, which is a fresh copy then;
    without ``record`` it is only asked for its output, as an operation always is.

    Raises:
        NoFitError: Where it does not take them.
    """
    args = map_structure(_tensor, args)
    kwargs = map_structure(_tensor, kwargs)
    try:
        outputs = _outputs(layer, args, kwargs, record=record)
    except Exception as error:
        raise NoFitError(_first_line(error)) from None
    return Fit(outputs, weight_shapes_of(layer) if record and is_layer(layer) else None)


def _outputs(
    layer: Layer, args: Any, kwargs: Any, *, record: bool
) -> tuple[tuple[tuple[Any, ...], Spec], ...]:
    if record and is_layer(layer):
        made = layer(*args, **kwargs)
    elif is_keras_2(layer):  # cannot tell without being called
        with no_trace([], [layer]):
            made = layer(*args, **kwargs)
    else:
        made = layer.compute_output_spec(*args, **kwargs)
    return tuple((path, spec_of(tensor)) for path, tensor in flat_with_paths(made))


def _tensor(leaf: object) -> Tensor:
    return symbolic(leaf) if isinstance(leaf, Spec) else leaf


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if text.startswith("Exception encountered when calling") and len(lines) > 1:
        text = lines[1].replace("\x1b[1m", "").replace("\x1b[0m", "")
    return text if len(text) <= 300 else text[:297] + "..."


def public_path(value: object) -> str | None:
    """Return where Keras' public interface holds a class or function, such as ``layers.Dense``."""
    package = keras()
    name = getattr(value, "__name__", "")
    for room in _ROOMS:
        holder: Any = package
        for part in room.split(".") if room else ():
            holder = getattr(holder, part, None)
        if name and getattr(holder, name, None) is value:
            return f"{room}.{name}" if room else name
    return None


_ROOMS = (
    "layers", "initializers", "regularizers", "constraints", "activations", "losses", "metrics", "optimizers",
    "optimizers.schedules", "random", "dtype_policies", "quantizers", "", "ops", "ops.image", "ops.nn",
    "ops.linalg", "ops.numpy", "utils", "models",
)  # fmt: skip
