"""A server on a port of this machine that answers each request with what a test gives it, byte for byte."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


def says(status: int, body: object, *headers: str) -> Answer:
    """Answer as a server does; a `body` of bytes goes as it is."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    head = "".join(
        f"{line}\r\n"
        for line in (f"HTTP/1.1 {status} X", f"Content-Length: {len(data)}", "Connection: close", *headers)
    )
    return raw(f"{head}\r\n".encode() + data)


def raw(data: bytes) -> Answer:
    """Send `data`, then hang up."""
    return lambda connection: connection.sendall(data)


def hangs_up(_: socket.socket) -> None:
    """Say nothing."""


def is_silent(connection: socket.socket) -> None:
    """Say nothing, and keep the line until the other end lets it go."""
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            pass


@dataclass
class LyingQueue:
    """Gives each connection the next of `answers`, the last one for ever. `heard` are the requests."""

    answers: list[Answer]
    tls: ssl.SSLContext | None = None
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.port}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._accepting.join()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            line = self.tls.wrap_socket(connection, server_side=True) if self.tls else connection
            request = b""
            while b"\r\n\r\n" not in request:
                data = line.recv(4096)
                if not data:
                    return
                request += data
            head, _, body = request.partition(b"\r\n\r\n")
            for header in head.lower().split(b"\r\n"):
                if header.startswith(b"content-length:"):
                    while len(body) < int(header.split(b":")[1]):
                        body += line.recv(4096)
            self.heard.append(head + b"\r\n\r\n" + body)
            self.answers[min(len(self.heard), len(self.answers)) - 1](line)
            if line is not connection:
                line.close()
