"""The control socket of the simulated terminal: what a customer's hands, a technician and bad luck do to it.

One JSON object a line, each with "do" and the arguments of the action; the answer is one line, either
{"ok": true, ...} or {"error": "..."}. Two words are no actions: "actions" describes them all, "check" tells what is
wrong with a request without doing it. The socket belongs to the simulator alone: the core never sees it.
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

from device_sim.actions import Action, CheckedActions, ControlError, Mistake, WrongArgumentsError

__all__ = ["Action", "ControlError", "ControlServer", "SimControl"]

MAX_LINE_BYTES = 64 * 1024


class ControlServer:
    """Serves `actions`: names to functions of keyword arguments, called by a thread for each client.

    Arguments are checked against the annotations of the function. An action raises ControlError for a wish that
    cannot be met.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, path: Path, actions: Mapping[str, Action]) -> None:
        self._path = path
        self._actions = CheckedActions(actions)
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
            action = request.pop("do")
            known = action in {"actions", "check", *self._actions.names}
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            known = False
        if not known:
            names = ", ".join(self._actions.names)
            return _error(f'expected {{"do": ACTION, ...}} with one of the actions: {names}')
        try:
            match action:
                case "actions":
                    return _line({"ok": True, "actions": self._description()})
                case "check":
                    return _line({"ok": True, "wrong": self._wrong(request)})
            return _line({"ok": True, **self._actions.do(action, request)})
        except ControlError as error:
            return _error(str(error))

    def _wrong(self, request: Mapping[str, Any]) -> list[list[str]]:
        action, arguments = request.get("action"), request.get("arguments")
        if not isinstance(action, str) or not isinstance(arguments, dict):
            raise ControlError('expected {"do": "check", "action": ACTION, "arguments": {...}}')
        try:
            self._actions.check(action, arguments)
        except WrongArgumentsError as error:
            return [[each.argument, each.problem] for each in error.mistakes]
        return []

    def _description(self) -> dict[str, Any]:
        return {
            name: {"description": self._actions.describe(name), "arguments": self._actions.schema(name)}
            for name in self._actions.names
        }


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

    def do(self, do: str, /, **arguments: Any) -> dict[str, Any]:
        """Do an action and return what it answers.

        Raises:
            ControlError: the simulator refused.
            OSError: the simulator has gone.
        """
        self._socket.sendall(_line({**arguments, "do": do}))
        line = self._lines.readline()
        if not line:
            raise ConnectionResetError("the simulator has gone")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ControlError(answer["error"])
        return answer

    def actions(self) -> dict[str, dict[str, Any]]:
        """Return each action's `description` and the JSON Schema of its `arguments`. Raises as `do`."""
        described: dict[str, dict[str, Any]] = self.do("actions")["actions"]
        return described

    def check(self, action: str, arguments: Mapping[str, Any]) -> tuple[Mistake, ...]:
        """Return what is wrong with the arguments of an action, which is not done. Raises as `do`."""
        answer = self.do("check", action=action, arguments=dict(arguments))
        return tuple(Mistake(argument, problem) for argument, problem in answer["wrong"])

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode() + b"\n"


def _error(text: str) -> bytes:
    return _line({"error": text})
