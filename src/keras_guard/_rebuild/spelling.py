"""How a cell spells things: the user's own names where they still hold the object, else literals."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from .._adapter.keras_types import TYPES, is_layer, is_model, keras
from .._adapter.layer_config import Construct, Named, NotExpressibleError, is_automatic_name
from .._adapter.layer_fit import public_path
from .._data.edits import LayerRecord
from .._data.types import Layer, Model, Namespace
from .handles import hold
from .literals import container, is_plain_name, literal
from .moving_names import moving_names
from .refused import refuse_standalone
from .standalone import Definitions

_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_DEEP_KINDS = (dict, list, tuple)


class Speller:
    """Spells objects for one cell.

    Args:
        namespace: The user's names.
        definitions: For a file that stands alone, collects the classes and functions it defines.

    Attributes:
        definitions: As given.
        used: The user's names the cell reads; local names must keep clear of them.
        imports: Lines the cell's function needs first.
        held: Objects that no name reaches; the cell gets them through a handle.
    """

    def __init__(self, namespace: Namespace, definitions: Definitions | None = None) -> None:
        self._namespace = namespace
        self.definitions = definitions
        moving = moving_names(namespace)
        #: What the user's names hold; those that loops leave behind are none.
        self._items = [(n, v) for n, v in list(namespace.items()) if _is_user_name(n) and n not in moving]
        plain = (bool, int, float, str, bytes, type(None))
        self._names = _index((name, value) for name, value in self._items if not isinstance(value, plain))
        self._inside: dict[int, str] | None = None
        self._deep: dict[int, str] | None = None
        self.used: set[str] = set()
        self.imports: list[str] = []
        self.held: list[Any] = []

    def name_of(self, value: object, *, deep: bool = True) -> str | None:
        """Return the user's name of an object, or the path to it through containers and attributes."""
        name = self._names.get(id(value))
        if name is not None and self._namespace.get(name) is value:
            return self._using(name)
        if not deep:
            return None
        if self._deep is None:
            self._deep = _index(_deep_items(self._items))
        path = self._deep.get(id(value))
        return None if path is None else self._using(path)

    def _using(self, path: str) -> str:
        """Note that the cell reads the name with which a path begins."""
        self.used.add(re.split(r"\W", path, maxsplit=1)[0])
        return path

    def layer_inside(self, layer: Layer) -> str | None:
        """Return the way to a layer of any model that a name of the user's holds, such as ``m.get_layer("a")``."""
        if self._inside is None:
            self._inside = {}
            for name, value in self._items:
                if is_model(value) and self._names.get(id(value)) == name:
                    for key, path in ways_inside(value, name):
                        self._inside.setdefault(key, path)
        way = self._inside.get(id(layer))
        return None if way is None else self._using(way)

    def models(self) -> Iterator[tuple[str, Model]]:
        """Yield every place of the user's that holds a model, with the model; plain names first."""
        for path, item in (*self._items, *_deep_items(self._items)):
            if is_model(item):
                yield path, item

    def values(self) -> list[Any]:
        """Return what the user's names hold."""
        return list(self._namespace.values())

    def handle(self, value: object) -> str:
        """Spell an object that has no name: ``keras_guard.held(3)``.

        Raises:
            RebuildRefused: For a file that stands alone.
        """
        if self.definitions is not None:
            name = str(
                getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__
            )
            raise refuse_standalone(name)
        self.held.append(value)
        self.need_guard()
        return f"keras_guard.held({hold(value)})"

    def need_guard(self) -> None:
        """Ask for ``keras_guard`` to be imported where no name of the user's holds it."""
        if sys.modules.get("keras_guard") is not self._namespace.get("keras_guard"):
            self.need("import keras_guard")
        self.used.add("keras_guard")

    def need(self, line: str) -> None:
        """Ask for an import in the cell's function."""
        if line not in self.imports:
            self.imports.append(line)

    def keras(self, path: str) -> str:
        """Spell something of Keras' public interface, such as ``layers.Dense``."""
        package = keras()
        value = _at(package, path)
        direct = self._names.get(id(value)) if isinstance(value, type) else None
        if direct is not None and self._namespace.get(direct) is value:
            return self._using(direct)
        room, _, last = path.rpartition(".")
        if room:
            alias = room.rpartition(".")[2]
            if alias in self._namespace and _at(self._namespace[alias], last) is value:
                return self._using(f"{alias}.{last}")
        for name in ("keras", package.__name__):
            if _at(self._namespace.get(name), path) is value:
                return self._using(f"{name}.{path}")
        missing = package.__name__ not in self._namespace
        if missing and _at(self._namespace.get("tf"), f"keras.{path}") is value:
            return self._using(f"tf.keras.{path}")
        self.need(f"import {package.__name__}")
        return self._using(f"{package.__name__}.{path}")

    def cls(self, cls: object) -> str:
        """Spell a class or function that can be named.

        Raises:
            NotExpressibleError: Where no name reaches it.
        """
        path = public_path(cls)
        if path is not None:
            return self.keras(path)
        name = self.name_of(cls)
        if name is not None:
            return name
        module, qualified = getattr(cls, "__module__", None), getattr(cls, "__qualname__", "")
        found = sys.modules.get(module) if isinstance(module, str) and module != "__main__" else None
        plain = all(is_plain_name(part) for part in (qualified, *str(module).split(".")))
        if found is not None and plain and getattr(found, qualified, None) is cls:
            self.need(f"from {module} import {qualified}")
            return self._using(str(qualified))
        if self.definitions is not None:
            return self.definitions.need(cls)
        raise NotExpressibleError(f"no name reaches {qualified}")

    def construct(self, value: object) -> str:
        """Spell a constructor call, or the literals and names inside one."""
        if isinstance(value, Construct):
            if value.config is not None:
                return f"{self.cls(value.cls)}.from_config({literal(value.config)})"
            return f"{self.cls(value.cls)}({self.arguments(_without_inner_names(value))})"
        if isinstance(value, Named):
            if public_path(value.value) == f"activations.{value.name}":
                return literal(value.name)
            return self.cls(value.value)
        text = container(value, self.construct)
        return literal(value) if text is None else text

    def arguments(self, call: Construct) -> str:
        """Spell the arguments of a call, the leading ones of well-known layers by position."""
        leading = _POSITIONAL.get(call.cls.__name__, ()) if public_path(call.cls) else ()
        words: list[str] = []
        rest = dict(call.kwargs)
        for key in leading:
            if key not in rest:
                break
            words.append(self.construct(rest.pop(key)))
        for key in rest:
            if not is_plain_name(key):
                return ", ".join([*words, f"**{self.construct(rest)}"])
        return ", ".join([*words, *(f"{key}={self.construct(value)}" for key, value in rest.items())])


