"""The actions of a simulated terminal over HTTP and JSON, on 127.0.0.1 only: docs/simulator-api.md.

A browser on the same machine must not act for a stranger's page: who names another host, or comes from a page of
another origin, is refused, and so is any body that a form could send.
"""

import contextlib
import http.client
import http.server
import json
import logging
import re
import socket
import socketserver
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from io import BufferedIOBase
from typing import Any

from device_sim.actions import Action, CheckedActions, ControlError, WrongArgumentsError

_log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024
MAX_CLIENTS = 64
REQUEST_S = 10.0
"""How long a client may take to send its request, and to hear the answer."""

_MAX_HEAD_BYTES = 64 * 1024
_UNREAD_PIECES = 16
_LINGER_S = 2.0  # a client that has no turn of a busy machine
_TURN_S = 0.02
_JSON = "application/json"
_OPENAPI = "/openapi.json"
_STATE = "/state"
_ACTIONS = "/actions/"
_HERE = re.compile(r"(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?", re.IGNORECASE)


class HttpControl:
    """Serves `actions` until it is closed; `port` 0 takes any free one. Context manager.

    Raises:
        OSError: the port cannot be had.
    """

    def __init__(self, port: int, actions: Mapping[str, Action]) -> None:
        self._server = _Server(port, CheckedActions(actions))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_TURN_S,), name="sim-http", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> "HttpControl":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Listen no more and hang up on every client."""
        self._server.shutdown()
        self._thread.join()
        self._server.cut(None)
        self._server.server_close()


def openapi(actions: CheckedActions) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `actions`, made from their annotations and docstrings."""
    shared: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for name in actions.names:
        schema = dict(actions.schema(name, "#/components/schemas/{model}"))
        shared.update(schema.pop("$defs", {}))
        summary = actions.describe(name)
        paths[_ACTIONS + name] = {
            "post": {
                "operationId": name,
                "summary": summary,
                "requestBody": {"required": bool(schema.get("required")), "content": {_JSON: {"schema": schema}}},
                "responses": _responses(400, 404, 409, 411, 413, 415, 422),
            }
        }
    if "state" in actions.names:
        summary = actions.describe("state")
        paths[_STATE] = {"get": {"operationId": "get_state", "summary": summary, "responses": _responses()}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenTeller simulated terminal", "version": "1"},
        "paths": paths,
        "components": {"schemas": {**shared, "Done": _DONE, "Refusal": _REFUSAL}},
    }


_DONE = {"type": "object", "properties": {"ok": {"const": True}}, "required": ["ok"]}
_REFUSAL = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
_MEANINGS = {
    400: "no HTTP, or no JSON object",
    403: "from a host or page that is not this machine's",
    404: "no such action",
    409: "the action was refused; nothing was done",
    411: "a body without Content-Length",
    413: f"a body of more than {MAX_BODY_BYTES} bytes",
    415: f"a body that is not {_JSON}",
    422: "arguments that do not fit; nothing was done",
}


