"""The control API: what it answers, that its document is true, and that no client, page or garbage can harm it."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Le
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim import http_control
from device_sim.actions import ControlError
from device_sim.http_control import MAX_BODY_BYTES, MAX_CLIENTS, HttpControl
from tests.device_sim.simulated_terminal import open_terminal, print_receipt
from tests.patience import PATIENCE_S


class World:
    """Actions as a test wants them, and what was done."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.waits, self.go_on = threading.Event(), threading.Event()

    def state(self) -> Mapping[str, Any]:
        """Return what was done."""
        return {"done": list(self.done)}

    def place(self, card: str, side: Literal["front", "back"] = "front") -> None:
        """Place a card.

        On the reader.
        """
        if card == "library":
            raise ControlError("no card 'library'; there are transit")
        self.done.append((card, side))

    def switch(self, *, on: bool, after_s: Annotated[float, Ge(0), Le(60)] = 0) -> Mapping[str, Any]:
        self.done.append(on)
        return {"was": not on}

    def take(self) -> None:
        self.done.append("taken")

    def fail(self) -> None:
        raise ZeroDivisionError

    def wait(self) -> None:
        self.waits.set()
        self.go_on.wait(PATIENCE_S)

    @property
    def actions(self) -> Mapping[str, Any]:
        names = ("state", "place", "switch", "take", "fail", "wait")
        return {name: getattr(self, name) for name in names}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def api(world: World) -> Iterator[HttpControl]:
    with HttpControl(0, world.actions) as api:
        yield api
        world.go_on.set()


def ask(
    api: HttpControl, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    typed = {"Content-Type": "application/json"} if data is not None else {}
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", api.port, timeout=PATIENCE_S)) as connection:
        connection.request(method, path, data, {**typed, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read()
    return answer.status, json.loads(text) if text else None


def say(api: HttpControl, data: bytes, *, ends: bool = True) -> bytes:
    """Send bytes and return all that is answered until the connection ends."""
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE_S) as connection:
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        said = b""
        while more := connection.recv(65536):
            said += more
        return said


def head_and_body(said: bytes) -> tuple[bytes, Any]:
    head, _, body = said.partition(b"\r\n\r\n")
    return head, json.loads(body)


# -- what it is for --------------------------------------------------------------------------------------------


def test_does_an_action_and_answers_what_it_returns(api: HttpControl, world: World) -> None:
    assert ask(api, "POST", "/actions/place", {"card": "transit"}) == (200, {"ok": True})
    assert ask(api, "POST", "/actions/switch", {"on": True, "after_s": 2}) == (200, {"ok": True, "was": False})
    assert world.done == [("transit", "front"), True]


def test_an_action_without_arguments_needs_no_body(api: HttpControl, world: World) -> None:
    assert ask(api, "POST", "/actions/take") == (200, {"ok": True})
    assert head_and_body(say(api, b"POST /actions/take HTTP/1.1\r\nHost: localhost\r\n\r\n"))[1] == {"ok": True}
    assert world.done == ["taken", "taken"]


def test_the_state_can_be_looked_at(api: HttpControl) -> None:
    assert ask(api, "GET", "/state") == (200, {"ok": True, "done": []})


def test_an_answer_is_never_kept_by_anybody_and_ends_the_connection(api: HttpControl) -> None:
    head, _ = head_and_body(say(api, b"GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", ends=False))
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Connection"] == "close"


def test_drives_a_whole_terminal() -> None:
    with open_terminal() as rig, HttpControl(0, rig.terminal.actions) as api:
        assert ask(api, "POST", "/actions/place_card", {"card": "transit"}) == (200, {"ok": True})
        status, answer = ask(api, "POST", "/actions/place_card", {"card": "nearly_full"})
        assert (status, answer) == (409, {"error": "a card lies on the reader already"})
        strike = {"device": "receipt_printer", "fault": "paper_out"}
        assert ask(api, "POST", "/actions/strike", strike) == (200, {"ok": True})
        assert ask(api, "GET", "/state")[1]["faults"]["receipt_printer"] == ["paper_out"]
        assert ask(api, "POST", "/actions/mend") == (200, {"ok": True})
        print_receipt(rig.terminal, "Topped up")
        assert ask(api, "POST", "/actions/take_receipt") == (200, {"ok": True, "text": "Topped up"})


# -- the document ------------------------------------------------------------------------------------------------


def test_the_document_has_every_action_as_it_is_annotated(api: HttpControl) -> None:
    status, document = ask(api, "GET", "/openapi.json")
    assert status == 200
    assert document["openapi"] == "3.1.0"
    names = {"state", "place", "switch", "take", "fail", "wait"}
    assert set(document["paths"]) == {"/state", *(f"/actions/{name}" for name in names)}
    place = document["paths"]["/actions/place"]["post"]
    assert place["summary"] == "Place a card. On the reader."
    assert place["requestBody"] == {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["card"],
                    "properties": {
                        "card": {"type": "string", "title": "Card"},
                        "side": {"type": "string", "enum": ["front", "back"], "default": "front", "title": "Side"},
                    },
                }
            }
        },
    }
    on = document["paths"]["/actions/switch"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert on["properties"]["after_s"] == {
        "type": "number", "minimum": 0, "maximum": 60, "default": 0, "title": "After S"
    }  # fmt: skip


def test_every_reference_of_the_document_of_a_terminal_leads_somewhere() -> None:
    with open_terminal() as rig, HttpControl(0, rig.terminal.actions) as api:
        _, document = ask(api, "GET", "/openapi.json")
        assert {f"/actions/{name}" for name in rig.terminal.actions} == set(document["paths"]) - {"/state"}

    def references(part: object) -> Iterator[str]:
        match part:
            case dict():
                for key, value in part.items():
                    yield from [value] if key == "$ref" else references(value)
            case list():
                for each in part:
                    yield from references(each)

    found = set(references(document))
    assert found
    for reference in found:
        place: Any = document
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]


