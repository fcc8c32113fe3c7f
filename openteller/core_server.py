"""The core's Unix socket: screens get pages and send touches, technicians' commands ask questions."""

import logging
import os
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

from kiosk_core.intents import Intent
from kiosk_core.protocol import MAX_LINE_BYTES, BadMessage, decode_to_core, encode
from kiosk_core.screen_messages import Answer, Hello, Question, ShowPage, Touched

_log = logging.getLogger(__name__)

SEND_SECONDS = 1.0


class CoreServer:
    """Serves any number of clients; one that does not read is dropped and never holds the core up.

    Args:
        path: of the socket; made with mode 0600, an old one is replaced.
        greet: the page that is on the screen now, for a client that has just connected.
        touched: takes page number and intent.
        answer: answers a technician's question, on the thread of its client; may take its time.
    """

    def __init__(
        self,
        path: Path,
        hello: Hello,
        greet: Callable[[], ShowPage],
        touched: Callable[[int, Intent], None],
        answer: Callable[[Question], Answer],
    ) -> None:
        self._path = path
        self._hello = hello
        self._greet = greet
        self._touched = touched
        self._answer = answer
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = _Server(str(path), self._serve)
        finally:
            os.umask(mask)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="core-server", daemon=True)

    def start(self) -> None:
        """Begin to take clients."""
        self._thread.start()

    def stop(self) -> None:
        """Drop all clients and remove the socket."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        with self._lock:
            for client in self._clients:
                _hang_up(client)
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def show(self, page: ShowPage) -> None:
        """Send a page to every client."""
        line = encode(page)
        with self._lock:
            for client in list(self._clients):
                self._send(client, line)

    def _send(self, client: socket.socket, line: bytes) -> None:
        try:
            client.sendall(line)
        except OSError:
            self._clients.discard(client)
            _hang_up(client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(SEND_SECONDS)
        with self._lock:
            self._clients.add(client)
            self._send(client, encode(self._hello))
            self._send(client, encode(self._greet()))
        try:
            self._read(client)
        finally:
            with self._lock:
                self._clients.discard(client)

    def _read(self, client: socket.socket) -> None:
        rest = b""
        while True:
            try:
                data = client.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                _log.warning("a client sent a line of more than %d bytes; dropped", MAX_LINE_BYTES)
                return
            for line in lines:
                self._take(client, line)

    def _take(self, client: socket.socket, line: bytes) -> None:
        try:
            message = decode_to_core(line)
        except BadMessage:
            _log.warning("a client sent a line that is no message; ignored")
            return
        match message:
            case Touched(number=number, intent=intent):
                self._touched(number, intent)
            case _:
                line_back = encode(self._answer(message))
                with self._lock:
                    self._send(client, line_back)


class _Server(socketserver.ThreadingUnixStreamServer):
    """A thread a client; `server_close` waits for them."""

    def __init__(self, path: str, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        super().__init__(path, socketserver.BaseRequestHandler)

    def finish_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:  # noqa: ARG002
        if isinstance(request, socket.socket):
            self._serve(request)


def _hang_up(client: socket.socket) -> None:
    try:
        client.shutdown(socket.SHUT_RDWR)
    except OSError:
        client.close()
