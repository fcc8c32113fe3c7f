"""A TCP port of this machine that stays whose it is while nobody listens on it."""

import socket
from types import TracebackType

_ADDRESS = "127.0.0.1"


class KeptPort:
    """Port `number` of 127.0.0.1 (0: any free one); a context manager.

    The kernel gives a port that is bound to nobody who asks for any, and to whoever asks for this one and listens as
    socket.create_server does: SO_REUSEADDR, socket(7). So a device that is unplugged is found there again, and a
    program that is still being started finds the port that it was promised.

    Raises:
        OSError: somebody else has the port.
    """

    def __init__(self, number: int = 0) -> None:
        self._keeping = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._keeping.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._keeping.bind((_ADDRESS, number))
        except OSError:
            self._keeping.close()
            raise
        self.number: int = self._keeping.getsockname()[1]

    def listen(self) -> socket.socket:
        """Return a socket that listens there. Raises OSError: somebody does already."""
        return socket.create_server((_ADDRESS, self.number))

    def close(self) -> None:
        """Keep it no longer."""
        self._keeping.close()

    def __enter__(self) -> "KeptPort":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