# -- mistakes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "status", "error"),
    [
        (("POST", "/actions/place", {}), 422, "card: missing required argument"),
        (("POST", "/actions/place", {"card": 7}), 422, "card: input should be a valid string"),
        (("POST", "/actions/place", {"card": "transit", "sid": 1}), 422, "sid: unexpected keyword argument"),
        (("POST", "/actions/switch", {"on": 1}), 422, "on: input should be a valid boolean"),
        (("POST", "/actions/switch", b'{"on": true, "after_s": NaN}'), 422, "after_s: input should be a finite number"),
        (("POST", "/actions/place", {"card": "library"}), 409, "no card 'library'; there are transit"),
        (("POST", "/actions/place", b"{"), 400, "the body is no JSON"),
        (("POST", "/actions/place", b"\xff\xfe"), 400, "the body is no JSON"),
        (("POST", "/actions/place", b"[" * 60_000), 400, "the body is no JSON"),
        (("POST", "/actions/place", [1, 2]), 400, "the body must be a JSON object of arguments"),
        (("POST", "/actions/fail", {}), 500, "the action failed; the log says why"),
        (("GET", "/actions/place", None), 405, "this path takes POST only"),
        (("DELETE", "/state", None), 405, "this path takes GET only"),
        (("OPTIONS", "/actions/take", None), 405, "this path takes POST only"),
        (("BREW", "/openapi.json", None), 405, "this path takes GET only"),
        (
            ("POST", "/actions/fly", {}),
            404,
            "there is no such action; there are fail, place, state, switch, take, wait",
        ),
    ],
)
def test_says_what_is_wrong(
    api: HttpControl, world: World, request_: tuple[str, str, object], status: int, error: str
) -> None:
    assert ask(api, *request_) == (status, {"error": error})
    assert world.done == []
    assert ask(api, "GET", "/state")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/etc/passwd",
        "/../../etc/passwd",
        "/actions",
        "/actions/",
        "/actions/../state",
        "/actions/%2e%2e/state",
        "/actions/place/",
        "/actions/place%00",
        "/actions/__class__",
        "//evil.example/state",
        "http://evil.example/state",
        "*",
    ],
)
def test_nothing_is_at_any_other_path(api: HttpControl, world: World, path: str) -> None:
    said = say(api, f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode())
    assert said.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 405 "))
    assert world.done == []