#: Arguments people give by position.
_POSITIONAL: dict[str, tuple[str, ...]] = {
    cls: arguments
    for arguments, classes in {
        ("units",): "Dense LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell",
        ("equation",): "EinsumDense",
        ("input_dim", "output_dim"): "Embedding",
        ("rate",): "Dropout SpatialDropout1D SpatialDropout2D",
        ("stddev",): "GaussianNoise",
        ("activation",): "Activation",
        ("target_shape",): "Reshape",
        ("dims",): "Permute",
        ("n",): "RepeatVector",
        ("scale",): "Rescaling",
        ("function",): "Lambda",
        ("layer",): "Bidirectional TimeDistributed",
        ("cell",): "RNN",
        ("filters", "kernel_size"): "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose "
        "SeparableConv1D SeparableConv2D",
        ("kernel_size",): "DepthwiseConv1D DepthwiseConv2D",
    }.items()
    for cls in classes.split()
}


def _index(items: Iterable[tuple[str, Any]]) -> dict[int, str]:
    """Return the first path to each object, by ``id``."""
    found: dict[int, str] = {}
    for path, item in items:
        found.setdefault(id(item), path)
    return found


def _deep_items(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield layers, models and functions in the user's containers and plain objects, two levels down."""
    level = [(name, value) for name, value in items if _is_open(value)]
    for _ in range(2):
        below: list[tuple[str, Any]] = []
        for path, value in level:
            for part, item in _parts(value):
                if is_layer(item) or isinstance(item, TYPES.model) or callable(item):
                    yield path + part, item
                if _is_open(item):
                    below.append((path + part, item))
        level = below[:2000]


def _is_user_name(name: Any) -> bool:
    return is_plain_name(name) and not name.startswith("_") and name not in _SHELL_NAMES


def _is_open(value: object) -> bool:
    """Whether to look into an object: containers, and instances of the user's own classes."""
    if isinstance(value, _DEEP_KINDS):
        return type(value) in _DEEP_KINDS
    if is_layer(value) or isinstance(value, type) or callable(value):
        return False
    return type(value).__module__ == "__main__" and hasattr(value, "__dict__")


def _parts(value: object) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        keys = [k for k in list(value)[:256] if type(k) in (str, int)]
        return [(f"[{literal(key)}]", value[key]) for key in keys]
    if isinstance(value, (list, tuple)):
        return [(f"[{index}]", item) for index, item in enumerate(value[:256])]
    return [(f".{name}", item) for name, item in list(vars(value).items())[:256] if is_plain_name(name)]


def _without_inner_names(call: Construct) -> Construct:
    """Leave out the names of layers inside a layer that Keras chose: nothing refers to them."""

    def inner(value: object) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(inner(item) for item in value)
        if not isinstance(value, Construct) or value.config is not None:
            return value
        name = value.kwargs.get("name")
        drop = isinstance(name, str) and is_automatic_name(LayerRecord(value.cls, None, name), name)
        return Construct(value.cls, {k: v for k, v in value.kwargs.items() if k != "name" or not drop})

    return Construct(call.cls, {key: inner(value) for key, value in call.kwargs.items()})


def _at(holder: object, path: str) -> Any:
    for part in path.split("."):
        holder = getattr(holder, part, None)
    return holder


def ways_inside(model: Model, text: str) -> Iterator[tuple[int, str]]:
    """Yield how each layer and operation of a model is reached from it, outermost way last."""
    try:
        layers = list(model.layers)
    except Exception:
        return
    inner: list[tuple[int, str]] = []
    own: list[tuple[int, str]] = []
    count = Counter(layer.name for layer in layers)
    for position, layer in enumerate(layers):
        name = layer.name
        plain = count[name] == 1 and isinstance(name, str)
        way = f"{text}.get_layer({literal(name)})" if plain else f"{text}.layers[{position}]"
        own.append((id(layer), way))
        if is_model(layer):
            inner.extend(ways_inside(layer, way))
    yield from inner
    for position, operation in enumerate(getattr(model, "operations", None) or ()):
        if not is_layer(operation):
            yield id(operation), f"{text}.operations[{position}]"
    yield from own
