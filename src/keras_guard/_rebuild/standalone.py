"""Definitions of the user's that a file needs to stand alone: classes, functions, imports, constants.

They are the user's own code, read from the cells or files where it was written; nothing is taken
from the config of a layer.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
import textwrap
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .._adapter.layer_config import NotExpressibleError
from .._data.types import Namespace
from .literals import is_plain_name, literal


class Definitions:
    """Collects the definitions of one file.

    Attributes:
        imports: Import lines.
        texts: Definitions, each after those that it reads.
    """

    def __init__(self) -> None:
        self.imports: list[str] = []
        self.texts: list[str] = []
        self._names: dict[int, str] = {}
        self._taken: dict[str, Any] = {}
        self._alive: list[Any] = []

    def need(self, value: object) -> str:
        """Return how a class or function is called in the file, after adding its definition.

        Raises:
            NotExpressibleError: Where its text is not found, or it reads something that has none.
        """
        known = self._names.get(id(value))
        if known is not None:
            return known
        if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
            return self._lambda(value)
        name = getattr(value, "__name__", "")
        if not is_plain_name(name):
            raise NotExpressibleError(f"a {type(value).__name__} has no definition")
        self._take(name, value)
        node, text = _definition(value)
        self._read_by(node, _globals_of(value), without={name})
        self.texts.append(text)
        return name

    def _take(self, name: str, value: object) -> None:
        if self._taken.setdefault(name, value) is not value:
            raise NotExpressibleError(f"two objects are called {name}")
        self._names[id(value)] = name
        self._alive.append(value)

    def _lambda(self, value: FunctionType) -> str:
        if value.__closure__ or value.__defaults__ or value.__kwdefaults__:
            raise NotExpressibleError("a lambda reads names of the function around it")
        found = [node for node in _nodes_at(value.__code__, ast.Lambda) if _is_code_of(node, value.__code__)]
        if len(found) != 1:
            raise NotExpressibleError("the text of a lambda is not found")
        self._read_by(found[0], value.__globals__, without=set())
        return ast.unparse(found[0])

    def _read_by(self, node: ast.AST, names: Namespace, without: set[str]) -> None:
        """Add what a definition reads."""
        for name in sorted(_free_names(node) - without):
            if name not in names:
                raise NotExpressibleError(f"it reads {name}, which is not there")
            self._add(name, names[name])

    def _add(self, name: str, value: object) -> None:
        if self._taken.get(name) is value:
            return
        if isinstance(value, ModuleType):
            self._take(name, value)
            module = value.__name__
            self._import(f"import {module}" if module == name else f"import {module} as {name}")
        elif isinstance(value, (type, FunctionType)) and value.__module__ == "__main__":
            if self.need(value) != name:
                raise NotExpressibleError(f"{name} is another name of {value.__name__}")
        elif (line := _import_of(name, value)) is not None:
            self._take(name, value)
            self._import(line)
        else:
            self._take(name, value)
            self.texts.append(f"{name} = {literal(value)}")

    def _import(self, line: str) -> None:
        if line not in self.imports:
            self.imports.append(line)


def _import_of(name: str, value: object) -> str | None:
    """Return the line that imports a class or function of a module."""
    module, own = getattr(value, "__module__", None), getattr(value, "__name__", None)
    if not isinstance(module, str) or module == "__main__" or not isinstance(own, str):
        return None
    public = module.partition(".")[0]
    for room in (public, module):
        if getattr(sys.modules.get(room), own, None) is value and is_plain_name(own):
            return f"from {room} import {own}" if own == name else f"from {room} import {own} as {name}"
    return None


def _globals_of(value: object) -> Mapping[str, Any]:
    if isinstance(value, FunctionType):
        return value.__globals__
    functions = (item for item in vars(value).values() if isinstance(item, FunctionType))
    return next((function.__globals__ for function in functions), vars(sys.modules["__main__"]))


# Text


def _definition(value: Any) -> tuple[ast.AST, str]:
    """Return the definition of a class or function, as a node and as text."""
    for code in _codes_of(value):
        kinds = (ast.ClassDef,) if isinstance(value, type) else (ast.FunctionDef, ast.AsyncFunctionDef)
        for node in _nodes_at(code, *kinds):
            if getattr(node, "name", "") == value.__name__:
                lines = linecache.getlines(code.co_filename)[_first_line(node) - 1 : node.end_lineno]
                return node, textwrap.dedent("".join(lines)).rstrip()
    raise NotExpressibleError(f"the definition of {value.__name__} is not found")


def _codes_of(value: object) -> Iterator[CodeType]:
    if isinstance(value, FunctionType):
        if value.__closure__:
            raise NotExpressibleError(f"{value.__name__} reads names of the function around it")
        yield value.__code__
        return
    for item in vars(value).values():
        function = getattr(item, "__func__", getattr(item, "fget", item))
        if isinstance(function, FunctionType):
            yield function.__code__


def _nodes_at(code: CodeType, *kinds: type[ast.AST]) -> Iterator[Any]:
    """Yield the nodes of some kinds that hold the first line of a code object."""
    text = "".join(linecache.getlines(code.co_filename))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, kinds) and _first_line(node) <= code.co_firstlineno <= node.end_lineno:  # type: ignore[attr-defined]
            yield node


def _first_line(node: Any) -> int:
    return int(min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]))


def _is_code_of(node: ast.Lambda, code: CodeType) -> bool:
    compiled = compile(ast.Expression(node), "<lambda>", "eval")
    inner = next(item for item in compiled.co_consts if isinstance(item, CodeType))
    return (
        inner.co_code == code.co_code
        and inner.co_consts == code.co_consts
        and inner.co_names == code.co_names
    )


def _free_names(node: ast.AST) -> set[str]:
    """Return the names that a definition reads and does not bind."""
    read: set[str] = set()
    bound: set[str] = {"__class__"}
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            (read if isinstance(part.ctx, ast.Load) else bound).add(part.id)
        elif isinstance(part, ast.arg):
            bound.add(part.arg)
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and part is not node:
            bound.add(part.name)
        elif isinstance(part, ast.alias):
            bound.add((part.asname or part.name).partition(".")[0])
        elif isinstance(part, ast.ExceptHandler) and part.name:
            bound.add(part.name)
    return {name for name in read - bound if not hasattr(builtins, name)}
