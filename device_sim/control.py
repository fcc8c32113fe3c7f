"""The control socket of the simulated terminal: what a customer's hands, a technician and bad luck do to it.

One JSON object a line, each with "do" and the arguments of the action; the answer is one line, either
{"ok": true, ...} or {"error": "..."}. The socket belongs to the simulator alone: the core never sees it.
Described in docs/simulator.md.
"""

import contextlib
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError, validate_call

MAX_LINE_BYTES = 64 * 1024

Action = Callable[..., Mapping[str, Any] | None]


class ControlError(Exception):
    """The simulator refused an action; the text says why."""


class ControlServer:
    """Serves `actions`: names to functions of keyword arguments, called by a thread for each client.

    Arguments are checked against the annotations of the function. An action raises ControlError for a wish that
    cannot be met.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, path: Path, actions: Mapping[str, Action]) -> None:
        self._path = path
        checked = validate_call(config=ConfigDict(strict=True, allow_inf_nan=False))
        self._actions: Mapping[str, Action] = {name: checked(action) for name, action in actions.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            self._server = _Server(str(path), self._answer)
        finally:
            os.umask(mask)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sim-control", daemon=True
        )

    def start(self) -> None:
        """Begin to take clients."""
        self._thread.start()

    def close(self) -> None:
        """Stop and remove the socket; clients see the end of the stream."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut()
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
            action = self._actions[request.pop("do")]
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            names = ", ".join(sorted(self._actions))
            return _error(f'expected {{"do": ACTION, ...}} with one of the actions: {names}')
        try:
            result = action(**request)
        except ValidationError as error:
            return _error("; ".join(_wrong(each["loc"], each["msg"]) for each in error.errors()))
        except (ControlError, OSError, ValueError) as error:
            return _error(str(error))
        return _line({"ok": True, **(result or {})})


def _wrong(where: tuple[int | str, ...], what: str) -> str:
    return f"{where[0]}: {what[:1].lower()}{what[1:]}"


class _Server(socketserver.ThreadingUnixStreamServer):
    """Threads end before `server_close` returns; `cut` makes them."""

    daemon_threads = False
    request_queue_size = 64  # a client that finds it full is refused at once

    def __init__(self, path: str, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        self._lock = threading.Lock()
        self._clients: set[socket.socket] = set()
        super().__init__(path, _Client)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the client, then serve it in a thread of its own."""
        with self._lock:
            self._clients.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the client and hang up."""
        with self._lock:
            self._clients.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Hang up on every client."""
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)


class _Client(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client has gone: there is nobody to tell
            while line := self.rfile.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    self.wfile.write(_error(f"a line may have {MAX_LINE_BYTES} bytes"))
                    return
                self.wfile.write(self.server.answer(line))


class SimControl:
    """A client of the control socket.

    Raises:
        OSError: no simulator listens there.
    """

    def __init__(self, path: Path, timeout_s: float = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def do(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Do `action` and return what it answers.

        Raises:
            ControlError: the simulator refused.
            OSError: the simulator has gone.
        """
        self._socket.sendall(_line({"do": action, **arguments}))
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the simulator has gone")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ControlError(answer["error"])
        return answer

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def _error(text: str) -> bytes:
    return _line({"error": text})
