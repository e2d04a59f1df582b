"""One set of probes in Keras for all shells of a process, and nothing they raise reaches Keras."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from .._data.meant import Meant

_hearing = threading.local()


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Do something to Keras on this thread that no shell hears of: a rebuild tries its code on the live layers."""
    before = getattr(_hearing, "off", False)
    _hearing.off = True
    try:
        yield
    finally:
        _hearing.off = before


class Dispatch:
    """Passes on what Keras does to every sink that listens.

    Calling a method of a sink by its name calls it on all. What begins and ends carries a token:
    here it is each sink's own token.
    """

    def __init__(self) -> None:
        self.sinks: tuple[Any, ...] = ()

    def tell(self, name: str, *arguments: object) -> None:
        """Call a method of every sink."""
        for sink in self._listening():
            getattr(sink, name)(*arguments)

    def begin(self, name: str, *arguments: object) -> list[tuple[Any, Any]]:
        """Call a method of every sink; return the tokens of those that gave one, not of those it failed in."""
        tokens = [(sink, getattr(sink, name)(*arguments)) for sink in self._listening()]
        return [(sink, token) for sink, token in tokens if token is not None]

    def _listening(self) -> tuple[Any, ...]:
        return () if getattr(_hearing, "off", False) else self.sinks

    @staticmethod
    def end(name: str, tokens: list[tuple[Any, Any]]) -> None:
        """Call the method that ends what :meth:`begin` began."""
        for sink, token in tokens:
            getattr(sink, name)(token)

    def contained(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a probe's function such that it raises nothing but what is meant, or the user's own interrupt."""

        @functools.wraps(function)
        def contained(*arguments: object) -> Any:
            try:
                return function(*arguments)
            except (KeyboardInterrupt, Meant):
                raise
            except BaseException as error:
                for sink in self.sinks:
                    sink.fault(error)
                return None

        return contained
