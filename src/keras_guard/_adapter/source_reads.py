"""What only the source of a method tells: what it reads in training only, and where ``self`` goes.

The rate of a dropout and the momentum of a normalisation are read in branches: ``if training and self.rate > 0:``,
or ``if not training: return x`` with the rest behind it. What is not understood counts as read always.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeGuard

_NOTHING: frozenset[str] = frozenset()


@functools.lru_cache(maxsize=1_024)
def read_in_training_only(function: FunctionType) -> frozenset[str]:
    """Return the attributes a function reads nowhere but where its ``training`` is true."""
    if "training" not in function.__code__.co_varnames:
        return _NOTHING
    definition = _definition(function)
    if definition is None:
        return _NOTHING
    return _loaded(ast.walk(definition)) - _loaded(_outside_training(definition.body))


@functools.lru_cache(maxsize=1_024)
def attributes_of_self(function: FunctionType) -> frozenset[str] | None:
    """Return the attributes a method reads of the object it is called on.

    ``None`` where others may read more of it: where the method passes it on, gives it another name, or has no source.
    The functions in the method that close over the object count as the method does.
    """
    definition = _definition(function)
    if definition is None:
        return None
    first = function.__code__.co_varnames[:1]
    nodes = list(ast.walk(definition))
    uses = [node for node in nodes if isinstance(node, ast.Attribute) and _is_one_of(node.value, first)]
    known = {id(node.value) for node in uses}
    known |= {id(item) for node in nodes if _is_super(node) for item in node.args}
    known |= {
        id(node.func) for node in nodes if isinstance(node, ast.Call)
    }  # ``self(x)`` runs its own ``call``
    if any(_is_one_of(node, first) and id(node) not in known for node in nodes):
        return None
    return _loaded(uses)


def _is_one_of(node: ast.AST, names: tuple[str, ...]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _is_super(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _definition(function: FunctionType) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef) or definition.name != function.__code__.co_name:
        return None
    return definition


def _loaded(nodes: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset(
        node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


def _outside_training(block: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a block that run, or may run, when ``training`` is false."""
    for statement in block:
        yield from _inference_nodes(statement)
        if _leaves_unless_training(statement):
            return


def _inference_nodes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.If, ast.IfExp)) and _means_training(node.test):
        yield from _branch(node.orelse)
        return
    if isinstance(node, (ast.If, ast.IfExp)) and _means_inference(node.test):
        yield from _branch(node.body)
        return
    yield node
    for _, value in ast.iter_fields(node):
        yield from _branch(value)


def _branch(value: object) -> Iterator[ast.AST]:
    if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
        yield from _outside_training(value)
    elif isinstance(value, list):
        for item in value:
            yield from _branch(item)
    elif isinstance(value, ast.AST):
        yield from _inference_nodes(value)


def _means_training(test: ast.expr) -> bool:
    """Whether a condition is never true while ``training`` is false."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return _means_training(test.values[0])  # what is before it is read in any case
    return _is_training(test)


def _means_inference(test: ast.expr) -> bool:
    """Whether a condition is always true while ``training`` is false."""
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_training(test.operand)


def _is_training(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "training"


def _leaves_unless_training(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.If)
        and _means_inference(statement.test)
        and isinstance(statement.body[-1], (ast.Return, ast.Raise))
    )
