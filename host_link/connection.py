"""A connection to the bank host as the link sees it: bytes out and bytes in, each by a deadline."""

from collections.abc import Callable
from typing import Protocol


class Connection(Protocol):
    """A byte stream to the host; one thread owns it. A deadline is a moment of the link's clock (`Clock.now`)."""

    def send(self, data: bytes, deadline: float) -> None:
        """Send all of `data`.

        Raises:
            TimeoutError: it could not be sent by `deadline`.
            OSError: the connection is lost.
        """
        ...

    def receive(self, deadline: float) -> bytes:
        """Return the next bytes, at least one; none if the other end has closed.

        A deadline that has passed asks for what is there already.

        Raises:
            TimeoutError: nothing came by `deadline`.
            OSError: the connection is lost.
        """
        ...

    def close(self) -> None:
        """Let go of it; never raises, may be called twice."""
        ...


Connect = Callable[[float], Connection]
"""Opens a connection by a deadline; raises OSError (TimeoutError when the time is up)."""
