"""The words that show that a cell may edit a model."""

from __future__ import annotations

import re

#: Methods of arrays that change them, beside those of lists.
ARRAY_MUTATORS = frozenset({"fill", "itemset", "put", "partition", "resize"})

#: List and dict methods that change their object.
MUTATORS = frozenset(
    [
        "append",
        "insert",
        "pop",
        "remove",
        "extend",
        "clear",
        "reverse",
        "sort",
        "update",
        "popitem",
        "setdefault",
        "__setitem__",
        "__delitem__",
    ]
)

#: Attributes of a model that hold its layers.
LAYER_LISTS = frozenset({"layers"})

#: Keras' own bookkeeping of the graph.
PRIVATE_STRUCTURE = frozenset(
    [
        "_layers",
        "_operations",
        "_nodes",
        "_nodes_by_depth",
        "_operations_by_depth",
        "_layers_by_depth",
        "_inbound_nodes",
        "_outbound_nodes",
        "inbound_nodes",
        "outbound_nodes",
        "_input_layers",
        "_output_layers",
        "_functional",
        "_inputs",
        "_outputs",
        "_self_tracked_trackables",
    ]
)

#: Attributes and methods that return a new container at each read.
COPIES = frozenset(
    [
        "weights",
        "trainable_weights",
        "non_trainable_weights",
        "variables",
        "trainable_variables",
        "non_trainable_variables",
        "losses",
        "metrics",
        "operations",
        "metrics_variables",
        "metrics_names",
    ]
)
COPY_METHODS = frozenset({"get_config", "get_weights", "get_compile_config", "get_build_config", "numpy"})
#: Those of them whose copies are followed when a name holds them.
HELD_METHODS = frozenset({"get_weights", "numpy"})

ATTRIBUTES = LAYER_LISTS | PRIVATE_STRUCTURE | COPIES

#: A cell without any of these words has no edit of a list that Keras returns. The bare word `numpy` is in most imports.
LIST_WORDS = re.compile(
    r"\b(?:" + "|".join(sorted(ATTRIBUTES | COPY_METHODS - {"numpy"})) + r")\b|\.numpy\(",
)

#: Code that edits what a call returned: ``parts(net)[0] = ...``, ``parts(net).pop()``.
RESULT_EDITS = re.compile(
    r"\)\s*(?:\[[^\]\n]*\]\s*=(?!=)|\.(?:" + "|".join(sorted(MUTATORS)) + r")\()",
)

#: A cell with one of these words may import Keras or build a model.
KERAS_WORDS = re.compile(r"\b(?:keras|tensorflow|tf_keras)\b")

#: Code with one of these words may set an attribute without ``setattr``, which alone is heard.
_UNHEARD_WORDS = frozenset({"vars", "__dict__", "__setattr__"})
UNHEARD_WRITES = re.compile(r"\b(?:" + "|".join(sorted(_UNHEARD_WORDS)) + r")\b")

#: All words of a text.
WORDS = re.compile(r"[^\W\d]\w*")

#: A single statement with one of these words may bind or edit more than the names it shows.
TELLING_WORDS = (
    ATTRIBUTES
    | COPY_METHODS
    | {"for", "def", "class", "lambda", "run", "macro", "rerun", "load", "loadpy", "recall"}
    | _UNHEARD_WORDS
)

#: What the site of a loop's name that is bound to a new layer says that it edits.
LOOP = "for"
