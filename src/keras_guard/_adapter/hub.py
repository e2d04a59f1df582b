"""One set of probes in Keras for all shells of a process, and nothing they raise reaches Keras."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .._data.meant import Meant


class Hub:
    """Passes on what Keras does to every sink that listens.

    Calling a method of a sink by its name calls it on all. What begins and ends carries a token:
    here it is each sink's own token.
    """

    def __init__(self) -> None:
        self.sinks: tuple[Any, ...] = ()

    def tell(self, name: str, *arguments: Any) -> None:
        """Call a method of every sink."""
        for sink in self.sinks:
            getattr(sink, name)(*arguments)

    def begin(self, name: str, *arguments: Any) -> list[tuple[Any, Any]]:
        """Call a method of every sink; return the tokens of those that gave one, not of those it failed in."""
        tokens = [(sink, getattr(sink, name)(*arguments)) for sink in self.sinks]
        return [(sink, token) for sink, token in tokens if token is not None]

    @staticmethod
    def end(name: str, tokens: list[tuple[Any, Any]]) -> None:
        """Call the method that ends what :meth:`begin` began."""
        for sink, token in tokens:
            getattr(sink, name)(token)

    def contained(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a probe's function such that it raises nothing but what is meant, or the user's own interrupt."""

        @functools.wraps(function)
        def contained(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except (KeyboardInterrupt, Meant):
                raise
            except BaseException as error:
                for sink in self.sinks:
                    sink.fault(error)
                return None

        return contained
