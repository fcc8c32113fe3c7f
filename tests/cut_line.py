"""A line to PostgreSQL that is cut at the worst moments: around a COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

_COMMIT = b"COMMIT\0"


class Cut(Enum):
    """When the line is cut, once."""

    BEFORE = auto()  # the server never gets the commit
    AFTER = auto()  # the server commits, the client never hears of it
    LATE = auto()  # the client is cut off, and only then the server gets the commit


class Line:
    """Sockets from whoever asks to the server's, until `stop`."""

    def __init__(self, asked: Path, server: Path) -> None:
        self._server = server
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(asked))
        self._listening.listen()
        self._open: list[socket.socket] = [self._listening]
        self._cut: Cut | None = None
        self.goes_on = threading.Event()  # with LATE: the server gets the commit when this is set
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, when: Cut) -> None:
        """Cut the line at the next commit."""
        self._cut = when

    def stop(self) -> None:
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                self._open += [client, server]
                server.connect(str(self._server))
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if _COMMIT in data and self._cut is not None:
                    when, self._cut = self._cut, None
                    client.shutdown(socket.SHUT_RDWR)
                    if when is Cut.LATE:
                        self.goes_on.wait(20)
                    if when is not Cut.BEFORE:
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    return
                server.sendall(data)

    @staticmethod
    def _answer(server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)


@contextmanager
def line(folder: Path, server: Path) -> Iterator[Line]:
    """Give a line to the server's socket, which is found in `folder`."""
    made = Line(folder / server.name, server)
    try:
        yield made
    finally:
        made.stop()
