"""What a person should know while it happens. The command line prints it; a library says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_listeners: list[Callable[[str], None]] = []


def tell(sentence: str) -> None:
    """Tell whoever listens."""
    for listener in _listeners:
        listener(sentence)


@contextmanager
def telling(listener: Callable[[str], None]) -> Iterator[None]:
    """Within it, ``listener`` is told each sentence once.

    >>> with telling(print):
    ...     tell("compiling")
    ...     tell("compiling")
    compiling
    """
    said: set[str] = set()

    def once(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            listener(sentence)

    _listeners.append(once)
    try:
        yield
    finally:
        _listeners.remove(once)
