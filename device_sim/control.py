"""The control socket of the simulated terminal: what a customer's hands, a technician and bad luck do to it.

One JSON object a line, each with "do" and the arguments of the action; the answer is one line, either
{"ok": true, ...} or {"error": "..."}. The socket belongs to the simulator alone: the core never sees it.
"""

import json
import logging
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024

Action = Callable[..., Mapping[str, Any] | None]


class ControlError(Exception):
    """The simulator refused an action; the text says why."""


class ControlServer:
    """Serves `actions`: names to functions of keyword arguments, called by one thread at a time.

    An action raises ControlError for a wish that cannot be met.
    """

    def __init__(self, path: Path, actions: Mapping[str, Action]) -> None:
        self._path = path
        self._actions = actions
        self._lock = threading.Lock()
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
        self._server.server_close()
        self._path.unlink(missing_ok=True)

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
            action = self._actions[request.pop("do")]
        except (ValueError, KeyError, AttributeError, TypeError):
            names = ", ".join(sorted(self._actions))
            return _line({"error": f'expected {{"do": ACTION, ...}} with one of the actions: {names}'})
        try:
            with self._lock:
                result = action(**request)
        except (ControlError, TypeError, ValueError) as error:
            return _line({"error": str(error)})
        return _line({"ok": True, **(result or {})})


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, answer: Callable[[bytes], bytes]) -> None:
        self.answer = answer
        super().__init__(path, _Client)


class _Client(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while line := self.rfile.readline(MAX_LINE_BYTES):
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