# -- browsers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "192.168.1.7",
        "0.0.0.0",
        "[::1]",
        "",
        "127.0.0.1:80:80",
        "127.0.0.1:http",
    ],
)
def test_a_name_that_was_bound_to_this_machine_by_a_stranger_is_refused(
    api: HttpControl, world: World, host: str
) -> None:
    said = say(api, f"POST /actions/take HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode())
    assert head_and_body(said)[1] == {"error": "the header Host must be 127.0.0.1 or localhost"}
    assert said.startswith(b"HTTP/1.1 403 ")
    assert world.done == []


@pytest.mark.parametrize("hosts", [b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n"])
def test_exactly_one_host_must_be_named(api: HttpControl, world: World, hosts: bytes) -> None:
    assert say(api, b"POST /actions/take HTTP/1.1\r\n" + hosts + b"\r\n").startswith(b"HTTP/1.1 403 ")
    assert world.done == []


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST", "localhost:8123", "127.0.0.1:65535"])
def test_this_machine_by_its_names_is_heard_also_through_a_forwarded_port(api: HttpControl, host: str) -> None:
    assert say(api, f"GET /state HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_a_page_of_another_origin_is_refused(api: HttpControl, world: World, origin: str) -> None:
    status, answer = ask(api, "POST", "/actions/take", {}, {"Origin": origin})
    assert (status, answer) == (403, {"error": "pages of other origins may not act here"})
    assert world.done == []


def test_a_page_of_the_same_origin_is_heard(api: HttpControl) -> None:
    assert ask(api, "POST", "/actions/take", {}, {"Origin": api.url})[0] == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_form_can_send_is_refused(api: HttpControl, world: World, kind: str) -> None:
    status, answer = ask(api, "POST", "/actions/place", {"card": "transit"}, {"Content-Type": kind})
    assert (status, answer) == (415, {"error": "the body must be application/json"})
    assert world.done == []


def test_json_may_name_its_character_set(api: HttpControl) -> None:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    assert ask(api, "POST", "/actions/place", {"card": "transit"}, kind)[0] == 200


def test_listens_on_loopback_only(api: HttpControl) -> None:
    assert api._server.server_address[0] == "127.0.0.1"
    assert api._server.socket.getsockname()[0] == "127.0.0.1"


# -- hostile clients ---------------------------------------------------------------------------------------------

HEAD = b"POST /actions/place HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET /state HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", b"505"),
        (b"GET /state HTTP/x\r\nHost: 127.0.0.1\r\n\r\n", b"400"),
        (b"GET /state HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n", b"505"),
        (b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n", b"4"),
        (b"GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 101 + b"\r\n", b"431"),
        (b"GET /state HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (b"X: " + b"y" * 4000 + b"\r\n") * 90 + b"\r\n", b"431"),
        (HEAD + b"Content-Length: 65537\r\n\r\n" + b"x" * 65_537, b"413"),
        (HEAD + b"Content-Length: 999999999999999999\r\n\r\n", b"413"),
        (HEAD + b"Content-Length: 9" + b"9" * 5_000 + b"\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 1_0\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: +10\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 19\r\n\r\n{}", b"400"),
        (HEAD + b"Content-Length: 19\r\n\r\n" + b'{"card": ', b"400"),
        (HEAD + b'Transfer-Encoding: chunked\r\n\r\n13\r\n{"card": "transit"}\r\n0\r\n\r\n', b"411"),
        (HEAD[:-2], b"400"),
        (b"POST /actions/take HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"400"),
        (b"POST /actions/take HTTP/1.1\r\nHost: 127.0.0.1", b"400"),
        (b"POST /actions/take\r\nHost: 127.0.0.1\r\n\r\n", b"400"),
    ],
)
def test_what_is_not_quite_http_is_refused_with_one_whole_answer(
    api: HttpControl, world: World, data: bytes, status: bytes
) -> None:
    said = say(api, data)
    assert said.startswith(b"HTTP/1.1 " + status)
    assert set(head_and_body(said)[1]) == {"error"}
    assert world.done == []
    assert ask(api, "GET", "/state")[0] == 200


def test_a_body_of_the_greatest_size_is_taken(api: HttpControl, world: World) -> None:
    body = json.dumps({"card": "x" * (MAX_BODY_BYTES - len('{"card": ""}'))}).encode()
    assert len(body) == MAX_BODY_BYTES
    assert ask(api, "POST", "/actions/place", body)[0] == 200
    assert len(world.done) == 1


def test_a_second_request_on_the_same_connection_is_not_heard(api: HttpControl, world: World) -> None:
    one = b"POST /actions/take HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n"
    assert say(api, one + one).count(b"HTTP/1.1 200") == 1
    assert world.done == ["taken"]


def test_who_waits_to_be_told_to_continue_is_told_so(api: HttpControl) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE_S) as connection:
        connection.sendall(HEAD + b"Content-Length: 19\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"card": "transit"}')
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("part", [b"", b"POST /act", HEAD, HEAD + b"Content-Length: 19\r\n\r\n{"])
def test_a_client_that_takes_too_long_is_hung_up_on_and_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, world: World, part: bytes
) -> None:
    monkeypatch.setattr(http_control, "REQUEST_S", 0.1)
    with HttpControl(0, world.actions) as api:
        say(api, part, ends=False)  # returns once the other side has hung up
        assert world.done == []


def test_an_action_may_take_longer_than_its_request(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    with HttpControl(0, world.actions) as api, ThreadPoolExecutor(1) as customer:
        asked = customer.submit(ask, api, "POST", "/actions/wait")
        assert world.waits.wait(PATIENCE_S)
        monkeypatch.setattr(http_control, "REQUEST_S", 0.0)
        say(api, b"", ends=False)  # whose time is over is hung up on now
        world.go_on.set()
        assert asked.result(PATIENCE_S) == (200, {"ok": True})


def test_a_client_that_waits_holds_up_no_other(api: HttpControl) -> None:
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE_S) as slow:
        slow.sendall(b"POST /actions/wait HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert ask(api, "GET", "/state")[0] == 200


def test_one_client_too_many_is_hung_up_on(api: HttpControl) -> None:
    idle = [socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE_S) for _ in range(MAX_CLIENTS)]
    try:
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(api, "GET", "/state")
    finally:
        for connection in idle:
            connection.close()


def test_closing_hangs_up_on_whoever_has_not_finished(world: World) -> None:
    api = HttpControl(0, world.actions)
    with socket.create_connection(("127.0.0.1", api.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"GET /st")
        while not api._server._clients:
            pass
        api.close()
        assert connection.recv(4096).startswith((b"", b"HTTP/1.1 400"))


def test_a_port_that_is_taken_is_told_at_once(api: HttpControl, world: World) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpControl(api.port, world.actions)


def test_answers_any_bytes_with_one_answer_or_none(api: HttpControl, world: World) -> None:
    @settings(max_examples=60, deadline=None)
    @given(data=st.binary(max_size=300))
    def answers(data: bytes) -> None:
        for garbage in (data, HEAD + data, HEAD + b"Content-Length: %d\r\n\r\n" % len(data) + data):
            assert say(api, garbage).count(b"HTTP/1.1 ") <= 1

    answers()
    assert ask(api, "GET", "/state")[0] == 200
    assert world.done == []