def _responses(*refusals: int) -> dict[str, Any]:
    def response(meaning: str, schema: str) -> dict[str, Any]:
        content = {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        return {"description": meaning, "content": content}

    return {
        "200": response("done", "Done"),
        **{str(code): response(_MEANINGS[code], "Refusal") for code in sorted({403, *refusals})},
    }


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers or {}


class _Server(socketserver.ThreadingTCPServer):
    """One request a connection. Who is too slow, or one too many, is hung up on by the thread that listens."""

    allow_reuse_address = True
    daemon_threads = False  # `server_close` waits for them; `cut` ends their reading
    request_queue_size = MAX_CLIENTS

    def __init__(self, port: int, actions: CheckedActions) -> None:
        self.actions = actions
        self._lock = threading.Lock()
        self._clients: dict[socket.socket, float] = {}
        super().__init__(("127.0.0.1", port), _Client)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002  (its signature)
        """Take a client, unless there are enough."""
        with self._lock:
            if len(self._clients) >= MAX_CLIENTS:
                return False
            self._clients[request] = time.monotonic()
        return True

    def service_actions(self) -> None:
        """Hang up on whoever has had his time."""
        self.cut(time.monotonic() - REQUEST_S)

    def heard(self, client: socket.socket) -> None:
        """Take note that the client's request is complete: it may wait for its answer."""
        with self._lock:
            if client in self._clients:
                self._clients[client] = float("inf")

    def shutdown_request(self, request: Any) -> None:
        """Forget the client and hang up."""
        with self._lock:
            self._clients.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  (its signature)
        """Log what went wrong in an action."""
        _log.exception("an action failed")

    def cut(self, before: float | None) -> None:
        """Hang up on the clients that came before that time and were not heard yet; None: on all."""
        with self._lock:
            for client, came in self._clients.items():
                if before is None or came < before:
                    with contextlib.suppress(OSError):
                        client.shutdown(socket.SHUT_RDWR)


class _Head:
    """A reader whose lines together are a request's head, which has a limit; http.server limits single lines only."""

    def __init__(self, reader: BufferedIOBase) -> None:
        self.whole = False
        """Whether the last line was the empty one that ends a head."""
        self._left = _MAX_HEAD_BYTES
        self.read = reader.read
        self.close = reader.close
        self._readline = reader.readline

    def readline(self, size: int) -> bytes:
        line = self._readline(min(size, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise http.client.LineTooLong("head")
        self.whole = line in {b"\r\n", b"\n"}
        return line


class _Client(http.server.BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.1"  # what is no request gets a whole answer too
    server_version = "OpenTeller"
    sys_version = ""
    timeout = REQUEST_S

    def setup(self) -> None:
        super().setup()
        self._head = _Head(self.rfile)
        self.rfile = self._head  # type: ignore[assignment]  # all that http.server asks of it

    def handle(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):  # the client has gone or was cut: there is nobody to tell
            try:
                self.handle_one_request()
            except http.client.LineTooLong:
                self.requestline, self.request_version, self.command = "", "", ""
                self.send_error(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def handle_expect_100(self) -> bool:
        """Say nothing: who is refused need not send the body, who is not sends it after a moment."""
        return True

    def __getattr__(self, name: str) -> Any:
        """Take every method that HTTP has or has not: what is right depends on the path."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
        _log.debug(format, *args)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what http.server refuses by itself as everything else is answered."""
        self.close_connection = True
        text = message or HTTPStatus(code).phrase
        self._send(HTTPStatus(code), {"error": f"{text[:1].lower()}{text[1:]}"})

    def _serve(self) -> None:
        self.close_connection = True
        try:
            self._expect_whole_head()
            self._expect_this_machine()
            answer = self._answer()
        except _RefusedError as refusal:
            self._send(refusal.status, {"error": str(refusal)}, refusal.headers)
        except OSError:
            raise
        except Exception:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "the action failed; the log says why"})
            raise
        else:
            self._send(HTTPStatus.OK, answer)

    def _expect_whole_head(self) -> None:
        """Refuse what http.server takes for a request without a body: one that was cut off, or its client hung up."""
        if not self._head.whole:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the request ended in its headers")

    def _expect_this_machine(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "the header Host must be 127.0.0.1 or localhost")
        origins = self.headers.get_all("Origin", [])
        if any(origin.lower() != f"http://{hosts[0]}".lower() for origin in origins):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "pages of other origins may not act here")

    def _answer(self) -> dict[str, Any]:
        actions = self.server.actions
        path = self.path.partition("?")[0]
        if path == _OPENAPI:
            self._expect("GET")
            return openapi(actions)
        if path == _STATE and "state" in actions.names:
            self._expect("GET")
            return self._do("state", {})
        name = path.removeprefix(_ACTIONS)
        if not path.startswith(_ACTIONS):
            places = f"GET {_STATE}, GET {_OPENAPI}, POST {_ACTIONS}NAME"
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"there is nothing at this path; there are {places}")
        if name not in actions.names:
            known = ", ".join(actions.names)
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"there is no such action; there are {known}")
        self._expect("POST")
        return self._do(name, self._arguments())

    def _expect(self, method: str) -> None:
        if self.command != method:
            text = f"this path takes {method} only"
            raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, text, {"Allow": method})

    def _do(self, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self.server.heard(self.connection)
        try:
            return {"ok": True, **self.server.actions.do(action, arguments)}
        except WrongArgumentsError as error:
            raise _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        except ControlError as error:
            raise _RefusedError(HTTPStatus.CONFLICT, str(error)) from None

    def _arguments(self) -> dict[str, Any]:
        size = self._body_size()
        if not size:
            return {}
        if self.headers.get_content_type() != _JSON:
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {_JSON}")
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        body = self.rfile.read(size)
        if len(body) < size:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"the body ended after {len(body)} of {size} bytes")
        try:
            arguments = json.loads(body)
        except (ValueError, RecursionError):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
        if not isinstance(arguments, dict):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object of arguments")
        return arguments

    def _body_size(self) -> int:
        if "Transfer-Encoding" in self.headers:
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "a body needs a Content-Length; it cannot come in chunks")
        lengths = self.headers.get_all("Content-Length", ["0"])
        if len(lengths) != 1 or not re.fullmatch(r"[0-9]{1,18}", lengths[0]):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "Content-Length must be one whole number")
        size = int(lengths[0])
        if size > MAX_BODY_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {MAX_BODY_BYTES} bytes")
        return size

    def _send(self, status: HTTPStatus, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        self.send_response(status)
        standard = {
            "Content-Type": f"{_JSON}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in {**standard, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)
        self._hang_up_gently()

    def _hang_up_gently(self) -> None:
        """Read what was not read: a connection closed before that would be reset, and the answer lost."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_S)
            for _ in range(_UNREAD_PIECES):
                if not self.connection.recv(MAX_BODY_BYTES):
                    return
